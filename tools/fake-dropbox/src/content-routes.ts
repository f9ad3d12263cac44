import { type Fields, flag, real, struct, text, writeMode } from './check-fields.ts';
import { contentHash } from './content-hash.ts';
import type { Commit, StoredFile } from './dropbox-state.ts';
import { checkWritePath, inside, lookUp } from './file-routes.ts';
import { untagged } from './metadata.ts';
import { badRequest, Refusal, routeError, type Tagged, tagged } from './refusal.ts';
import { type Call, type FakeAnswer, headerJson, json, type Routes } from './request.ts';

/** "The request payload must be at most 150 MiB." https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21 */
const MAX_PAYLOAD = 150 * 1024 * 1024;
/** "This link will expire in four hours." Same page. Units: ms. */
const LINK_MS = 4 * 60 * 60 * 1000;

/** `CommitInfo` of the description. */
export const commitFields: Fields = {
  'path!': text('WritePathOrId'),
  mode: writeMode,
  autorename: flag,
  client_modified: text('Timestamp'),
  mute: flag,
  strict_conflict: flag,
};

interface Link {
  readonly rev?: string;
  readonly commit?: Readonly<Record<string, unknown>>;
  readonly expiresAt: number;
}

/** Uploads and downloads in one request, and links. */
export const contentRoutes: Routes = {
  'files/upload': {
    host: 'content',
    style: 'upload',
    scope: 'files.content.write',
    fields: { ...commitFields, content_hash: text('Sha256HexHash') },
    answer(call) {
      checkPayload(call);
      checkHash(call);
      const failed = (reason: Tagged): Tagged => ({
        '.tag': 'path',
        reason,
        upload_session_id: 'AAAAAAAA',
      });
      return json(untagged(commit(call, call.arg, call.request.body, failed)));
    },
  },
  'files/download': {
    host: 'content',
    style: 'download',
    scope: 'files.content.read',
    fields: { 'path!': text('ReadPath') },
    answer(call) {
      const entry = lookUp(call, String(call.arg['path']), inside('path'));
      if (entry.kind === 'folder') throw routeError(tagged('path', 'not_file'));
      if (!entry.isDownloadable) throw routeError(tagged('unsupported_file'));
      const answer = part(call, entry);
      return {
        ...answer,
        headers: { ...answer.headers, 'dropbox-api-result': headerJson(untagged(entry)) },
      };
    },
  },
  'files/get_temporary_link': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.read',
    fields: { 'path!': text('ReadPath') },
    answer(call) {
      const entry = lookUp(call, String(call.arg['path']), inside('path'));
      if (entry.kind === 'folder') throw routeError(tagged('path', 'not_file'));
      if (!entry.isDownloadable) throw routeError(tagged('unsupported_file'));
      const expiresAt = call.state.now().getTime() + LINK_MS;
      return json({ metadata: untagged(entry), link: linkTo(call, { rev: entry.rev, expiresAt }) });
    },
  },
  'files/get_temporary_upload_link': {
    host: 'api',
    style: 'rpc',
    scope: 'files.content.write',
    fields: { 'commit_info!': struct(commitFields), duration: real(60, LINK_MS / 1000) },
    answer(call) {
      const { commit_info: info, duration = LINK_MS / 1000 } = call.arg;
      const expiresAt = call.state.now().getTime() + Number(duration) * 1000;
      const own = info as Readonly<Record<string, unknown>>;
      return json({ link: linkTo(call, { commit: own, expiresAt }) });
    },
  },
};

/** Answers at an address that a link names. The link is the only secret. */
export function answerLink(call: Call, id: string): FakeAnswer {
  const links = call.state.shelf<Link>('links');
  const link = links.get(id);
  if (link === undefined) throw new Refusal(409, 'The temporary link does not exist.');
  if (link.expiresAt <= call.state.now().getTime()) throw new Refusal(410, 'The link is expired.');
  const { method, headers, body } = call.request;
  if (link.commit === undefined) {
    if (method !== 'GET' && method !== 'HEAD') throw new Refusal(405, 'Method Not Allowed');
    const revision = call.state.revisions.get(link.rev ?? '');
    if (revision === undefined) throw new Refusal(410, 'The file is gone.');
    return part(call, revision);
  }
  if (method !== 'POST') throw new Refusal(405, 'Method Not Allowed');
  if (headers['content-type'] !== 'application/octet-stream') throw new Refusal(400, 'Wrong type.');
  links.delete(id);
  const written = commit(call, link.commit, body, inside('path'));
  return json({ 'content-hash': written.hash });
}

/** Writes a file as a commit says. */
export function commit(
  { state }: Call,
  info: Readonly<Record<string, unknown>>,
  content: Buffer,
  wrap: (error: Tagged) => Tagged,
): StoredFile {
  const path = String(info['path']);
  checkWritePath(path, wrap);
  const modified = info['client_modified'];
  return state.write(
    {
      path,
      content,
      mode: modeOf(info['mode']),
      strict: info['strict_conflict'] === true,
      autorename: info['autorename'] === true,
      ...(typeof modified === 'string' && { clientModified: new Date(modified) }),
    },
    wrap,
  );
}

/** Refuses what is larger than a request may be. */
export function checkPayload({ request }: Call): void {
  if (request.body.length > MAX_PAYLOAD) throw routeError(tagged('payload_too_large'));
}

/** Compares what came with what was said to come. */
export function checkHash({ arg, request }: Call): void {
  const said = arg['content_hash'];
  if (typeof said === 'string' && said !== contentHash(request.body)) {
    throw routeError(tagged('content_hash_mismatch'));
  }
}

function modeOf(mode: unknown): Commit['mode'] {
  if (typeof mode === 'object' && mode !== null && 'update' in mode) {
    return { update: String(mode.update) };
  }
  const tag = typeof mode === 'object' && mode !== null ? (mode as Tagged)['.tag'] : mode;
  return tag === 'overwrite' ? 'overwrite' : 'add';
}

function linkTo(call: Call, link: Link): string {
  const id = crypto.randomUUID();
  call.state.shelf<Link>('links').set(id, link);
  return `${call.origin}/link/${id}`;
}

/** The content, or the part of it that is asked for. https://www.rfc-editor.org/rfc/rfc9110#name-range */
function part(call: Call, { content, hash }: StoredFile): FakeAnswer {
  const { range } = call.request.headers;
  const headers = {
    'content-type': 'application/octet-stream',
    'accept-ranges': 'bytes',
    etag: `"${hash}"`,
  };
  if (range === undefined || call.settings.ignoresRange)
    return { status: 200, headers, body: content };
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === '' && last === '') throw badRequest(call.name, 'Invalid Range header');
  const start = first === '' ? Math.max(0, content.length - Number(last)) : Number(first);
  const end =
    first === '' || last === '' ? content.length : Math.min(Number(last) + 1, content.length);
  if (start >= content.length || end <= start) {
    throw new Refusal(416, 'Requested Range Not Satisfiable', undefined, {
      'content-range': `bytes */${content.length}`,
    });
  }
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${start}-${end - 1}/${content.length}` },
    body: content.subarray(start, end),
  };
}
