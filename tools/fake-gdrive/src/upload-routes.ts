import type { FakeFile } from './file-resource.ts';
import { changeFile, fileAnswer, makeFile } from './file-routes.ts';
import { refusal, refuse } from './refusal.ts';
import { type Answer, type Call, flag, jsonBody, variable } from './request.ts';
import { SESSION_MS, type UploadSession } from './upload-sessions.ts';

/**
 * "Simple upload" and "multipart upload" take 5 MB at most, chunks of a resumable one are multiples of
 * 256 KB. Units: bytes. https://developers.google.com/workspace/drive/api/guides/manage-uploads, read 2026-11-21
 */
const MAX_SIMPLE_BYTES = 5 * 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Takes content with a create or an update. */
export function uploadFile(call: Call): Answer {
  const { query, body, headers } = call;
  switch (query.get('uploadType')) {
    case 'media':
      checkSimple(body.byteLength);
      return store(call, {}, body, headers['content-type']);
    case 'multipart': {
      const { metadata, content, contentType } = related(call);
      checkSimple(content.byteLength);
      return store(call, metadata, content, contentType);
    }
    case 'resumable':
      return begin(call);
    default:
      throw refuse.invalid('Invalid upload type.', 'uploadType');
  }
}

/** Goes on with a resumable upload. The address is secret, and good without a token. */
export function continueUpload(call: Call): Answer {
  const { sessions, state, query, method } = call;
  const session = sessions.get(query.get('upload_id') ?? '');
  if (session === undefined || session.expiresAt <= state.nowMs()) {
    throw refusal(404, 'notFound', 'Not Found');
  }
  if (method === 'DELETE') {
    sessions.delete(session.id);
    return { status: 499 };
  }
  if (method !== 'PUT') throw refuse.badRequest('A resumable upload is continued with PUT.');
  return takeChunk(call, session);
}

function begin(call: Call): Answer {
  const { headers, body, sessions, state, origin, path, query } = call;
  const metadata = jsonBody(body.toString());
  const length = headers['x-upload-content-length'];
  const totalBytes = length === undefined ? undefined : Number(length);
  if (totalBytes !== undefined && !Number.isInteger(totalBytes)) {
    throw refuse.invalid('Invalid Value', 'X-Upload-Content-Length');
  }
  const fileId = call.variables['fileId'];
  if (fileId !== undefined) state.find(fileId, call.who, flag(call, 'supportsAllDrives'));
  if (totalBytes !== undefined) state.checkQuota(totalBytes);
  const id = `AHmU${crypto.randomUUID()}`;
  sessions.set(id, {
    id,
    fileId,
    metadata,
    contentType: headers['x-upload-content-type'],
    query: new URLSearchParams(query),
    expiresAt: state.nowMs() + SESSION_MS,
    totalBytes,
    content: Buffer.alloc(0),
  });
  const location = `${origin}${path}?${query}&upload_id=${id}`;
  return { status: 200, headers: { location, 'x-guploader-uploadid': id }, body: '' };
}

function takeChunk(call: Call, session: UploadSession): Answer {
  if (session.made !== undefined) {
    return {
      status: 200,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: session.made,
    };
  }
  const { body, headers } = call;
  const range = headers['content-range'];
  if (range === undefined) {
    checkTotal(session, body.byteLength);
    session.content = body;
    return finish(call, session);
  }
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(range);
  if (match === null) throw refuse.badRequest('Failed to parse Content-Range header.');
  const [, first, last, total = '*'] = match;
  if (first !== undefined) takeBytes(session, body, Number(first), Number(last), total);
  else if (body.byteLength > 0) throw refuse.badRequest('Content-Range has no bytes.');
  if (total !== '*') {
    checkTotal(session, Number(total));
    if (session.content.byteLength === Number(total)) return finish(call, session);
  }
  const held = session.content.byteLength;
  return {
    status: 308,
    headers: held === 0 ? {} : { range: `bytes=0-${held - 1}` },
  };
}

