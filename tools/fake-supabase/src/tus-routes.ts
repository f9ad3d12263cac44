import { randomUUID } from 'node:crypto';
import { checkBucketName, checkName } from './names.ts';
import { isRefusal, refuse } from './refusal.ts';
import { type Call, header, onlyQuery, parseMetadata } from './request.ts';
import { multipartEtag } from './state.ts';
import { canUpload, checkMimeType, signedClaims } from './upload-routes.ts';

/** How long an upload that is not complete is kept. https://supabase.com/docs/guides/storage/uploads/resumable-uploads */
const EXPIRY_MS = 24 * 60 * 60 * 1000;
/** Part size of the service's store. Units: bytes. */
const PART_BYTES = 6 * 1024 * 1024;
const TYPE = 'application/offset+octet-stream';

/** An upload that was begun. */
interface Upload {
  readonly bucket: string;
  readonly name: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly startedAt: number;
  readonly chunks: Buffer[];
  offset: number;
  size: number | undefined;
  isLocked: boolean;
}

/** Resumable uploads: https://tus.io/protocols/resumable-upload, as https://github.com/tus/tus-node-server does it. */
export interface TusUploads {
  handle(call: Call): Promise<void>;
  /** Keys of uploads that are neither complete nor terminated. */
  pending(): readonly string[];
}

/** Makes the route `/upload/resumable` and its signed variant. */
export function tusUploads(): TusUploads {
  const uploads = new Map<string, Upload>();

  async function handle(call: Call): Promise<void> {
    onlyQuery(call, []);
    try {
      await answer(call);
    } catch (error) {
      if (!isTusRefusal(error) && !isRefusal(error)) throw error;
      const [status, text] = isTusRefusal(error)
        ? error.tus
        : ([Number(error.body.statusCode), error.body.message] as const);
      call.request.resume();
      call.response
        .writeHead(status, { 'tus-resumable': '1.0.0', 'content-type': 'text/plain' })
        .end(text);
    }
  }

  async function answer(call: Call): Promise<void> {
    const isSigned = call.path[2] === 'sign';
    const id = call.path[isSigned ? 3 : 2];
    if (call.method === 'OPTIONS') return options(call);
    if (header(call, 'tus-resumable') !== '1.0.0') throw tusError(412, 'Tus-Resumable Required\n');
    if (call.method === 'POST' && id === undefined) return create(call, isSigned);
    const known = id === undefined ? undefined : uploads.get(id);
    const upload = known ?? fail(tusError(404, 'The file for this url was not found\n'));
    if (call.method !== 'HEAD') authorize(call, upload, isSigned);
    if (call.state.now().getTime() > upload.startedAt + EXPIRY_MS) {
      throw tusError(410, 'The file for this url no longer exists\n');
    }
    switch (call.method) {
      case 'HEAD':
        return head(call, upload);
      case 'PATCH':
        return patch(call, upload);
      case 'DELETE':
        if (upload.offset === upload.size) {
          throw tusError(400, 'Cannot terminate an already completed upload');
        }
        uploads.delete(id ?? '');
        call.response.writeHead(204, { 'tus-resumable': '1.0.0' }).end();
        return undefined;
      default:
        throw tusError(405, 'Method not allowed\n');
    }
  }

  function create(call: Call, isSigned: boolean): void {
    const length = header(call, 'upload-length');
    const defers = header(call, 'upload-defer-length');
    if ((length === undefined) === (defers === undefined)) {
      throw tusError(400, 'Upload-Length or Upload-Defer-Length header required\n');
    }
    const metadata = parseUploadMetadata(header(call, 'upload-metadata'));
    const bucket = metadata.get('bucketName') ?? '';
    const name = metadata.get('objectName') ?? '';
    checkBucketName(bucket);
    checkName(bucket, name);
    const size = length === undefined ? undefined : Number(length);
    const found = call.state.bucket(bucket);
    if ((size ?? 0) > (found.fileSizeLimit ?? Number.POSITIVE_INFINITY)) {
      throw tusError(413, 'Maximum size exceeded\n');
    }
    const upload: Upload = {
      bucket,
      name,
      metadata,
      startedAt: call.state.now().getTime(),
      chunks: [],
      offset: 0,
      size,
      isLocked: false,
    };
    authorize(call, upload, isSigned);
    checkMimeType(metadata.get('contentType') ?? 'application/octet-stream', found);
    const id = Buffer.from(`${bucket}/${name}/${randomUUID()}`).toString('base64url');
    uploads.set(id, upload);
    if (size === 0) finish(call, upload);
    const base = `${call.origin}/storage/v1/upload/resumable${isSigned ? '/sign' : ''}`;
    call.response
      .writeHead(201, {
        'tus-resumable': '1.0.0',
        location: `${base}/${id}`,
        'upload-expires': new Date(upload.startedAt + EXPIRY_MS).toUTCString(),
        'content-length': 0,
      })
      .end();
  }

  async function patch(call: Call, upload: Upload): Promise<void> {
    if (header(call, 'content-type') !== TYPE)
      throw tusError(403, 'Content-Type header required\n');
    const offset = header(call, 'upload-offset');
    if (offset === undefined) throw tusError(403, 'Upload-Offset header required\n');
    if (upload.isLocked) throw tusError(423, 'The resource is locked');
    if (Number(offset) !== upload.offset) throw tusError(409, 'Upload-Offset conflict\n');
    const length = header(call, 'upload-length');
    if (length !== undefined) {
      if (upload.size !== undefined || Number(length) < upload.offset) {
        throw tusError(400, 'Upload-Length or Upload-Defer-Length header required\n');
      }
      upload.size = Number(length);
    }
    upload.isLocked = true;
    try {
      const most = upload.size ?? Number.POSITIVE_INFINITY;
      const limit = call.state.bucket(upload.bucket).fileSizeLimit ?? Number.POSITIVE_INFINITY;
      for await (const chunk of call.request) {
        const bytes = chunk as Buffer;
        if (upload.offset + bytes.length > Math.min(most, limit)) {
          throw tusError(413, "upload's size exceeded\n");
        }
        upload.chunks.push(bytes);
        upload.offset += bytes.length;
      }
    } finally {
      upload.isLocked = false;
    }
    if (upload.offset === upload.size) finish(call, upload);
    call.response
      .writeHead(204, { 'tus-resumable': '1.0.0', 'upload-offset': upload.offset })
      .end();
  }

  function finish({ state, access }: Call, upload: Upload): void {
    const content = Buffer.concat(upload.chunks);
    const caller = access.optional(undefined);
    const before = state.find(upload.bucket, upload.name);
    const metadata = upload.metadata.get('metadata');
    state.upsert(upload.bucket, upload.name, {
      content,
      mimetype: upload.metadata.get('contentType') ?? 'application/octet-stream',
      cacheControl: cacheControlOf(upload.metadata.get('cacheControl')),
      etag: multipartEtag(content, PART_BYTES),
      // Without metadata the upsert leaves that of the object before.
      userMetadata:
        (metadata === undefined ? undefined : parseMetadata(metadata)) ??
        before?.userMetadata ??
        null,
      owner: caller.sub,
    });
    upload.chunks.length = 0;
  }

  return {
    handle,
    pending: () =>
      [...uploads.values()].flatMap(({ offset, size, name }) => (offset === size ? [] : [name])),
  };
}

