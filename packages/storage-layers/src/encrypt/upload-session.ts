import {
  type ContentRange,
  decodeToken,
  encodeToken,
  type JsonValue,
  type ObjectInfo,
  type OperationOptions,
  type PartRules,
  StorageError,
  type StorageProvider,
  signalOf,
  type UploadOptions,
  type UploadSession,
  unsupported,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { type Binding, type FileCipher, type FileKeyring, openFile } from './file-cipher.ts';
import { CHUNK_BYTES, CHUNK_PLAIN_BYTES, LEAST_BYTES, plainSize, storedSize } from './layout.ts';
import { sealBytes } from './seal-content.ts';
import { joined } from './tink-stream.ts';
import { checkPlainAttributes, checkPlainStart, type ObjectWriter } from './write-object.ts';

/** What the token of a session holds: the one below, and the header of an encrypted object. */
interface TokenFields {
  readonly below: string;
  /** In base64. Absent for a plain object. */
  readonly header?: string;
  readonly totalBytes?: number;
  /** A session that was found, not begun: it can be ended alone. */
  readonly isOrphan?: boolean;
}

export interface UploadSessions {
  open(key: string, options: UploadOptions): Promise<UploadSession>;
  /** A token for a session that `uploads` told of. */
  orphanToken(key: string, below: string): string;
}

export interface UploadSessionsSettings {
  readonly below: StorageProvider;
  readonly keyring: FileKeyring;
  readonly binding: Binding;
  readonly writer: ObjectWriter;
  /** An info as it is above. */
  readonly info: (key: string, info: ObjectInfo, options: OperationOptions) => Promise<ObjectInfo>;
}

/**
 * Upload sessions of encrypted objects. A part is a number of whole chunks, each with a salt of its own,
 * so that parts come in any order, again, and from another process, which has the header from the token.
 */
export function uploadSessions(settings: UploadSessionsSettings): UploadSessions {
  const { below, keyring, binding, writer, info: infoAbove } = settings;

  function beginBelow(key: string, options: UploadOptions): Promise<UploadSession> {
    if (below.upload === undefined) throw unsupported(below.name, 'upload');
    return below.upload(key, options);
  }

  async function begin(key: string, options: UploadOptions): Promise<UploadSession> {
    const { attributes = {}, totalBytes, encrypt, signal, ...rest } = options;
    const { native, objectTags, writeId } = rest;
    const terms = {
      ...(signal !== undefined && { signal }),
      ...(native !== undefined && { native }),
      ...(objectTags !== undefined && { objectTags }),
      ...(writeId !== undefined && { writeId }),
    };
    const asked = { ...(encrypt !== undefined && { encrypt }), tags: attributes.tags };
    const total = totalBytes === undefined ? {} : { totalBytes };
    const isAsked = await writer.encrypts(key, asked, options);
    // Under which condition a session ends is said when its parts are there already.
    const isKept = async () => encrypt === undefined && writer.isOverEncrypted(key, options);
    if (!isAsked && !(await asOperation('upload', isKept, key))) {
      checkPlainAttributes(attributes);
      const session = await beginBelow(key, { ...terms, ...total, attributes });
      return plainSession(key, session, { below: session.token, ...total });
    }
    const { file, stored } = await writer.begin(key, attributes, options);
    const session = await beginBelow(key, {
      ...terms,
      ...(totalBytes !== undefined && { totalBytes: storedSize(totalBytes) }),
      attributes: stored,
    });
    const header = toBase64(await file.seal(0));
    return encryptedSession(key, session, file, { below: session.token, header, ...total });
  }

  async function resume(key: string, options: UploadOptions & { readonly token: string }) {
    const fields = decodeToken(key, options.token) as unknown as TokenFields;
    const { token: _token, totalBytes, attributes: _attributes, encrypt, ...rest } = options;
    const asked = { ...(encrypt !== undefined && { encrypt }) };
    const isBegunPlain = fields.header === undefined && !fields.isOrphan;
    if (isBegunPlain && (await writer.encrypts(key, asked, options))) throw begunPlain();
    const isPlain = totalBytes === undefined || fields.header === undefined;
    const stored = isPlain ? totalBytes : storedSize(totalBytes);
    const session = await beginBelow(key, {
      ...rest,
      token: fields.below,
      ...(stored !== undefined && { totalBytes: stored }),
    });
    if (fields.isOrphan) return orphanSession(key, session, fields);
    if (fields.header === undefined) return plainSession(key, session, fields);
    const head = joined(fromBase64(fields.header));
    const file = await openFile(keyring, head, key, binding, options);
    const own = await file.seal(0);
    if (own.some((byte, at) => byte !== head[at])) throw otherBinding();
    return encryptedSession(key, session, file, fields);
  }

  function encryptedSession(
    key: string,
    session: UploadSession,
    file: FileCipher,
    fields: TokenFields,
  ): UploadSession {
    const { totalBytes } = fields;
    const unit = unitOf(session.part);
    const cutsChunks = session.part.maxBytes < unit;

    async function writeStored(offset: number, bytes: Uint8Array, options: OperationOptions) {
      const { maxBytes, multipleOf } = session.part;
      const most = Math.max(multipleOf, Math.floor(maxBytes / multipleOf) * multipleOf);
      for (let at = 0; at < bytes.byteLength; at += most) {
        await session.write(offset + at, bytes.subarray(at, at + most), options);
      }
    }

    async function held(options: OperationOptions): Promise<readonly ContentRange[]> {
      const status = await session.status(options);
      return status.held.flatMap((range) => plainRange(range, totalBytes, cutsChunks));
    }

    /** What has no last chunk yet gets it: content of unknown length that fills its chunks, or none. */
    async function end(options: OperationOptions): Promise<void> {
      if (totalBytes !== undefined && totalBytes > 0) return;
      const status = await session.status(options);
      const last = status.held.at(-1);
      const at = last === undefined ? 0 : last.offset + last.length;
      if (at % CHUNK_BYTES !== 0) return;
      await writeStored(at, await lastChunk(file, at / CHUNK_BYTES), options);
    }

    return sessionOver(key, session, fields, {
      part: partRules(session.part),
      async status(options = {}) {
        return { held: await held(options) };
      },
      async write(offset, bytes, options = {}) {
        const firstChunk = offset / CHUNK_PLAIN_BYTES;
        const chunks = Math.floor(bytes.byteLength / CHUNK_PLAIN_BYTES);
        const isWhole = chunks * CHUNK_PLAIN_BYTES === bytes.byteLength;
        const isEnd = offset + bytes.byteLength === totalBytes;
        if (!Number.isSafeInteger(firstChunk)) {
          throw refusal(`a part cannot start at ${offset}.`);
        }
        if (totalBytes !== undefined && offset + bytes.byteLength > totalBytes) {
          throw refusal(
            `a part ends at ${offset + bytes.byteLength}, behind the ${totalBytes} bytes of the upload.`,
          );
        }
        if (!isWhole && totalBytes !== undefined && !isEnd) {
          throw refusal(`a part of ${bytes.byteLength} bytes can only be the last.`);
        }
        const isOpenEnded = isWhole && !isEnd;
        const sealed = await sealBytes(file, bytes, { firstChunk, isOpenEnded });
        await writeStored(firstChunk * CHUNK_BYTES, sealed, options);
      },
      async complete(options = {}) {
        const { checksum: _checksum, ...conditions } = options;
        await asOperation('upload.complete', () => end(signalOf(options)), key);
        const info = await session.complete(conditions);
        return infoAbove(key, info, signalOf(options));
      },
    });
  }

  function plainSession(key: string, session: UploadSession, fields: TokenFields): UploadSession {
    return sessionOver(key, session, fields, {
      part: session.part,
      status: (options) => session.status(options),
      async write(offset, bytes, options) {
        if (offset === 0) checkPlainStart(bytes);
        await session.write(offset, bytes, options);
      },
      async complete(options = {}) {
        const { checksum: _checksum, ...conditions } = options;
        return infoAbove(key, await session.complete(conditions), signalOf(options));
      },
    });
  }

  function orphanSession(key: string, session: UploadSession, fields: TokenFields): UploadSession {
    const refuse = async (): Promise<never> => {
      throw new StorageError('conflict', 'only the token of its begin goes on with the upload.', {
        retryable: false,
        restart: true,
        outcome: 'not-applied',
        hint: 'End it with abort, and begin a new upload.',
      });
    };
    const { part } = session;
    return sessionOver(key, session, fields, {
      part,
      status: refuse,
      write: refuse,
      complete: refuse,
    });
  }

  return {
    open: (key, options) => {
      const { token } = options;
      return token === undefined ? begin(key, options) : resume(key, { ...options, token });
    },
    orphanToken: (key, token) => tokenOf(key, { below: token, isOrphan: true }),
  };
}

function sessionOver(
  key: string,
  session: UploadSession,
  fields: TokenFields,
  own: Pick<UploadSession, 'part' | 'status' | 'write' | 'complete'>,
): UploadSession {
  return {
    key,
    token: tokenOf(key, fields),
    ...(session.expiresAt !== undefined && { expiresAt: session.expiresAt }),
    ...own,
    abort: (options) => session.abort(options),
  };
}

function tokenOf(key: string, fields: TokenFields): string {
  return encodeToken(key, fields as unknown as JsonValue);
}

/** The least number of stored bytes that is whole chunks and whole parts below. Units: bytes. */
function unitOf({ multipleOf }: PartRules): number {
  return (CHUNK_BYTES / commonDivisor(CHUNK_BYTES, multipleOf)) * multipleOf;
}

/** The rules of parts of content that make whole parts of stored chunks. */
function partRules(below: PartRules): PartRules {
  const unit = unitOf(below);
  const plainUnit = (unit / CHUNK_BYTES) * CHUNK_PLAIN_BYTES;
  const least = Math.ceil(Math.max(1, below.minBytes) / unit);
  // The last part may have an empty chunk after it.
  const most = Math.max(least, Math.floor((below.maxBytes - LEAST_BYTES) / unit));
  const pieces = Math.ceil((most * unit + LEAST_BYTES) / below.maxBytes);
  return {
    minBytes: below.minBytes <= 1 ? 1 : least * plainUnit,
    maxBytes: most * plainUnit,
    multipleOf: plainUnit,
    maxParts: Math.max(1, Math.floor(below.maxParts / pieces) - 1),
    order: below.order,
    needsTotal: below.needsTotal,
  };
}

/** The content in a range of stored bytes that is held: its whole chunks, and the last one. */
function plainRange(
  { offset, length }: ContentRange,
  totalBytes: number | undefined,
  cutsChunks: boolean,
): readonly ContentRange[] {
  const end = offset + length;
  const firstChunk = Math.ceil(offset / CHUNK_BYTES);
  const lastChunk = Math.floor(end / CHUNK_BYTES);
  if (lastChunk < firstChunk) return [];
  const start = firstChunk * CHUNK_PLAIN_BYTES;
  const isAll = totalBytes !== undefined && end === storedSize(totalBytes);
  const isLast = totalBytes === undefined && !cutsChunks && end % CHUNK_BYTES !== 0;
  const plainEnd = isAll ? totalBytes : isLast ? plainSize(end) : undefined;
  const whole = (plainEnd ?? lastChunk * CHUNK_PLAIN_BYTES) - start;
  return whole > 0 ? [{ offset: start, length: whole }] : [];
}

/** The empty chunk after content that fills its chunks. */
function lastChunk(file: FileCipher, chunk: number): Promise<Uint8Array> {
  return sealBytes(file, new Uint8Array(0), { firstChunk: chunk });
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, {
    outcome: 'not-applied',
    hint: "See the session's `part` rules.",
  });
}

function begunPlain(): StorageError {
  return new StorageError('invalid-argument', 'the upload was begun without encryption.', {
    outcome: 'not-applied',
    hint: 'Begin a new one, without its token. `uploads` tells of this one, so that it can be aborted.',
  });
}

function otherBinding(): StorageError {
  return new StorageError(
    'invalid-argument',
    'the upload was begun for another context, or its token was changed.',
    { outcome: 'not-applied', hint: 'Go on with the options that it was begun with.' },
  );
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
