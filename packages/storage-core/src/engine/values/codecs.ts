import { contentTypeOf } from '../../attributes/content-type.ts';
import type { Codec } from '../../contract/values.ts';
import { StorageError } from '../../errors/storage-error.ts';
import { binaryCodec } from './binary-codec.ts';
import { jsonCodec } from './json-codec.ts';
import { textCodec } from './text-codec.ts';

/** YAML; its parser is loaded when the first value needs it. */
const yamlCodec: Codec = {
  name: 'yaml',
  contentType: 'application/yaml',
  encode: async (value) => (await import('./yaml-codec.ts')).toYamlText(value),
  decode: async (bytes) => (await import('./yaml-codec.ts')).parseYaml(bytes),
};

const BUILT_IN: readonly Codec[] = [jsonCodec, yamlCodec, textCodec, binaryCodec];

/** Content types of Granary's own codecs, which nothing else can read. */
const OWN_TYPE = 'application/vnd.granary.';

/** The codecs of one engine. */
export interface Codecs {
  /** Errors: `invalid-argument` that names the formats there are. */
  named(format: string): Codec;
  /** The codec of a content type. Errors: `invalid-data` for a type of a codec that was not given. */
  ofType(contentType: string): Codec;
  /** The codec that the name of a key implies, if it implies one. */
  ofKey(key: string): Codec | undefined;
}

/** Codecs by format and by content type; given ones come before the four that are always there. */
export function codecsOf(given: readonly Codec[] = []): Codecs {
  const all = [...given, ...BUILT_IN];

  function ofType(contentType: string): Codec {
    const type = essence(contentType);
    const own = given.find((codec) => essence(codec.contentType) === type);
    if (own !== undefined) return own;
    if (type.startsWith(OWN_TYPE)) {
      throw new StorageError('invalid-data', `its content type "${type}" needs a codec.`, {
        hint: 'Give that codec to the storage: createStorage(provider, { codecs: [richJson] }).',
      });
    }
    return builtInOf(type);
  }

  return {
    named(format) {
      const codec = all.find(({ name }) => name === format);
      if (codec !== undefined) return codec;
      throw new StorageError('invalid-argument', `there is no format "${format}".`, {
        outcome: 'not-applied',
        hint: `There are ${all.map(({ name }) => name).join(', ')}; further ones are given as codecs.`,
      });
    },
    ofType,
    ofKey(key) {
      const type = contentTypeOf(key);
      return type === undefined ? undefined : ofType(type);
    },
  };
}

function builtInOf(type: string): Codec {
  if (/[/+]json$/.test(type)) return jsonCodec;
  if (/[/+](x-)?yaml$/.test(type)) return yamlCodec;
  return /^text\/|[/+]xml$|\/(x-ndjson|sql|toml|javascript)$/.test(type) ? textCodec : binaryCodec;
}

/** A content type in lower case without its parameters. */
export function essence(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
