import { isStorageError, type OpenableBackend, type StorageEngine } from '@granary/storage-core';
import {
  didYouMean,
  parseStorageUrl,
  type StorageProvider,
  type StorageUrl,
} from '@granary/storage-core/provider';
import { optionsFor } from './backend-options.ts';
import { PROVIDER_SHAPES, PUBLISHED_BACKENDS } from './file-shape.ts';
import type { LayerName } from './layer-shapes.ts';
import { child } from './parse-config.ts';
import type { Finding, Path } from './problems.ts';
import { type ReadScope, readShape } from './read-shape.ts';
import { secretsOf, withoutSecrets } from './secrets.ts';
import type { Step } from './shape.ts';
import type { Environment } from './substitute.ts';
import type { MapTree, Tree } from './yaml-tree.ts';

/** Puts a layer over a provider. Options are those of the file, with variables replaced. */
export type OpenLayer = (
  provider: StorageProvider,
  options: Readonly<Record<string, unknown>>,
  /** The stores of the file, for layers that need another one. Errors: `invalid-config`. */
  storeOf: (name: string) => StorageEngine,
) => StorageProvider;

/** How each layer is made. */
export type LayerTable = { readonly [Name in LayerName]?: OpenLayer };

interface OpenSettings {
  readonly backends: readonly OpenableBackend[];
  readonly layers: LayerTable;
  readonly env: Environment;
  readonly file: string;
  readonly storeOf: (name: string) => StorageEngine;
  /** Stops below this layer. Default: all layers are made. */
  readonly below?: LayerName | undefined;
  readonly report: (finding: Finding) => void;
}

/** Where the options of a backend are, and of which. */
interface Source {
  readonly type: string;
  readonly from: { readonly url: StorageUrl } | { readonly config: object };
  /** What names the backend, and where that is. */
  readonly name: Spot;
  /** What its options stand in. */
  readonly options: Spot;
}

interface Spot {
  readonly tree: Tree;
  readonly path: Path;
}

/** Reads which backend a provider is of, and its options. Nothing where that failed, which is reported. */
export function readSource(tree: MapTree, path: Path, scope: ReadScope): Source | undefined {
  const spot = (name: string): Spot => ({ tree: child(tree, name) ?? tree, path: [...path, name] });
  if (child(tree, 'url') !== undefined) {
    const place = spot('url');
    const text = readPart(tree, path, 'url', scope);
    if (typeof text !== 'string') return undefined;
    const url = attempt(() => parseStorageUrl(text), [], place, scope.report);
    return url && { type: url.scheme, from: { url }, name: place, options: place };
  }
  const type = readPart(tree, path, 'type', scope);
  const config = readPart(tree, path, 'config', scope) ?? {};
  if (typeof type !== 'string') return undefined;
  return { type, from: { config }, name: spot('type'), options: spot('config') };
}

/** A provider, or the part of it below a layer, with the options of that. */
export interface OpenedProvider {
  readonly provider: StorageProvider;
  /** Options of the layer that was asked for, where it is there. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Makes a provider with its layers. Nothing where that failed, which is reported. */
export function openProvider(
  tree: MapTree,
  path: Path,
  settings: OpenSettings,
): OpenedProvider | undefined {
  const { backends, file, env } = settings;
  let isBroken = false;
  const report = (finding: Finding): void => {
    isBroken = true;
    settings.report(finding);
  };
  const steps = (readPart(tree, path, 'layers', { report, env }) ?? []) as readonly Step[];
  const source = readSource(tree, path, { report, env });
  // What a backend would say of options that are not all there is a consequence.
  if (source === undefined || isBroken) return undefined;
  const { type, from, name, options } = source;
  const backend = findBackend(type, backends, (message, hint) => {
    report({ at: name.tree.at, path: name.path, message, hint });
  });
  const made = backend && optionsFor(backend, from, { ...options, file, report });
  const bottom =
    made && attempt(() => backend.provider(made.options as never), made.secrets, options, report);
  if (bottom === undefined) return undefined;
  const layers = { tree: child(tree, 'layers') ?? tree, path: [...path, 'layers'] };
  return addLayers(bottom, steps, layers, { ...settings, report });
}

function readPart(tree: MapTree, path: Path, name: string, scope: ReadScope): unknown {
  const part = child(tree, name);
  const shape = PROVIDER_SHAPES[name];
  if (part === undefined || shape === undefined) return undefined;
  return readShape(part, shape, [...path, name], scope);
}

function addLayers(
  bottom: StorageProvider,
  steps: readonly Step[],
  { tree, path }: Spot,
  { layers, storeOf, below: last, report }: OpenSettings,
): OpenedProvider | undefined {
  let provider: StorageProvider | undefined = bottom;
  // The first one listed is the outermost.
  for (const [index, { name, options }] of [...steps.entries()].reverse()) {
    const item = tree.kind === 'list' ? tree.items[index] : undefined;
    const place = { tree: item ?? tree, path: [...path, index] };
    if (name === last) return provider && { provider, options };
    const open = layers[name as LayerName];
    if (open === undefined) {
      const message = `the layer "${name}" is not among those passed.`;
      report({ at: place.tree.at, path: place.path, message, hint: 'Pass it in `layers`.' });
      return undefined;
    }
    const below: StorageProvider | undefined = provider;
    provider =
      below && attempt(() => open(below, options, storeOf), secretsOf(options), place, report);
  }
  return provider && { provider };
}

/** Runs what may refuse its options, and says where in the file they stand. */
function attempt<Result>(
  work: () => Result,
  secrets: readonly string[],
  { tree, path }: Spot,
  report: (finding: Finding) => void,
): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (!isStorageError(error)) throw error;
    report({ at: tree.at, path, message: withoutSecrets(error.message, secrets) });
    return undefined;
  }
}

function findBackend(
  type: string,
  backends: readonly OpenableBackend[],
  wrong: (message: string, hint: string | undefined) => void,
): OpenableBackend | undefined {
  const found = backends.find(({ backend }) => namesOf(backend).includes(type));
  if (found !== undefined) return found;
  const passed = [...new Set(backends.flatMap(({ backend }) => namesOf(backend)))];
  const published = Object.entries(PUBLISHED_BACKENDS);
  const [id] = published.find(([name, others]) => name === type || others.includes(type)) ?? [];
  const all = passed.length === 0 ? 'none' : passed.join(', ');
  wrong(
    `there is no backend "${type}" here; there are: ${all}.`,
    id === undefined
      ? didYouMean(type, [...passed, ...published.flat(2)])
      : `Run "npm install @granary/storage-${id}" and pass its factory in \`backends\`.`,
  );
  return undefined;
}

function namesOf({ name, aliases = [], schemes = [] }: OpenableBackend['backend']): string[] {
  return [name, ...aliases, ...schemes];
}
