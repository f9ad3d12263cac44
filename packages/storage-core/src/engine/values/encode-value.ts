import { toBody } from '../../bodies/to-body.ts';
import type { BodyInput } from '../../contract/body.ts';
import type { Codec, SaveOptions } from '../../contract/values.ts';
import { isStorageError, StorageError } from '../../errors/storage-error.ts';
import type { EncodedValue, EngineContext } from '../engine-context.ts';
import { binaryCodec, isByteValue } from './binary-codec.ts';
import { checkSchema } from './check-schema.ts';
import { type Codecs, codecsOf } from './codecs.ts';
import { jsonCodec } from './json-codec.ts';

/**
 * Checks a value by the schemas that hold for it and turns it into bytes, by the format asked for, else `binary` for bytes, else the one that the
 * key implies, else JSON. A content type is recorded only where the key would imply another one.
 * Errors: `invalid-data` for a value that the format cannot hold, `invalid-argument` for no format.
 */
export async function encodeItem(
  { options: { codecs: given, schemas }, prefix }: EngineContext,
  key: string,
  value: unknown,
  { format, schema }: SaveOptions,
): Promise<EncodedValue> {
  if (schema !== undefined || schemas !== undefined) {
    await checkSchema(value, { key: prefix + key, byPattern: schemas, given: schema });
  }
  const codecs = codecsOf(given);
  const implied = codecs.ofKey(key) ?? jsonCodec;
  const bytes = isByteValue(value);
  const codec = format !== undefined ? codecs.named(format) : bytes ? binaryCodec : implied;
  if (codec === binaryCodec && !bytes && format === undefined) throw needsBytes();
  const contentType = codec === implied ? undefined : typeOf(codec, value, codecs);
  return { body: toBody(await encode(codec, value)), contentType };
}

async function encode(codec: Codec, value: unknown): Promise<BodyInput> {
  try {
    return await codec.encode(value);
  } catch (error) {
    if (isStorageError(error)) throw error;
    throw new StorageError('invalid-data', `the codec "${codec.name}" cannot hold the value.`, {
      outcome: 'not-applied',
      hint: 'See the cause.',
      cause: error,
    });
  }
}

/** A Blob knows its type, and keeps it where that is one of bytes. */
function typeOf(codec: Codec, value: unknown, codecs: Codecs): string {
  if (codec === binaryCodec && value instanceof Blob && value.type !== '') {
    if (codecs.ofType(value.type) === binaryCodec) return value.type;
  }
  return codec.contentType;
}

function needsBytes(): StorageError {
  return new StorageError('invalid-data', 'its name says that it holds bytes, the value is none.', {
    outcome: 'not-applied',
    hint: 'Save a Uint8Array, ArrayBuffer or Blob, or say how to store it, such as format: "json".',
  });
}
