import { type OperationOptions, type StorageError, signalOf } from '@granary/storage-core/provider';
import { askProvider } from './ask-provider.ts';
import {
  type Bytes,
  type GcmKey,
  type HkdfTerms,
  type HmacKey,
  type RootKey,
  TAG_BYTES,
} from './ciphers.ts';
import { decodeHeader, encodeHeader, FIXED_BYTES, type Header, taggedPart } from './header.ts';
import {
  checkUnwrapped,
  checkWrapped,
  FILE_KEY_BYTES,
  invalidConfig,
  type KeyProvider,
  type WrappedKey,
} from './key-provider.ts';
import { HEAD_BYTES, HEADER_BYTES, TINK } from './layout.ts';
import { ciphers } from './runtime-ciphers.ts';
import { beginTinkStream, damaged, joined, type TinkStream, tinkStream } from './tink-stream.ts';

/** What an object is bound to besides its key id: the store's context and, by default, its own key. */
export interface Binding {
  readonly to: 'key' | 'context';
  readonly context: string;
}

/** The keys of one object, made of its file key. */
export interface FileKeys {
  readonly wrapped: WrappedKey;
  /** Of which the keys of streams are made. */
  readonly stream: RootKey;
  readonly header: HmacKey;
  /** Made when it is first needed. */
  attributes(): Promise<GcmKey>;
}

/** A chunk that is to be written. */
export interface BegunChunk {
  readonly head: Bytes;
  readonly stream: TinkStream;
}

/** One object that is written or read: its keys, and what stays the same in all of its chunks. */
export interface FileCipher {
  readonly keys: FileKeys;
  readonly header: Omit<Header, 'chunk'>;
  /** The head of a chunk and its stream, with a salt of its own. */
  begin(chunk: number): Promise<BegunChunk>;
  /** Verifies the head of a chunk. Errors: `corrupted`. */
  open(chunk: number, head: Uint8Array): Promise<TinkStream>;
  /** The header alone, for a file key that was wrapped anew. */
  seal(chunk: number): Promise<Bytes>;
}

/** Makes, wraps and unwraps the keys of objects. What was unwrapped is kept for a while. */
export interface FileKeyring {
  create(options: OperationOptions): Promise<FileKeys>;
  /** Errors: `permission-denied` when the key is not there or does not fit. */
  unwrap(wrapped: WrappedKey, options: OperationOptions): Promise<FileKeys>;
  /** The same file key under the key that is current. */
  rewrap(wrapped: WrappedKey, options: OperationOptions): Promise<FileKeys>;
}

const KEY_BYTES = 32;
const FILE_ID_BYTES = 16;
/** Keys of objects that are kept unwrapped. */
const MAX_KEPT = 512;

export function fileKeyring(
  provider: KeyProvider,
  sample?: () => Promise<WrappedKey | undefined>,
): FileKeyring {
  const kept = new Map<string, FileKeys>();

  function keep(keys: FileKeys): FileKeys {
    kept.set(placeOf(keys.wrapped), keys);
    if (kept.size > MAX_KEPT) kept.delete([...kept.keys()][0] ?? '');
    return keys;
  }

  /** In memory of its own: the provider may keep what it answers with. */
  async function unwrapped(wrapped: WrappedKey, options: OperationOptions): Promise<Bytes> {
    const answer = await askProvider(() => provider.unwrap(wrapped, signalOf(options)), options);
    const fileKey = checkUnwrapped(answer).slice();
    if (fileKey.byteLength !== FILE_KEY_BYTES) throw damaged('its wrapped key is damaged');
    return fileKey;
  }

  async function wrap(fileKey: Uint8Array, options: OperationOptions): Promise<WrappedKey> {
    const wrapping = { ...signalOf(options), ...(sample !== undefined && { sample }) };
    // The provider may wipe what it was given.
    const copy = fileKey.slice();
    return checkWrapped(await askProvider(() => provider.wrap(copy, wrapping), options));
  }

  return {
    async create(options) {
      const fileKey = crypto.getRandomValues(new Uint8Array(FILE_KEY_BYTES));
      return keep(await fileKeys(fileKey, await wrap(fileKey, options)));
    },
    async unwrap(wrapped, options) {
      const held = kept.get(placeOf(wrapped));
      return held ?? keep(await fileKeys(await unwrapped(wrapped, options), wrapped));
    },
    async rewrap(wrapped, options) {
      const fileKey = await unwrapped(wrapped, options);
      const made = await wrap(fileKey, options);
      // Nobody has the old one any more when it was written over.
      const again = await unwrapped(made, options);
      if (!isSame(again, fileKey)) throw otherKey();
      again.fill(0);
      return keep(await fileKeys(fileKey, made));
    },
  };
}