function takeBytes(
  session: UploadSession,
  body: Buffer,
  first: number,
  last: number,
  total: string,
): void {
  if (last - first + 1 !== body.byteLength) {
    throw refuse.badRequest('Content-Range and the length of the content differ.');
  }
  if (first !== session.content.byteLength) {
    throw refusal(400, 'invalidRange', 'The chunk does not begin where the last one ended.');
  }
  const isLast = total !== '*' && last + 1 === Number(total);
  if (total !== '*' && last >= Number(total)) throw refuse.badRequest('The chunk is too long.');
  if (!isLast && body.byteLength % CHUNK_BYTES !== 0) {
    throw refuse.badRequest('The size of a chunk is no multiple of 256 KB.');
  }
  session.content = Buffer.concat([session.content, body]);
}

function checkTotal({ totalBytes }: UploadSession, total: number): void {
  if (totalBytes !== undefined && totalBytes !== total) {
    throw refuse.badRequest('The total size is another one than X-Upload-Content-Length said.');
  }
}

function finish(call: Call, session: UploadSession): Answer {
  const { fileId, metadata, content, contentType, query } = session;
  const begun: Call = {
    ...call,
    query,
    variables: fileId === undefined ? {} : { fileId },
  };
  const answer = store(begun, metadata, content, contentType);
  session.made = String(answer.body);
  session.content = Buffer.alloc(0);
  return answer;
}

function store(
  call: Call,
  metadata: Readonly<Record<string, unknown>>,
  content: Buffer,
  contentType: string | undefined,
): Answer {
  const { state } = call;
  const fileId = variable(call, 'fileId');
  let file: FakeFile;
  if (fileId === '') {
    file = makeFile(call, metadata, content, contentType);
  } else {
    file = state.find(fileId, call.who, flag(call, 'supportsAllDrives'));
    if (file.revisions.length === 0) {
      throw refuse.files('This file has no content that could be replaced.');
    }
    state.checkQuota(content.byteLength);
    const before = file.revisions.length;
    changeFile(call, file, metadata, true);
    state.addRevision(file, content, String(metadata['mimeType'] ?? contentType ?? file.mimeType));
    if (flag(call, 'keepRevisionForever')) {
      const made = file.revisions[before];
      if (made !== undefined) made.keepForever = true;
    }
    state.touch(file);
  }
  return fileAnswer(call, file);
}

function checkSimple(bytes: number): void {
  if (bytes > MAX_SIMPLE_BYTES) {
    throw refusal(413, 'uploadTooLarge', 'Request too large: use a resumable upload above 5 MB.');
  }
}

/** The two parts of a `multipart/related` body: JSON, then content. */
function related({ headers, body }: Call): {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly content: Buffer;
  readonly contentType: string | undefined;
} {
  const type = headers['content-type'] ?? '';
  const boundary = /^multipart\/related;.*boundary="?([^";]+)"?/.exec(type)?.[1];
  if (boundary === undefined) throw refuse.badRequest('Malformed multipart body.');
  const [first, second, ...more] = partsOf(body, boundary);
  if (first === undefined || second === undefined || more.length > 0) {
    throw refuse.badRequest('Malformed multipart body.');
  }
  if (!/^application\/json\b/i.test(first.headers['content-type'] ?? '')) {
    throw refuse.badRequest('The first part of a multipart upload is JSON.');
  }
  return {
    metadata: jsonBody(first.content.toString()),
    content: second.content,
    contentType: second.headers['content-type'],
  };
}

/** Parts of a multipart body with their headers. */
export function partsOf(
  body: Buffer,
  boundary: string,
): readonly { readonly headers: Readonly<Record<string, string>>; readonly content: Buffer }[] {
  const mark = `--${boundary}`;
  const parts: { headers: Record<string, string>; content: Buffer }[] = [];
  let at = body.indexOf(mark);
  while (at >= 0) {
    const start = at + mark.length;
    if (body.subarray(start, start + 2).toString() === '--') return parts;
    const next = body.indexOf(`\r\n${mark}`, start);
    if (next < 0) break;
    const head = body.indexOf('\r\n\r\n', start);
    if (head < 0 || head > next) throw refuse.badRequest('Malformed multipart body.');
    const headers: Record<string, string> = {};
    for (const line of body.subarray(start, head).toString().split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    parts.push({ headers, content: body.subarray(head + 4, next) });
    at = next + 2;
  }
  throw refuse.badRequest('Malformed multipart body.');
}
