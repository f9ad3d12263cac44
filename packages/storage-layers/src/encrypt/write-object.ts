import {
  type Body,
  isStorageError,
  type ObjectAttributes,
  type ObjectInfo,
  type OperationOptions,
  type PutEntry,
  type PutOptions,
  pickAttributes,
  type ServiceOptions,
  StorageError,
  type StorageProvider,
  signalOf,
  toBody,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { RECORD_NAME, sealRecord } from './attributes-record.ts';
import { bufferReader, streamReader } from './byte-reader.ts';
import type { Bytes } from './ciphers.ts';
import { type FileCipher, type FileKeyring, newFile } from './file-cipher.ts';
import { hasMagic, MAGIC } from './header.ts';
import { CHUNK_PLAIN_BYTES, storedSize } from './layout.ts';
import type { EncryptSettings } from './options.ts';
import type { ObjectReader } from './read-object.ts';
import { isRuled } from './rules.ts';
import { sealBytes, sealContent } from './seal-content.ts';
import { infoOver } from './stored-info.ts';

/** A put as it is made below, and what its info becomes above. */
export interface SealedPut {
  readonly entry: PutEntry;
  up(info: ObjectInfo): ObjectInfo;
}

/** A new object's cipher, and its attributes as they stand below. */
export interface NewObject {
  readonly file: FileCipher;
  /** What above is told of its attributes. */
  readonly attributes: ObjectAttributes;
  /** What below keeps of them. */
  readonly stored: ObjectAttributes;
}

export interface ObjectWriter {
  /** Whether a write is encrypted: always, because it was said, by a rule, or as what it replaces. */
  encrypts(
    key: string,
    asked: {
      readonly encrypt?: boolean;
      readonly tags?: readonly string[] | undefined;
      readonly ifMatch?: string;
    },
    options: OperationOptions,
  ): Promise<boolean>;
  /** Whether what is there now is encrypted. What cannot be told fails. */
  isOverEncrypted(key: string, options: OperationOptions, etag?: string): Promise<boolean>;
  begin(key: string, attributes: ObjectAttributes, options: OperationOptions): Promise<NewObject>;
  put(key: string, body: Body, options: PutOptions): Promise<SealedPut>;
  /** Errors: `too-large`. */
  record(file: FileCipher, key: string, attributes: ObjectAttributes): Promise<ObjectAttributes>;
}

export interface ObjectWriterSettings
  extends Pick<EncryptSettings, 'binding' | 'isRequired' | 'rules'> {
  readonly below: StorageProvider;
  readonly keyring: FileKeyring;
  readonly reader: ObjectReader;
  /** Most metadata above. Units: bytes. */
  readonly maxMetadataBytes: () => number | undefined;
}

export function objectWriter(settings: ObjectWriterSettings): ObjectWriter {
  const { below, keyring, binding, isRequired, rules, reader, maxMetadataBytes } = settings;

  async function isOverEncrypted(
    key: string,
    options: OperationOptions,
    etag?: string,
  ): Promise<boolean> {
    try {
      const info = await below.stat(key, signalOf(options));
      const isOther = etag !== undefined && info.etag !== etag;
      return !isOther && (await reader.isEncrypted(key, info, signalOf(options)));
    } catch (error) {
      // Nothing is replaced, or the condition fails the write.
      if (isStorageError(error, 'not-found')) return false;
      throw error;
    }
  }

  async function record(
    file: FileCipher,
    key: string,
    attributes: ObjectAttributes,
  ): Promise<ObjectAttributes> {
    const most = maxMetadataBytes();
    const { metadata, ...rest } = attributes;
    const size = (value: unknown) => new TextEncoder().encode(JSON.stringify(value)).byteLength;
    const given = (metadata === undefined ? 0 : size(metadata)) + size(rest);
    if (most !== undefined && given > most) {
      throw new StorageError(
        'too-large',
        `the attributes take ${given} bytes, and ${most} fit beside an encrypted object here.`,
        { outcome: 'not-applied', hint: 'Keep large values in an object of their own.' },
      );
    }
    const sealed = await sealRecord(file.keys, file.header.fileId, attributes, binding, key);
    return { metadata: { [RECORD_NAME]: sealed } };
  }

  async function begin(
    key: string,
    given: ObjectAttributes,
    options: OperationOptions,
  ): Promise<NewObject> {
    const kind = below.capabilities.attributes ?? 'none';
    const attributes = kind === 'none' ? {} : pickAttributes(given);
    // In a mixed store the record shows in listings what is encrypted.
    const isMarked = kind !== 'none' && !isRequired;
    const hasRecord = isMarked || Object.keys(attributes).length > 0;
    const file = await newFile(await keyring.create(options), key, binding, hasRecord);
    const stored = hasRecord ? await record(file, key, attributes) : {};
    return { file, attributes, stored };
  }

  async function put(key: string, body: Body, options: PutOptions): Promise<SealedPut> {
    if (!(await encrypts(key, options, options))) {
      const { encrypt: _encrypt, ...plain } = options;
      checkPlainAttributes(plain);
      return { entry: { key, body: plainBody(body), options: plain }, up: (info) => info };
    }
    const { file, attributes, stored } = await begin(key, options, options);
    const { buffered } = body;
    const isSmall = buffered !== undefined && buffered.byteLength < CHUNK_PLAIN_BYTES;
    const sealed = isSmall ? toBody(await sealBytes(file, buffered)) : sealedBody(file, body);
    return {
      entry: { key, body: sealed, options: { ...keptOptions(options), ...stored } },
      up: (info) => infoOver(key, info, attributes),
    };
  }

  async function encrypts(
    key: string,
    { encrypt, tags, ifMatch }: Parameters<ObjectWriter['encrypts']>[1],
    options: OperationOptions,
  ): Promise<boolean> {
    if (isRequired || encrypt || isRuled(rules.get(), key, tags ?? [])) return true;
    if (ifMatch === undefined) return false;
    return asOperation('put', () => isOverEncrypted(key, options, ifMatch), key);
  }

  return { encrypts, isOverEncrypted, begin, put, record };
}

/** Errors: `invalid-argument` for a name that only the layer gives. */
export function checkPlainAttributes({ metadata }: ObjectAttributes): void {
  if (metadata === undefined || !Object.hasOwn(metadata, RECORD_NAME)) return;
  throw new StorageError(
    'invalid-argument',
    `the metadata name "${RECORD_NAME}" says that an object is encrypted, and this one is not.`,
    { outcome: 'not-applied', hint: 'Give it another name, or save with encrypt: true.' },
  );
}

/** Errors: `invalid-argument` for plain content that would be taken for encrypted. */
export function checkPlainStart(bytes: Uint8Array): void {
  if (!hasMagic(bytes)) return;
  throw new StorageError(
    'invalid-argument',
    'the content begins as an encrypted object does, and would be taken for one.',
    { outcome: 'not-applied', hint: 'Save it with encrypt: true.' },
  );
}

function keptOptions(options: PutOptions): PutOptions & WriteConditions & ServiceOptions {
  const { signal, ifMatch, ifNoneMatch, writeId, native, objectTags } = options;
  return {
    ...(signal !== undefined && { signal }),
    ...(ifMatch !== undefined && { ifMatch }),
    ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    ...(writeId !== undefined && { writeId }),
    ...(native !== undefined && { native }),
    ...(objectTags !== undefined && { objectTags }),
  };
}

function plainBody(body: Body): Body {
  if (body.buffered !== undefined) {
    checkPlainStart(body.buffered);
    return body;
  }
  return {
    size: body.size,
    replayable: body.replayable,
    async bytes() {
      const bytes = await body.bytes();
      checkPlainStart(bytes);
      return bytes;
    },
    stream: () => checkedStart(body),
    cancel: (reason) => body.cancel(reason),
  };
}

function checkedStart(body: Body): ReadableStream<Uint8Array> {
  const source = streamReader(() => body.stream());
  let isChecked = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (!isChecked) checkPlainStart(await source.peek(MAGIC.byteLength));
          isChecked = true;
          const bytes = await source.take(CHUNK_BYTES_READ);
          if (bytes.byteLength === 0) controller.close();
          else controller.enqueue(new Uint8Array(bytes));
        } catch (error) {
          await body.cancel(error);
          throw error;
        }
      },
      cancel: (reason) => source.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

