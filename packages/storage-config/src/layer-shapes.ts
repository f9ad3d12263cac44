import type { FieldsShape, NamedShape, Shape } from './shape.ts';

const words = (about: string, oneOf: readonly string[]): Shape => ({ kind: 'text', about, oneOf });
const text = (about: string): Shape => ({ kind: 'text', about });
const flag = (about: string): Shape => ({ kind: 'flag', about });
const size = (about: string): Shape => ({ kind: 'size', about });
const count = (about: string, least = 0): Shape => ({
  kind: 'number',
  about,
  isWhole: true,
  least,
});
const texts = (about: string): Shape => ({ kind: 'list', about, of: { kind: 'text' } });
const byPattern = (about: string, of: Shape): NamedShape => ({
  kind: 'named',
  about,
  of,
  names: /./,
  meaning: 'a pattern of keys has a character or more.',
  reserved: [],
});

const encryptionRule: FieldsShape = {
  kind: 'fields',
  about: 'What must hold for an object to be encrypted by itself.',
  fields: {
    key: text('A pattern of keys, in which * stands for anything.'),
    tag: text('A tag that it has.'),
  },
  isNeverEmpty: true,
};

/** Where a key of encryption is; one of them. */
const KEY_SOURCES: Readonly<Record<string, Shape>> = {
  passphrase: text('What the key is made of. Better a variable.'),
  key: text('The key itself: 32 bytes in base64. Better a variable.'),
};

const validation: Readonly<Record<string, Shape>> = {
  contentTypes: texts('Media types that may be declared, such as image/*.'),
  contentTypeByContent: flag('The declared type must be the one that the content shows.'),
  minBytes: size('The least that content has.'),
  maxBytes: size('The most that content has.'),
  name: text('A regular expression for the last segment of the key.'),
  extensions: texts('Extensions that the key may have, without the dot.'),
};

const limit: Readonly<Record<string, Shape>> = {
  maxBytes: size('Bytes in all.'),
  maxObjects: count('Objects in all.'),
};

