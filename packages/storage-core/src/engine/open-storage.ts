import { parseStorageUrl } from '../config/storage-url.ts';
import type { EngineOptions, StorageEngine } from '../contract/engine.ts';
import type { ConfigSource } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { AnyItems, ItemTypes } from '../contract/values.ts';
import { StorageError } from '../errors/storage-error.ts';
import { createEngine } from './create-engine.ts';

/** What `openStorage` needs of a backend's factory: `createS3`, `createFileSystem` … */
export interface OpenableBackend {
  readonly backend: {
    readonly name: string;
    readonly aliases?: readonly string[];
    readonly schemes?: readonly string[];
    readonly fromConfig?: (source: ConfigSource) => unknown;
  };
  readonly provider: (options: never) => StorageProvider;
}

/** Options of {@link openStorage}. */
export interface OpenStorageOptions {
  /** Factories of the backends that a URL may name. */
  readonly backends: readonly OpenableBackend[];
  /** Codecs, schemas and the rest of the storage itself. */
  readonly engine?: EngineOptions;
}

/** Packages by the schemes that are not named like them. */
const PACKAGES: Readonly<Record<string, string>> = {
  azblob: 'azure',
  az: 'azure',
  file: 'fs',
  filesystem: 'fs',
  gs: 'gcs',
  granary: 'cloud',
  http: 'cloud',
  https: 'cloud',
  indexeddb: 'idb',
  local: 'fs',
};
/** Backends that Granary publishes; of others nobody knows the package. */
const PUBLISHED =
  /^(memory|fs|idb|localstorage|opfs|s3|gcs|azure|supabase|gdrive|onedrive|dropbox|cloud)$/;

/**
 * Makes a storage from a URL such as `s3://bucket/prefix?region=eu-west-1`, with the backends that are
 * passed. Does no I/O before the first operation.
 * Errors: `invalid-config` for what is no URL, and for a scheme that no passed backend answers to, with
 * the package to install.
 */
export function openStorage<Items extends ItemTypes = AnyItems>(
  url: string,
  options: OpenStorageOptions,
): StorageEngine<Items> {
  const parsed = parseStorageUrl(url);
  const { scheme } = parsed;
  const found = options.backends.find(({ backend }) => namesOf(backend).includes(scheme));
  if (found === undefined) throw unknownScheme(scheme, options.backends);
  const { fromConfig, name } = found.backend;
  if (fromConfig === undefined) {
    throw new StorageError('invalid-config', `"${name}" cannot be opened by a URL.`, {
      hint: 'Make it with its factory and options instead.',
    });
  }
  return createEngine<Items>(found.provider(fromConfig({ url: parsed }) as never), options.engine);
}

function namesOf({ name, aliases = [], schemes = [] }: OpenableBackend['backend']): string[] {
  return [name, ...aliases, ...schemes];
}

function unknownScheme(scheme: string, backends: readonly OpenableBackend[]): StorageError {
  const known = PACKAGES[scheme] ?? scheme;
  const passed = backends.flatMap(({ backend }) => namesOf(backend)).join(', ');
  const install = PUBLISHED.test(known)
    ? `Run "npm install @granary/storage-${known}" and pass its factory in \`backends\`.`
    : 'Install a backend for it and pass its factory in `backends`.';
  return new StorageError(
    'invalid-config',
    `none of the backends passed answers to "${scheme}:".`,
    { hint: `${install} Passed are: ${passed === '' ? 'none' : passed}.` },
  );
}