/** Each request but `HEAD` is asked for the right to write; a signed one for its token. */
function authorize(call: Call, upload: Upload, isSigned: boolean): void {
  if (isSigned) {
    signedClaims(call, `${upload.bucket}/${upload.name}`, 'upload');
    return;
  }
  const caller = call.access.authenticated(header(call, 'authorization'));
  canUpload(call, caller, upload, header(call, 'x-upsert') === 'true');
}

function head({ response }: Call, upload: Upload): void {
  response
    .writeHead(200, {
      'tus-resumable': '1.0.0',
      'cache-control': 'no-store',
      'upload-offset': upload.offset,
      ...(upload.size === undefined
        ? { 'upload-defer-length': '1' }
        : { 'upload-length': upload.size }),
    })
    .end();
}

function options({ response }: Call): void {
  response
    .writeHead(204, {
      'tus-resumable': '1.0.0',
      'tus-version': '1.0.0',
      'tus-extension': 'creation,creation-with-upload,creation-defer-length,termination,expiration',
    })
    .end();
}

/** https://github.com/supabase/storage/blob/master/src/http/routes/tus/lifecycle.ts: seconds become `max-age`, all else `no-cache`. */
function cacheControlOf(value: string | undefined): string {
  return /^-?\d+$/.test(value ?? '') ? `max-age=${value}` : 'no-cache';
}

const UPLOAD_METADATA = new Set([
  'bucketName',
  'objectName',
  'contentType',
  'cacheControl',
  'metadata',
]);

function parseUploadMetadata(text: string | undefined): ReadonlyMap<string, string> {
  if (text === undefined) throw refuse.parameter('upload-metadata');
  const fields = new Map<string, string>();
  for (const pair of text.split(',')) {
    const [name = '', value = '', ...rest] = pair.trim().split(' ');
    if (!UPLOAD_METADATA.has(name) || fields.has(name) || rest.length > 0) {
      throw tusError(400, 'Upload-Metadata is invalid.');
    }
    fields.set(name, Buffer.from(value, 'base64').toString());
  }
  return fields;
}

interface TusRefusal extends Error {
  readonly tus: readonly [status: number, text: string];
}

function tusError(status: number, text: string): TusRefusal {
  return Object.assign(new Error(text), { tus: [status, text] as const });
}

function isTusRefusal(error: unknown): error is TusRefusal {
  return error instanceof Error && 'tus' in error;
}

function fail(error: Error): never {
  throw error;
}
