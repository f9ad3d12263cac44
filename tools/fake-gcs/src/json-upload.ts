import { randomBytes } from 'node:crypto';
import { crc32c, md5 } from './checksums.ts';
import type { Bucket, GcsState, Generation, Settable } from './gcs-state.ts';
import { jsonBody, kmsKey, parseJson } from './json-objects.ts';
import { objectResource, readResource, withoutNulls } from './object-resource.ts';
import { checkPreconditions, type Preconditions, readPreconditions } from './preconditions.ts';
import { invalid, Refusal } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, json } from './request.ts';

/** Units: bytes. https://cloud.google.com/storage/docs/performing-resumable-uploads#chunked-upload */
const CHUNK_MULTIPLE = 256 * 1024;
const WEEK_MS = 7 * 86_400_000;

/** What uploads of the JSON API work on. */
export interface UploadCall {
  readonly state: GcsState;
  readonly url: string;
  readonly request: FakeRequest;
  readonly bucket: Bucket;
}

interface Wanted {
  readonly name: string;
  readonly settable: Settable;
  readonly kmsKeyName: string | undefined;
  readonly md5Hash: string | undefined;
  readonly crc32c: string | undefined;
  readonly conditions: Preconditions;
}

interface ResumableSession {
  readonly bucket: string;
  readonly wanted: Wanted;
  readonly total: number | undefined;
  readonly expiresAt: number;
  chunks: Buffer[];
  held: number;
  state: 'open' | 'cancelled' | Generation;
}

/** Uploads of the JSON API. */
export interface JsonUploads {
  insert(call: UploadCall): FakeAnswer;
  /** Goes on with a resumable session. */
  resume(call: UploadCall): FakeAnswer;
  /** Sessions that were begun and not ended. */
  open(): number;
}

/** Makes the part of the fake that takes uploads. */
export function jsonUploads(): JsonUploads {
  const sessions = new Map<string, ResumableSession>();

  /** https://cloud.google.com/storage/docs/performing-resumable-uploads#initiate-session */
  function begin({ state, url, request, bucket }: UploadCall): FakeAnswer {
    const total = request.headers['x-upload-content-length'];
    const resource = request.body.byteLength === 0 ? {} : jsonBody(request);
    const type = request.headers['x-upload-content-type'];
    const wanted = readWanted(request, resource, type);
    checkPreconditions(wanted.conditions, state.find(bucket, wanted.name));
    const id = randomBytes(24).toString('base64url');
    sessions.set(id, {
      bucket: bucket.name,
      wanted,
      total: total === undefined ? undefined : Number(total),
      expiresAt: state.now() + WEEK_MS,
      chunks: [],
      held: 0,
      state: 'open',
    });
    const path = `/upload/storage/v1/b/${encodeURIComponent(bucket.name)}/o`;
    const query = `uploadType=resumable&name=${encodeURIComponent(wanted.name)}&upload_id=${id}`;
    return {
      status: 200,
      headers: { location: `${url}${path}?${query}`, 'x-guploader-uploadid': id },
    };
  }

  return {
    open: () => [...sessions.values()].filter(({ state }) => state === 'open').length,

    // https://cloud.google.com/storage/docs/json_api/v1/objects/insert
    insert(call) {
      const { request } = call;
      switch (request.query['uploadType']) {
        case 'media': {
          const type = request.headers['content-type'];
          return store(call, readWanted(request, {}, type), request.body);
        }
        case 'multipart': {
          const { resource, type, content } = readRelated(request);
          return store(call, readWanted(request, resource, type), content);
        }
        case 'resumable':
          return begin(call);
        default:
          throw invalid('Invalid upload request: unknown uploadType', 'badRequest');
      }
    },

    // https://cloud.google.com/storage/docs/performing-resumable-uploads
    resume(call) {
      const { state, request } = call;
      const session = sessions.get(request.query['upload_id'] ?? '');
      if (session === undefined) throw new Refusal(404, 'notFound', 'Not Found');
      if (session.expiresAt <= state.now()) throw new Refusal(410, 'gone', 'Gone');
      if (request.method === 'DELETE') {
        if (session.state === 'open') session.state = 'cancelled';
        return { status: 499 };
      }
      if (session.state === 'cancelled') throw new Refusal(499, 'gone', 'Client Closed Request');
      if (session.state !== 'open') {
        return json(objectResource(call.bucket, session.state, call.url));
      }
      return takeChunk(call, session);
    },
  };
}

function takeChunk(call: UploadCall, session: ResumableSession): FakeAnswer {
  const { headers, body } = call.request;
  const range = headers['content-range'];
  const [, first, last, whole] = /^bytes (?:(\d+)-(\d+|\*)|\*)\/(\d+|\*)$/.exec(range ?? '') ?? [];
  if (range !== undefined && whole === undefined) throw invalid('Invalid Content-Range');
  const said = whole === undefined || whole === '*' ? session.total : Number(whole);
  const start = first === undefined ? 0 : Number(first);

  if (range !== undefined && first === undefined) {
    if (body.byteLength > 0) throw invalid('A status check has no content.');
    if (said !== session.held || whole === '*') return incomplete(session);
    return finish(call, session);
  }
  const isOpen = last === '*';
  if (first !== undefined && !isOpen && Number(last) - start + 1 !== body.byteLength) {
    throw invalid('Content-Range and the length of the content differ.');
  }
  if (start > session.held) {
    throw new Refusal(503, 'backendError', 'Invalid request. The chunk leaves a hole.');
  }
  const fresh = body.subarray(session.held - start);
  const isLast =
    range === undefined ||
    (isOpen && whole === '*') ||
    (whole !== '*' && said === start + body.byteLength);
  if (!isLast && (body.byteLength === 0 || body.byteLength % CHUNK_MULTIPLE !== 0)) {
    throw invalid(
      `There were ${body.byteLength} byte(s) in the request body; chunks must be a multiple of ${CHUNK_MULTIPLE}.`,
    );
  }
  if (said !== undefined && start + body.byteLength > said) {
    throw invalid('The content is longer than was said.');
  }
  session.chunks.push(fresh);
  session.held += fresh.byteLength;
  return isLast ? finish(call, session) : incomplete(session);
}

