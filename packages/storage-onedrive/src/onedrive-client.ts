import {
  checkEndpoint,
  httpService,
  isStorageError,
  type RefusedAnswer,
  type ServiceRequest,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { type GraphClientLike, type OneDriveAuth, tokensOf } from './onedrive-auth.ts';
import { fromAnswer, unreadable } from './onedrive-errors.ts';
import { type KeyNames, keyNames } from './onedrive-keys.ts';

/** The version of Microsoft Graph that every request names. */
const API_VERSION = 'v1.0';
const ENDPOINT = 'https://graph.microsoft.com';
/** Requests in one batch. https://learn.microsoft.com/graph/json-batching, read 2026-11-21 */
export const BATCH_SIZE = 20;

/** Which drive, which folder of it, and who asks. */
export interface OneDriveAccess {
  readonly auth?: OneDriveAuth | undefined;
  readonly client?: GraphClientLike | undefined;
  readonly endpoint?: string | undefined;
  readonly driveId?: string | undefined;
  readonly siteId?: string | undefined;
  readonly appFolder?: boolean | undefined;
  readonly root?: string | undefined;
  readonly versions?: boolean | undefined;
  readonly allowInsecure?: boolean | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
}

/** A request below the drive. */
export interface GraphRequest
  extends Pick<ServiceRequest, 'method' | 'headers' | 'body' | 'signal' | 'accept'> {
  /** Below the drive: `/root:/a:/content`. */
  readonly path: string;
  /** Names the drive, for what is there under its id alone. */
  readonly driveId?: string | undefined;
}

/** One request of a batch. */
export interface BatchRequest {
  readonly method: string;
  readonly path: string;
  readonly driveId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a batch is asked for. */
export interface BatchSettings {
  readonly signal?: AbortSignal | undefined;
  /** One request after the other, as long as they succeed. Default: in any order. */
  readonly inOrder?: boolean;
}

/** What one request of a batch was answered with: a body, where to go instead, or an error. */
export type BatchAnswer =
  | { readonly body: unknown; readonly location?: string | undefined }
  | { readonly error: StorageError };

/** Reaches one folder of one drive. */
export interface OneDrive {
  readonly names: KeyNames;
  /** Whether the store is a whole drive, so that its root is always there. */
  readonly isWhole: boolean;
  /** Whether infos name versions, which takes requests. */
  readonly keepsVersions: boolean;
  /** Names from where addresses begin to the store's root. */
  readonly rootNames: readonly string[];
  /** The path below which addresses begin: the drive's root or the app's folder. */
  readonly anchor: string;
  /** The path of an item below the store's root, with what is asked of it, such as `content`. */
  itemPath(names: readonly string[], action?: string): string;
  send(request: GraphRequest): Promise<Response>;
  /** The JSON object of an answer. */
  json(request: GraphRequest): Promise<Readonly<Record<string, unknown>>>;
  /** Requests to an address that an answer of the service gave. Errors: `unavailable` for another host. */
  follow(
    link: string,
    request: Omit<GraphRequest, 'path'>,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** A request to an address that is good by itself, without a token. */
  sendTo(request: ServiceRequest): Promise<Response>;
  /** Answers in the order of the requests, 20 of which go together. */
  batch(requests: readonly BatchRequest[], options: BatchSettings): Promise<readonly BatchAnswer[]>;
  /** Whether the text is an address of this service. */
  isLink(text: string): boolean;
}

/** Makes the way to a folder of a drive. Sends nothing. */
export function openOneDrive(access: OneDriveAccess): OneDrive {
  const { endpoint = ENDPOINT, driveId, siteId, appFolder = false, root = '' } = access;
  const { allowInsecure, fetch, auth, client } = access;
  const base = `${checkEndpoint(endpoint, { allowInsecure }).href.replace(/\/+$/, '')}/${API_VERSION}`;
  const drive = drivePath(driveId, siteId);
  const anchor = appFolder ? '/special/approot' : '/root';
  const rootNames = rootOf(root);
  const http = httpService({
    auth: tokensOf(auth, client),
    fetch,
    allowInsecure,
    errorOf: fromAnswer,
    unreachableHint: 'Check the network; behind a proxy, that it lets graph.microsoft.com pass.',
  });

  const service = {
    async send(request: ServiceRequest, reads = request.method === 'GET'): Promise<Response> {
      try {
        return await http.send(request);
      } catch (error) {
        // A question that got no answer has changed nothing.
        const isHarmless = reads && isStorageError(error) && error.outcome === 'unknown';
        throw isHarmless ? error.with({ outcome: 'not-applied' }) : error;
      }
    },
  };

  const place = (id: string | undefined) => (id === undefined ? drive : drivePath(id, undefined));
  const send = ({ path, driveId: id, ...request }: GraphRequest) =>
    service.send({ ...request, url: `${base}${place(id)}${path}` });

  function itemPath(names: readonly string[], action = ''): string {
    const path = [...rootNames, ...names].map(encodeURIComponent).join('/');
    if (path === '') return action === '' ? anchor : `${anchor}/${action}`;
    return action === '' ? `${anchor}:/${path}` : `${anchor}:/${path}:/${action}`;
  }

  async function sendBatch(
    requests: readonly BatchRequest[],
    { signal, inOrder = false }: BatchSettings,
  ): Promise<readonly BatchAnswer[]> {
    const request = {
      method: 'POST',
      url: `${base}/$batch`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        requests: requests.map(({ path, method, headers, driveId: id }, index) => ({
          id: String(index),
          method,
          url: `${place(id)}${path}`,
          ...(headers && { headers }),
          ...(inOrder && index > 0 && { dependsOn: [String(index - 1)] }),
        })),
      }),
      signal,
    };
    const reads = requests.every(({ method }) => method === 'GET');
    const { responses } = await objectOf(await service.send(request, reads));
    if (!Array.isArray(responses)) throw unreadable();
    const byId = new Map((responses as readonly BatchPart[]).map((part) => [part.id, part]));
    return requests.map((_, index) => answerOf(byId.get(String(index))));
  }

  return {
    names: keyNames(appFolder ? [...APP_FOLDER_NAMES, ...rootNames] : rootNames),
    keepsVersions: access.versions ?? false,
    isWhole: rootNames.length === 0,
    rootNames,
    anchor,
    itemPath,
    send,
    json: async (request) => objectOf(await send(request)),
    isLink: (text) => text.startsWith(`${base}/`),
    async follow(link, request) {
      // A token goes to nobody else.
      if (!link.startsWith(`${base}/`)) throw unreadable();
      return objectOf(await service.send({ ...request, url: link }));
    },
    sendTo: (request) => service.send({ ...request, anonymous: true }),
    async batch(requests, settings) {
      const answers: BatchAnswer[] = [];
      for (let start = 0; start < requests.length; start += BATCH_SIZE) {
        const some = requests.slice(start, start + BATCH_SIZE);
        try {
          answers.push(...(await sendBatch(some, settings)));
        } catch (error) {
          if (start === 0) throw error;
          // What was answered before stands.
          const known = toStorageError(error, {}, settings.signal);
          answers.push(...requests.slice(start).map(() => ({ error: known })));
          break;
        }
      }
      return answers;
    },
  };
}

/** The app's folder is `Apps/<name of the app>`, whose length is not known. */
const APP_FOLDER_NAMES: readonly string[] = ['Apps', '?'.repeat(64)];

interface BatchPart {
  readonly id: string;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

function answerOf(part: BatchPart | undefined): BatchAnswer {
  // What has no answer may have happened.
  if (part === undefined) return { error: unreadable() };
  const { status, headers, body } = part;
  if (status >= 200 && status < 300) return { body };
  if (status === 302) return { body, location: new Headers(headers).get('location') ?? undefined };
  const answer: RefusedAnswer = { status, headers: new Headers(headers), text: '', json: body };
  return { error: fromAnswer(answer) };
}

/** The object that an answer is. Errors: `unavailable`. */
export async function objectOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  let json: unknown;
  try {
    json = await response.json();
  } catch (error) {
    throw unreadable(error);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw unreadable();
  return json as Readonly<Record<string, unknown>>;
}

/** https://learn.microsoft.com/graph/api/drive-get, read 2026-11-21 */
function drivePath(driveId: string | undefined, siteId: string | undefined): string {
  if (driveId !== undefined && siteId !== undefined) {
    throw new StorageError('invalid-config', 'give "driveId" or "siteId", not both.');
  }
  if (driveId !== undefined) return `/drives/${encodeURIComponent(driveId)}`;
  if (siteId !== undefined) return `/sites/${encodeURIComponent(siteId)}/drive`;
  return '/me/drive';
}

/** The names of the folder that the store is. They are taken as they are. */
function rootOf(root: string): readonly string[] {
  const names = root.replace(/^\/+|\/+$/g, '').split('/');
  if (names.length === 1 && names[0] === '') return [];
  if (names.every((name) => !/^\.{0,2}$/.test(name) && !/["*:<>?\\|]/.test(name))) return names;
  throw new StorageError('invalid-config', 'the option "root" is no path of a folder.', {
    hint: 'Write it as OneDrive shows it, such as Documents/Granary.',
  });
}