function otherKey(): StorageError {
  return invalidConfig(
    'the key provider unwraps another key than it has wrapped, so the object stays as it is.',
    'What it wrapped could not be read again: see how it wraps.',
  );
}

function placeOf({ keyId, bytes }: WrappedKey): string {
  return `${keyId}\0${String.fromCharCode(...bytes)}`;
}

/** The keys of an object. The file key is wiped. */
async function fileKeys(fileKey: Uint8Array, wrapped: WrappedKey): Promise<FileKeys> {
  const stream = await ciphers.root(fileKey);
  fileKey.fill(0);
  const terms = (name: string): HkdfTerms => ({
    hash: 'SHA-256',
    salt: new Uint8Array(0),
    info: text(`granary ${name} key`),
    length: KEY_BYTES,
  });
  const header = await stream.hmac(terms('header'));
  let attributes: Promise<GcmKey> | undefined;
  return {
    wrapped,
    stream,
    header,
    attributes() {
      attributes ??= Promise.resolve(stream.gcm(terms('attributes')));
      return attributes;
    },
  };
}

/** A new object under its keys. */
export async function newFile(
  keys: FileKeys,
  key: string,
  binding: Binding,
  hasAttributes: boolean,
): Promise<FileCipher> {
  const fileId = crypto.getRandomValues(new Uint8Array(FILE_ID_BYTES));
  const { wrapped } = keys;
  const header = { boundToKey: binding.to === 'key', hasAttributes, fileId, wrapped };
  return fileCipher(keys, header, await bindingDigest(binding, key));
}

/** An object by the head of one of its chunks. Errors: `corrupted`; `permission-denied`. */
export async function openFile(
  keyring: FileKeyring,
  head: Uint8Array,
  key: string,
  binding: Binding,
  options: OperationOptions,
): Promise<FileCipher> {
  const { chunk: _chunk, ...header } = decodeHeader(head);
  if (header.boundToKey !== (binding.to === 'key')) {
    throw damaged(
      `it is bound to its ${header.boundToKey ? 'key' : 'context'}, as nothing here is`,
    );
  }
  const [keys, digest] = await Promise.all([
    keyring.unwrap(header.wrapped, options),
    bindingDigest(binding, key),
  ]);
  return fileCipher(keys, header, digest);
}

export function fileCipher(
  keys: FileKeys,
  header: Omit<Header, 'chunk'>,
  binding: Uint8Array,
): FileCipher {
  async function seal(chunk: number): Promise<Bytes> {
    const encoded = encodeHeader({ ...header, chunk });
    const tagged = joined(taggedPart(encoded), binding);
    const tag = await keys.header.sign(tagged);
    encoded.set(tag.subarray(0, TAG_BYTES), HEADER_BYTES - TAG_BYTES);
    return encoded;
  }

  return {
    keys,
    header,
    seal,
    async begin(chunk) {
      const fixed = encodeHeader({ ...header, chunk }).subarray(0, FIXED_BYTES);
      const [encoded, stream] = await Promise.all([
        seal(chunk),
        beginTinkStream(TINK, keys.stream, joined(fixed, binding)),
      ]);
      return { head: joined(encoded, stream.header), stream };
    },
    async open(chunk, head) {
      if (head.byteLength < HEAD_BYTES) throw damaged(`chunk ${chunk} is cut off`);
      const encoded = head.subarray(0, HEADER_BYTES);
      const data = joined(encoded.subarray(0, FIXED_BYTES), binding);
      // Deriving is no use of the content, so it need not wait for the tag.
      const [expected, stream] = await Promise.all([
        seal(chunk),
        tinkStream(TINK, keys.stream, data, head.subarray(HEADER_BYTES, HEAD_BYTES)),
      ]);
      if (!isSame(expected, encoded)) throw damaged(`the header of chunk ${chunk} is not its own`);
      return stream;
    },
  };
}

/**
 * SHA-256 of the context and, where it counts, the key, each with its length before it. A digest,
 * because runtimes limit the associated data to 1,024 bytes.
 */
export async function bindingDigest({ to, context }: Binding, key: string): Promise<Bytes> {
  const parts = [text(context), text(to === 'key' ? key : '')];
  const data = joined(...parts.flatMap((part) => [lengthOf(part), part]));
  return ciphers.sha256(data);
}

function lengthOf({ byteLength }: Uint8Array): Bytes {
  const encoded = new Uint8Array(4);
  new DataView(encoded.buffer).setUint32(0, byteLength);
  return encoded;
}

/** Compares without telling by its time where two texts differ. */
function isSame(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.byteLength ^ b.byteLength;
  for (const [at, byte] of a.entries()) difference |= byte ^ Number(b[at]);
  return difference === 0;
}

export function text(value: string): Bytes {
  return new TextEncoder().encode(value) as Bytes;
}