function incomplete({ held }: ResumableSession): FakeAnswer {
  return { status: 308, headers: held > 0 ? { range: `bytes=0-${held - 1}` } : {} };
}

function finish(call: UploadCall, session: ResumableSession): FakeAnswer {
  if (session.total !== undefined && session.total !== session.held) {
    throw invalid('The content is shorter than was said.');
  }
  const hash = call.request.headers['x-goog-hash'];
  const { object, answer } = insertObject(
    call,
    { ...session.wanted, ...readHashes(hash, session.wanted) },
    Buffer.concat(session.chunks),
  );
  session.state = object;
  session.chunks = [];
  return answer;
}

function readHashes(
  header: string | undefined,
  wanted: Wanted,
): Pick<Wanted, 'md5Hash' | 'crc32c'> {
  const named = new Map(
    (header ?? '').split(',').map((pair) => {
      const [name = '', ...rest] = pair.trim().split('=');
      return [name, rest.join('=')] as const;
    }),
  );
  return {
    md5Hash: named.get('md5') ?? wanted.md5Hash,
    crc32c: named.get('crc32c') ?? wanted.crc32c,
  };
}

function readWanted({ query }: FakeRequest, value: object, type: string | undefined): Wanted {
  const { settable, name, md5Hash, crc32c: crc } = readResource(value);
  if (name !== undefined && query['name'] !== undefined && name !== query['name']) {
    throw invalid('Value in the body and in the query differ: name', 'invalid');
  }
  const object = query['name'] ?? name;
  if (object === undefined || object === '') throw invalid('Required', 'required');
  const contentEncoding = query['contentEncoding'];
  return {
    name: object,
    settable: withoutNulls({
      ...(type !== undefined && { contentType: type }),
      ...settable,
      ...(contentEncoding !== undefined && { contentEncoding }),
    }),
    ...{ kmsKeyName: undefined, ...kmsKey(query['kmsKeyName']) },
    md5Hash,
    crc32c: crc,
    conditions: readPreconditions(query),
  };
}

function store(call: UploadCall, wanted: Wanted, content: Buffer): FakeAnswer {
  return insertObject(call, wanted, content).answer;
}

function insertObject(
  { state, url, bucket }: UploadCall,
  wanted: Wanted,
  bytes: Buffer,
): { readonly object: Generation; readonly answer: FakeAnswer } {
  const { name, settable, kmsKeyName, conditions } = wanted;
  if (wanted.md5Hash !== undefined && wanted.md5Hash !== md5(bytes)) {
    throw invalid(
      `Provided MD5 hash "${wanted.md5Hash}" doesn't match calculated MD5 hash "${md5(bytes)}".`,
    );
  }
  if (wanted.crc32c !== undefined && wanted.crc32c !== crc32c(bytes)) {
    throw invalid(
      `Provided CRC32C "${wanted.crc32c}" doesn't match calculated CRC32C "${crc32c(bytes)}".`,
    );
  }
  const before = state.find(bucket, name);
  checkPreconditions(conditions, before);
  if (before?.settable.temporaryHold || before?.settable.eventBasedHold) {
    throw new Refusal(
      403,
      'forbidden',
      `Object '${bucket.name}/${name}' is under active hold and cannot be overwritten.`,
    );
  }
  const object = state.write(bucket, {
    name,
    bytes,
    settable,
    ...(kmsKeyName !== undefined && { kmsKeyName }),
  });
  return { object, answer: json(objectResource(bucket, object, url)) };
}

/** The two parts of a `multipart/related` body. https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object */
function readRelated({ headers, body }: FakeRequest): {
  readonly resource: object;
  readonly type: string | undefined;
  readonly content: Buffer;
} {
  const header = headers['content-type'] ?? '';
  const [, quoted, plain] =
    /^multipart\/related;.*boundary=(?:"([^"]+)"|([^;\s]+))/.exec(header) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) {
    throw invalid("Multipart content must be 'multipart/related' with a boundary.", 'badContent');
  }
  const opening = Buffer.from(`--${boundary}\r\n`);
  const between = Buffer.from(`\r\n--${boundary}\r\n`);
  const closing = Buffer.from(`\r\n--${boundary}--`);
  const second = body.indexOf(between, opening.byteLength);
  const end = body.lastIndexOf(closing);
  if (body.indexOf(opening) !== 0 || second < 0 || end < second) {
    throw invalid('Malformed multipart body.', 'badContent');
  }
  const one = readPart(body.subarray(opening.byteLength, second));
  const two = readPart(body.subarray(second + between.byteLength, end));
  if (!one.headers.get('content-type')?.startsWith('application/json')) {
    throw invalid('The first part must be application/json.', 'badContent');
  }
  return {
    resource: parseJson(one.content),
    type: two.headers.get('content-type'),
    content: two.content,
  };
}

function readPart(part: Buffer): {
  readonly headers: Map<string, string>;
  readonly content: Buffer;
} {
  const end = part.indexOf('\r\n\r\n');
  if (end < 0) throw invalid('A part lacks its headers.', 'badContent');
  const lines = part.subarray(0, end).toString().split('\r\n');
  const headers = lines.map((line) => {
    const at = line.indexOf(':');
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()] as const;
  });
  return { headers: new Map(headers), content: part.subarray(end + 4) };
}
