import { checkEndpoint, httpService, type ServiceRequest } from '@granary/storage-core/provider';
import { type DropboxSignIn, type InsideClient, tokensOf } from './dropbox-auth.ts';
import { fromAnswer, unreadable } from './dropbox-errors.ts';
import { rootPath } from './dropbox-keys.ts';
import { type WriteGate, writeGate } from './write-gate.ts';

/** Version of the API. https://www.dropbox.com/developers/documentation/http/documentation, read 2026-11-21 */
const API_VERSION = '2';

/** Addresses of the service. */
export interface DropboxEndpoints {
  readonly api: string;
  readonly content: string;
  readonly notify: string;
}

/** Where the files are and who asks. */
export interface DropboxAccess extends DropboxSignIn {
  readonly root?: string | undefined;
  readonly pathRoot?: string | undefined;
  readonly selectUser?: string | undefined;
  readonly mute?: boolean | undefined;
  readonly concurrentWrites?: number | undefined;
  readonly endpoint?: string | undefined;
  readonly endpoints?: DropboxEndpoints | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly allowInsecure?: boolean | undefined;
}

/** Taken by every call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Reaches the files of one account, below one folder. */
export interface DropboxStore {
  /** Path of the folder that keys live below; empty for all that the app may see. */
  readonly root: string;
  readonly mute: boolean;
  readonly native: unknown;
  /** Calls a route with an argument as JSON. Errors: what `dropbox-errors.ts` makes of a refusal. */
  call<Answer>(route: string, arg: unknown, options: CallOptions): Promise<Answer>;
  /** Sends content. */
  upload<Answer>(
    route: string,
    arg: unknown,
    content: Uint8Array<ArrayBuffer>,
    options: CallOptions,
  ): Promise<Answer>;
  /** Asks for content, which is handed on unread; 416 is an answer too. */
  download(
    arg: unknown,
    options: CallOptions & { readonly range?: string | undefined },
  ): Promise<Response>;
  /** Waits for changes, without signing in. */
  longpoll<Answer>(arg: unknown, options: CallOptions): Promise<Answer>;
  /** Runs what changes the account, when few enough others do. */
  readonly writing: WriteGate;
}

const HOSTS: DropboxEndpoints = {
  api: 'https://api.dropboxapi.com',
  content: 'https://content.dropboxapi.com',
  notify: 'https://notify.dropboxapi.com',
};
/**
 * Writes that are under way at once. The service locks an account for each, and refuses with
 * `too_many_write_operations` what waits too long; rclone goes by 4 too.
 * https://www.dropbox.com/developers/reference/data-ingress-guide and https://rclone.org/docs/#transfers-int, read 2026-11-21
 */
const CONCURRENT_WRITES = 4;

/**
 * Opens the files of an account. Makes no request.
 * Errors: `invalid-config` for a missing sign-in, an unsafe address, or a root that is no path.
 */
export function dropboxStore(access: DropboxAccess): DropboxStore {
  const { client, allowInsecure, mute = true, concurrentWrites = CONCURRENT_WRITES } = access;
  const { api, content, notify } = endpointsOf(access);
  const service = httpService({
    auth: tokensOf(access),
    fetch: access.fetch,
    allowInsecure,
    errorOf: fromAnswer,
    unreachableHint: 'Check the network.',
  });
  const common = headersOf(access);

  const send = (request: Omit<ServiceRequest, 'method'>) =>
    service.send({ ...request, method: 'POST', headers: { ...common, ...request.headers } });

  return {
    root: rootPath(access.root ?? ''),
    mute,
    native: client,
    writing: writeGate(concurrentWrites),
    async call(route, arg, { signal }) {
      return readJson(
        await send({
          url: `${api}/${API_VERSION}/${route}`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(arg),
          signal,
        }),
      );
    },
    async upload(route, arg, body, { signal }) {
      return readJson(
        await send({
          url: `${content}/${API_VERSION}/${route}`,
          headers: {
            'content-type': 'application/octet-stream',
            'dropbox-api-arg': headerJson(arg),
          },
          body,
          signal,
        }),
      );
    },
    download: (arg, { range, signal }) =>
      send({
        url: `${content}/${API_VERSION}/files/download`,
        headers: { 'dropbox-api-arg': headerJson(arg), ...(range !== undefined && { range }) },
        accept: [416],
        streams: true,
        signal,
      }),
    async longpoll(arg, { signal }) {
      return readJson(
        await service.send({
          method: 'POST',
          url: `${notify}/${API_VERSION}/files/list_folder/longpoll`,
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(arg),
          anonymous: true,
          signal,
        }),
      );
    },
  };
}

/** JSON as it can stand in a header. https://www.dropbox.com/developers/reference/json-encoding, read 2026-11-21 */
function headerJson(arg: unknown): string {
  return JSON.stringify(arg).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

async function readJson<Answer>(response: Response): Promise<Answer> {
  try {
    return (await response.json()) as Answer;
  } catch (error) {
    throw unreadable(error);
  }
}

function headersOf({ client, pathRoot, selectUser }: DropboxAccess): Record<string, string> {
  const own = client as InsideClient | undefined;
  const root = pathRoot ?? own?.pathRoot;
  const user = selectUser ?? own?.selectUser;
  return {
    // https://www.dropbox.com/developers/reference/path-root-header-modes, read 2026-11-21
    ...(root !== undefined && {
      'dropbox-api-path-root': root.startsWith('{')
        ? root
        : headerJson({ '.tag': 'namespace_id', namespace_id: root }),
    }),
    ...(user !== undefined && { 'dropbox-api-select-user': user }),
  };
}

function endpointsOf({ endpoint, endpoints, allowInsecure }: DropboxAccess): DropboxEndpoints {
  const all =
    endpoint === undefined ? endpoints : { api: endpoint, content: endpoint, notify: endpoint };
  const { api, content, notify } = all ?? HOSTS;
  const checked = (address: string) =>
    checkEndpoint(address, { allowInsecure }).href.replace(/\/+$/, '');
  return { api: checked(api), content: checked(content), notify: checked(notify) };
}