const CHUNK_BYTES_READ = 64 * 1024;

/** A body as it is stored. Each time it is read it is encrypted anew, so that no nonce comes twice. */
function sealedBody(file: FileCipher, body: Body): Body {
  const size = body.size === undefined ? undefined : storedSize(body.size);

  function begin() {
    const { buffered } = body;
    const source =
      buffered === undefined ? streamReader(() => body.stream()) : bufferReader(buffered);
    return { source, pieces: sealContent(file, source, { size: body.size }) };
  }

  function stream(): ReadableStream<Uint8Array> {
    const { source, pieces } = begin();
    return new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          try {
            const piece = await pieces.next();
            if (piece === undefined) controller.close();
            else controller.enqueue(piece);
          } catch (error) {
            await body.cancel(error);
            throw error;
          }
        },
        async cancel(reason) {
          pieces.stop();
          await source.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
  }

  async function bytes(): Promise<Bytes> {
    if (size === undefined) return (await toBody(stream()).bytes()) as Bytes;
    const { pieces } = begin();
    const sealed = new Uint8Array(size);
    let at = 0;
    for (;;) {
      const piece = await pieces.next();
      if (piece === undefined) return sealed;
      sealed.set(piece, at);
      at += piece.byteLength;
    }
  }

  return {
    size,
    replayable: body.replayable,
    // A nonce is never used twice.
    ...(body.replayable && { varies: true }),
    bytes,
    stream,
    cancel: (reason) => body.cancel(reason),
  };
}
