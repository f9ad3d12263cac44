import {
  createStorage,
  type EngineOptions,
  type OpenableBackend,
  type StorageEngine,
} from '@granary/storage-core';
import { didYouMean, StorageError } from '@granary/storage-core/provider';
import type { LayerName } from './layer-shapes.ts';
import { type LayerTable, type OpenedProvider, openProvider, readSource } from './open-provider.ts';
import { type StorageConfig, sourcesIn } from './parse-config.ts';
import {
  type ConfigProblem,
  configError,
  configProblems,
  type Finding,
  type Path,
  toProblem,
} from './problems.ts';
import { readShape } from './read-shape.ts';
import type { Environment } from './substitute.ts';
import type { MapTree } from './yaml-tree.ts';

/** A provider of a file, and where it is. */
interface ProviderPlace {
  readonly tree: MapTree;
  readonly path: Path;
}

/** Options of {@link openStores}. */
export interface OpenStoresOptions {
  /** Factories of the backends that the file may name: `createS3`, `createFileSystem` … */
  readonly backends: readonly OpenableBackend[];
  /** Layers that the file may name. Default: none. */
  readonly layers?: LayerTable;
  /** Variables, such as `process.env`. Default: none. */
  readonly env?: Environment;
  /** Codecs, schemas and the rest of each storage. */
  readonly engine?: EngineOptions;
}

/** The stores of a configuration. Each is made when it is first asked for; no I/O happens before its first operation. */
export interface Stores extends AsyncDisposable {
  /** The store of a name, the same each time. Errors: `invalid-config`, `closed`. */
  get(name: string): StorageEngine;
  /**
   * What stands under a layer of a store, and the options of the layer: for work on what it keeps, such
   * as wrapping keys anew. It is made anew each time; close it. Nothing where there is no such layer.
   * Errors: `invalid-config`.
   */
  under(name: string, layer: LayerName): Required<OpenedProvider> | undefined;
  /** The store of `default_provider`, or the only one. Errors: `invalid-config`, `closed`. */
  readonly default: StorageEngine;
  /** Names of all stores, in the order of the file. */
  names(): readonly string[];
  /** Name of the default store. Errors: `invalid-config` where there is none. */
  defaultName(): string;
  /** Name of the backend of a store, as the file says it. Errors: `invalid-config` for no such store, and where a variable says it that is not set. */
  typeOf(name: string): string;
  /** Makes every store, and returns all that is wrong: variables, options of backends and layers, the order of layers. Does no I/O. */
  check(): readonly ConfigProblem[];
  /** Closes all stores that were asked for. */
  close(): Promise<void>;
}

/** Opens the stores of a configuration with these backends and layers. Does no I/O. */
export function openStores(config: StorageConfig, options: OpenStoresOptions): Stores {
  const { backends, layers = {}, env = {}, engine } = options;
  const { file } = config;
  const sources = sourcesIn(config);
  const opened = new Map<string, StorageEngine>();
  /** Those that are being made: a layer can ask for another store. */
  const opening = new Set<string>();
  let isClosed = false;

  function names(): readonly string[] {
    return config.providers.map(({ name }) => name);
  }

  function get(name: string): StorageEngine {
    if (isClosed) throw new StorageError('closed', `the stores of ${file} are closed.`);
    const known = opened.get(name);
    if (known !== undefined) return known;
    const { provider } = open(name);
    const store = createStorage(provider, engine);
    opened.set(name, store);
    return store;
  }

  function open(name: string, below?: LayerName): OpenedProvider {
    const { tree, path } = placeOf(name);
    if (opening.has(name)) {
      const message = `the provider "${name}" needs itself, by way of its layers.`;
      throw new StorageError('invalid-config', message);
    }
    opening.add(name);
    try {
      const settings = { backends, layers, env, file, storeOf: get, below };
      return collect((report) => openProvider(tree, path, { ...settings, report }));
    } finally {
      opening.delete(name);
    }
  }

  function placeOf(name: string): ProviderPlace {
    const tree = Object.hasOwn(sources.providers, name) ? sources.providers[name] : undefined;
    if (tree !== undefined) return { tree, path: ['storage', 'providers', name] };
    const message = `${file} has no provider "${name}". Providers are: ${names().join(', ')}.`;
    throw new StorageError('invalid-config', message, { hint: didYouMean(name, names()) });
  }

  function defaultName(): string {
    const [only, ...others] = names();
    const tree = sources.default;
    if (tree === undefined && only !== undefined && others.length === 0) return only;
    const path = ['storage', 'default_provider'];
    return collect((report) => {
      if (tree === undefined) {
        const message = 'the key "default_provider" is missing, and there are several providers.';
        report({ at: { line: 1, column: 1 }, path, message });
        return '';
      }
      const name = readShape(tree, { kind: 'text' }, path, { report, env });
      if (typeof name === 'string' && !names().includes(name)) {
        const message = `there is no provider "${name}". Providers are: ${names().join(', ')}.`;
        report({ at: tree.at, path, message, hint: didYouMean(name, names()) });
      }
      return String(name);
    });
  }

  function collect<Result>(work: (report: (finding: Finding) => void) => Result | undefined) {
    const findings: Finding[] = [];
    const result = work((finding) => {
      findings.push(finding);
    });
    if (findings.length > 0 || result === undefined) {
      throw configError(findings.map((finding) => toProblem(file, finding)));
    }
    return result;
  }

  async function close(): Promise<void> {
    isClosed = true;
    const stores = [...opened.values()];
    opened.clear();
    const results = await Promise.allSettled(stores.map((store) => store.close()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  return {
    get,
    under(name, layer) {
      const { provider, options } = open(name, layer);
      return options && { provider, options };
    },
    typeOf(name) {
      const { tree, path } = placeOf(name);
      return collect((report) => readSource(tree, path, { report, env })?.type);
    },
    get default() {
      return get(defaultName());
    },
    names,
    defaultName,
    check: () => [
      ...problemsOf(() => {
        if (sources.default !== undefined) defaultName();
      }),
      ...names().flatMap((name) => problemsOf(() => get(name))),
    ],
    close,
    [Symbol.asyncDispose]: close,
  };
}

function problemsOf(work: () => unknown): readonly ConfigProblem[] {
  try {
    work();
    return [];
  } catch (error) {
    const problems = configProblems(error);
    if (problems.length === 0) throw error;
    return problems;
  }
}
