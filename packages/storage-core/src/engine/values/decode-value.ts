import { contentTypeOf } from '../../attributes/content-type.ts';
import type { StoredObject } from '../../contract/body.ts';
import type { ObjectInfo } from '../../contract/object-info.ts';
import type { Codec } from '../../contract/values.ts';
import { isStorageError, StorageError } from '../../errors/storage-error.ts';
import type { DecodeOptions, EngineContext } from '../engine-context.ts';
import { checkSchema } from './check-schema.ts';
import { type Codecs, codecsOf } from './codecs.ts';
import { jsonCodec } from './json-codec.ts';
import { decodeText, textCodec } from './text-codec.ts';

/** The value of an object, checked by the schemas that hold for it. */
export async function decodeItem(
  { options: { codecs, schemas }, prefix }: EngineContext,
  object: StoredObject,
  { as, schema }: DecodeOptions,
): Promise<unknown> {
  const value = await decodeValue(codecsOf(codecs), object, as);
  // What is not decoded is no value of the key's schema.
  const isRaw = as === 'bytes' || as === 'stream' || as === 'blob';
  if (schema === undefined && (schemas === undefined || isRaw)) return value;
  const byPattern = isRaw ? undefined : schemas;
  return checkSchema(value, { key: prefix + object.info.key, byPattern, given: schema });
}

/**
 * Reads the value of an object, as what was asked for, else by its recorded content type, else by
 * its extension, else as JSON. Nothing is guessed from the content.
 * Errors: `invalid-data` for content that is not of its format, with the way out.
 */
async function decodeValue(
  codecs: Codecs,
  object: StoredObject,
  as: string | undefined,
): Promise<unknown> {
  switch (as) {
    case 'bytes':
    case 'binary':
      return object.bytes();
    case 'stream':
      return object.stream();
    case 'blob':
      return object.blob();
    default:
  }
  const { key, contentType = contentTypeOf(key) } = object.info;
  let codec: Codec;
  try {
    codec =
      as !== undefined
        ? codecs.named(as)
        : contentType === undefined
          ? jsonCodec
          : codecs.ofType(contentType);
  } catch (error) {
    await object.cancel(error);
    throw error;
  }
  const bytes = await object.bytes();
  try {
    if (codec === textCodec) return decodeText(bytes, contentType ?? '');
    const value = codec.decode(bytes);
    return value instanceof Promise ? await value : value;
  } catch (error) {
    if (isStorageError(error)) throw error;
    throw unreadable(codec, as ?? contentType, error);
  }
}

/** What JSON that is none fails with. */
export function unreadableJson({ key, contentType }: ObjectInfo, error: unknown): StorageError {
  return unreadable(jsonCodec, contentType ?? contentTypeOf(key), error);
}

/** The parsers of the platform quote the content, so only the place is taken from what they say. */
function unreadable(codec: Codec, told: string | undefined, error: unknown): StorageError {
  const own = codec === jsonCodec || codec === textCodec;
  const [place = ''] = (own && / at position \d+/.exec(String(error))) || [];
  const fields = own ? {} : { cause: error };
  return told === undefined
    ? new StorageError('invalid-data', `nothing tells its format, and it is no JSON${place}.`, {
        ...fields,
        hint: 'Say what it is: load(key, { as: "bytes" }), or "text", "yaml", "stream".',
      })
    : new StorageError('invalid-data', `it is not ${codec.name}${place}, as "${told}" says.`, {
        ...fields,
        hint: 'Read it as something else, such as load(key, { as: "bytes" }), or restore it.',
      });
}
