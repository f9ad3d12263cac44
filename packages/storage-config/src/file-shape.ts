import { LAYER_SHAPES } from './layer-shapes.ts';
import type { FieldsShape, Shape, SizeShape, TextShape } from './shape.ts';

/** Names of the backends that Granary publishes, with the other names that they answer to. */
export const PUBLISHED_BACKENDS: Readonly<Record<string, readonly string[]>> = {
  memory: [],
  fs: ['filesystem', 'local'],
  idb: ['indexeddb'],
  localstorage: [],
  opfs: [],
  s3: [],
  gcs: [],
  azure: [],
  supabase: [],
  gdrive: [],
  onedrive: [],
  dropbox: [],
  cloud: [],
};

/** Begin URLs that need no `//`, so that `file:docs` could not be told from a store of that name. */
const RESERVED_NAMES: readonly string[] = ['file', 'memory'];

const name = (about: string): TextShape => ({ kind: 'text', about, isLiteral: true });

const provider: FieldsShape = {
  kind: 'fields',
  about: 'A store: a backend with its options, and the layers over it.',
  fields: {
    type: {
      kind: 'text',
      about: 'The backend, by its name or one of its other names.',
      isLiteral: true,
      examples: Object.entries(PUBLISHED_BACKENDS).flat(2),
    },
    config: { kind: 'values', about: 'Options of the backend, as its README names them.' },
    url: {
      kind: 'text',
      about: 'The backend and its options as a URL, in place of type and config.',
      isUrl: true,
      examples: ['s3://bucket/prefix?region=eu-west-1', 'file:./data'],
    },
    layers: {
      kind: 'list',
      about: 'Layers, in the order in which data passes them when it is written.',
      of: { kind: 'step', about: 'A layer, alone or with its options.', steps: LAYER_SHAPES },
    },
  },
  choices: [
    { names: ['type', 'url'], isRequired: true },
    { names: ['config', 'url'], isRequired: false },
  ],
};

const sizeLimit: SizeShape = {
  kind: 'size',
  about: 'Larger than this, in bytes or as 100MB (10^6) or 100MiB (2^20).',
};

const rule: FieldsShape = {
  kind: 'fields',
  about: 'Where artifacts go; the first rule that holds decides.',
  fields: {
    condition: {
      kind: 'fields',
      about: 'What must hold; without it, the rule always does and is the last one.',
      fields: {
        artifact_type: name('The type of an artifact, such as video.'),
        size_gt: sizeLimit,
      },
      isNeverEmpty: true,
    },
    provider: name('Name of a provider of this file.'),
  },
  required: ['provider'],
};

/** All that a file can say. */
export const FILE_SHAPE: FieldsShape = {
  kind: 'fields',
  about: 'Stores of Granary.',
  fields: {
    $schema: name('Where editors find the schema.'),
    storage: {
      kind: 'fields',
      fields: {
        default_provider: {
          kind: 'text',
          about: 'Name of the provider that is used where none is named.',
        },
        providers: {
          kind: 'named',
          about: 'Stores by name.',
          of: provider,
          names: /^[A-Za-z][A-Za-z0-9_.-]+$/,
          meaning:
            'a name has two characters or more: letters, digits, "_", "-" and ".", a letter first.',
          reserved: RESERVED_NAMES,
        },
        routing_rules: { kind: 'list', about: 'Rules of an artifact manager.', of: rule },
      },
      required: ['providers'],
    },
  },
  required: ['storage'],
};

/** Shapes of the parts of a provider that are read when it is opened. */
export const PROVIDER_SHAPES: Readonly<Record<string, Shape>> = provider.fields;