/** The layers that a file can name, with their options. */
export const LAYER_SHAPES: Readonly<Record<LayerName, FieldsShape>> = {
  compress: {
    kind: 'fields',
    about: 'Keeps content as gzip: what is saved with compress: true, and what is named here.',
    fields: {
      always: flag('All that shrinks. Default: false.'),
      contentTypes: texts('Media types that are compressed, such as text/*.'),
      keys: texts('Patterns of keys that are compressed, in which * stands for anything.'),
      foreign: words('What happens to objects that were written otherwise. Default: read.', [
        'read',
        'refuse',
      ]),
    },
  },
  encrypt: {
    kind: 'fields',
    about: 'Encrypts content and metadata, with a key of the vault where none is given.',
    fields: {
      ...KEY_SOURCES,
      vault: text('Name of a key of the vault. Default: storage.'),
      older: {
        kind: 'list',
        about: 'Keys that open what was written under them; nothing new is.',
        of: {
          kind: 'fields',
          fields: { ...KEY_SOURCES, vault: text('Name of a key of the vault.') },
          choices: [{ names: ['passphrase', 'key', 'vault'], isRequired: true }],
        },
      },
      encryption: {
        kind: 'fields',
        about: 'How it is encrypted.',
        fields: {
          algorithm: words('The only one there is.', ['AES-256-GCM']),
          keyDerivation: words('How a key is made of a passphrase. Default: PBKDF2.', [
            'PBKDF2',
            'Argon2id',
          ]),
        },
      },
      bind: words('What an object is bound to. Default: key.', ['key', 'context']),
      context: text('What the store is for; objects of another context are not read.'),
      mode: words('Whether all is encrypted, or what is asked for. Default: required.', [
        'required',
        'per-save',
      ]),
      rules: {
        kind: 'list',
        about: 'What is encrypted by itself in the mode per-save.',
        of: encryptionRule,
      },
    },
    choices: [{ names: ['passphrase', 'key', 'vault'], isRequired: false }],
  },
  integrity: {
    kind: 'fields',
    about: 'Keeps a checksum with what is written, and compares it when that is read.',
    fields: {
      unchecked: words('What happens without a checksum. Default: read.', [
        'allow',
        'read',
        'refuse',
      ]),
      repair: {
        kind: 'fields',
        about: 'Where right content comes from when what is stored is damaged.',
        fields: { from: text('Name of a provider of this file with the same objects.') },
        required: ['from'],
      },
    },
  },
  validate: {
    kind: 'fields',
    about: 'Takes only what its rules let in. What stands here itself holds for every key.',
    fields: {
      ...validation,
      rules: byPattern('Rules by pattern of keys, in which * stands for anything.', {
        kind: 'fields',
        fields: validation,
      }),
      onRead: flag('Checks what is read too. Default: false.'),
    },
  },
  quota: {
    kind: 'fields',
    about: 'Holds so much and no more.',
    fields: {
      ...limit,
      limits: byPattern('Limits by pattern of keys, in which * stands for anything.', {
        kind: 'fields',
        fields: limit,
      }),
      count: words('Where the first count comes from. Default: listing.', ['listing', 'usage']),
      recountAfterMs: count('Counts anew that long after the last count. Units: ms.', 1),
    },
  },
  expire: {
    kind: 'fields',
    about: 'Gives what is saved a time to live, and deletes it some time after.',
    fields: {
      ttl: {
        kind: 'mixed',
        about: 'How long items live that are saved without an expiration. Units: ms.',
        value: count('For every key. Units: ms.', 1),
        map: byPattern(
          'By pattern of keys, in which * stands for anything. Units: ms.',
          count('Units: ms.', 1),
        ),
      },
      sliding: flag('Reading an item gives it its whole time again. Default: false.'),
      sweep: {
        kind: 'fields',
        about: 'Deletes expired items from time to time.',
        fields: {
          intervalMs: count('Time between two sweeps. Units: ms.', 1),
          jitter: { kind: 'number', about: 'Share by which that varies. Default: 0.1.', least: 0 },
          prefix: text('Sweeps only keys that start so. Default: all.'),
          scan: flag('Allows a request per key. Default: false.'),
          concurrency: count('Deletes at once. Default: 16.', 1),
        },
        required: ['intervalMs'],
      },
    },
  },
  shred: {
    kind: 'fields',
    about: 'Leaves as little behind as can be of what is deleted.',
    fields: {
      overwrite: words('Whether content is overwritten first. Default: auto.', [
        'auto',
        'always',
        'never',
      ]),
      onReplace: flag('Shreds what a write replaces, too. Default: false.'),
      copies: texts('Names of providers of this file whose copies are shredded too.'),
    },
  },
  retry: {
    kind: 'fields',
    about: 'Tries again what may succeed then. Remote backends have this already.',
    fields: {
      attempts: count('Tries in all. Default: 4.', 1),
      backoff: words('How waits grow. Default: exponential.', ['exponential', 'constant', 'none']),
      baseDelayMs: count('First wait. Units: ms. Default: 100.'),
      maxDelayMs: count('Longest wait. Units: ms. Default: 20,000.'),
      maxRetryAfterMs: count(
        'Longest wait that a service may ask for. Units: ms. Default: 60,000.',
      ),
      attemptTimeoutMs: count('Longest try; 0 means none. Units: ms. Default: 60,000.'),
      idleTimeoutMs: count(
        'Longest silence inside content; 0 means none. Units: ms. Default: 30,000.',
      ),
      totalTimeoutMs: count('Longest operation, waits included. Units: ms. Default: none.'),
    },
  },
};

/** Layers that a file can name. */
export type LayerName =
  | 'compress'
  | 'encrypt'
  | 'integrity'
  | 'validate'
  | 'quota'
  | 'expire'
  | 'shred'
  | 'retry';

/** Names of {@link LAYER_SHAPES}. */
export const LAYER_NAMES: readonly LayerName[] = Object.keys(LAYER_SHAPES) as LayerName[];
