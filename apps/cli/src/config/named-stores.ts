import { readFile } from 'node:fs/promises';
import type {
  ConfigProblem,
  LayerName,
  OpenedProvider,
  StorageConfig,
  Stores,
} from '@granary/storage-config';
import { isStorageError, type OpenableBackend, type StorageEngine } from '@granary/storage-core';
import { StorageError } from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import type { Backends } from '../backends/find-backend.ts';
import type { Host } from '../host.ts';
import { findConfig } from './find-config.ts';
import { loadLayers } from './load-layers.ts';

/** The stores that a file gives names. It is looked for and read when it is first needed. */
export interface NamedStores {
  /** Path of the file; nothing where there is none. Errors: `invalid-config`. */
  file(): Promise<string | undefined>;
  /** What the file says. Errors: `invalid-config`, `not-found` for a file that was asked for. */
  config(): Promise<StorageConfig | undefined>;
  /** Opens a store with its layers. Errors: `invalid-config`. */
  open(name: string): Promise<StorageEngine>;
  /** What stands under a layer of a store, with the options of the layer. Errors: `invalid-config`. */
  under(name: string, layer: LayerName): Promise<Required<OpenedProvider> | undefined>;
  /** What is wrong with the file, variables and options included. Errors: as `config`, but for problems of the file. */
  check(): Promise<readonly ConfigProblem[]>;
  /** Closes every store that was opened, those that layers needed too. */
  close(): Promise<void>;
}

export interface NamedStoresSettings {
  /** The file that was asked for. */
  readonly config: string | undefined;
  /** Called once, with the file that is used. */
  readonly onUse: (file: string) => Promise<void> | undefined;
  /** Where the keys of encrypted stores are. */
  readonly vault: () => Promise<Vault>;
}

/** Layers that can need another store of the file. */
const OVER_OTHERS: ReadonlySet<LayerName> = new Set(['integrity', 'shred']);

/** Makes the stores of the file that belongs to the current folder. Reads nothing yet. */
export function openNamedStores(
  host: Pick<Host, 'cwd' | 'env'>,
  backends: Backends,
  settings: NamedStoresSettings,
): NamedStores {
  const opened: Stores[] = [];
  let found: Promise<string | undefined> | undefined;
  let read: Promise<StorageConfig | undefined> | undefined;

  function file(): Promise<string | undefined> {
    found ??= findConfig(host, settings.config);
    return found;
  }

  function config(): Promise<StorageConfig | undefined> {
    read ??= readConfig();
    return read;
  }

  async function fileNeeded(): Promise<StorageConfig> {
    const parsed = await config();
    if (parsed === undefined) throw noFile(host.cwd);
    return parsed;
  }

  async function readConfig(): Promise<StorageConfig | undefined> {
    const path = await file();
    if (path === undefined) return undefined;
    const [{ parseConfig }, text] = await Promise.all([
      import('@granary/storage-config'),
      readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
        throw cause.code === 'ENOENT'
          ? new StorageError('not-found', `${path}: there is no such file.`, { cause })
          : new StorageError('invalid-config', `${path} cannot be read (${cause.code}).`, {
              cause,
            });
      }),
    ]);
    const parsed = parseConfig(text, { file: path });
    await settings.onUse(path);
    return parsed;
  }

  /** The stores, with the backends and layers that these of them need. */
  async function storesOf(parsed: StorageConfig, names: readonly string[]): Promise<Stores> {
    const { openStores } = await import('@granary/storage-config');
    const { env } = host;
    const { typeOf } = openStores(parsed, { backends: [], env });
    const asked = parsed.providers.filter(({ name }) => names.includes(name));
    const needsOthers = asked.some(({ layers }) => layers.some((layer) => OVER_OTHERS.has(layer)));
    const used = needsOthers ? parsed.providers : asked;
    const types = [...new Set(used.flatMap(({ name }) => knownType(typeOf, name)))];
    const [factories, layers] = await Promise.all([
      Promise.all(types.map((type) => factoryOf(type, backends))),
      loadLayers(
        used.flatMap((provider) => provider.layers),
        settings.vault,
      ),
    ]);
    const given = (await backends.given()).map(({ factory }) => factory);
    const stores = openStores(parsed, { backends: [...factories, ...given], layers, env });
    opened.push(stores);
    return stores;
  }

  return {
    file,
    config,
    async open(name) {
      return (await storesOf(await fileNeeded(), [name])).get(name);
    },
    async under(name, layer) {
      return (await storesOf(await fileNeeded(), [name])).under(name, layer);
    },
    async check() {
      const { configProblems } = await import('@granary/storage-config');
      try {
        const parsed = await fileNeeded();
        const names = parsed.providers.map(({ name }) => name);
        return (await storesOf(parsed, names)).check();
      } catch (error) {
        const problems = configProblems(error);
        if (problems.length === 0) throw error;
        return problems;
      }
    },
    async close() {
      await Promise.all(opened.splice(0).map((stores) => stores.close()));
    },
  };
}

/** Nothing where a variable is missing: opening the store tells that. */
function knownType(typeOf: (name: string) => string, name: string): readonly string[] {
  try {
    return [typeOf(name)];
  } catch (error) {
    if (isStorageError(error, 'invalid-config')) return [];
    throw error;
  }
}

/** A backend by its name in a file. Where there is none, what stands for it says so when it is opened, so that the place in the file is told. */
async function factoryOf(type: string, backends: Backends): Promise<OpenableBackend> {
  try {
    return (await backends.find(type)).factory;
  } catch (error) {
    if (!isStorageError(error, 'invalid-config')) throw error;
    return {
      backend: {
        name: type,
        fromConfig() {
          throw error;
        },
      },
      provider() {
        throw error;
      },
    };
  }
}

function noFile(cwd: string): StorageError {
  return new StorageError('not-found', `there is no storage.yaml in ${cwd} or above it.`, {
    hint: 'Write one, or name a file with --config.',
  });
}
