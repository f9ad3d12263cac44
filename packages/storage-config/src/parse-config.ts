import { didYouMean } from '@granary/storage-core/provider';
import { FILE_SHAPE } from './file-shape.ts';
import type { LayerName } from './layer-shapes.ts';
import { configError, type Finding, type Path, toProblem } from './problems.ts';
import { readShape } from './read-shape.ts';
import type { Step } from './shape.ts';
import { hasVariables } from './substitute.ts';
import { type MapTree, readTree, type Tree } from './yaml-tree.ts';

/** Options of {@link parseConfig}. */
export interface ParseConfigOptions {
  /** Name or path of the file, for messages and as what relative paths in it are relative to. Default: `storage.yaml`, in the current folder. */
  readonly file?: string;
}

/** What a file says, checked as far as it can be without variables and backends. It holds no secret that can be printed. */
export interface StorageConfig {
  readonly file: string;
  /** As it is written, so with variables where it has some. */
  readonly defaultProvider: string | undefined;
  readonly providers: readonly ProviderConfig[];
  /** Rules of an artifact manager, in their order. Kept as data: nothing here routes by them. */
  readonly routingRules: readonly RoutingRule[];
}

/** A store of a file. */
export interface ProviderConfig {
  readonly name: string;
  /** Name of its backend, which can be one of the other names of that; of a URL, the scheme. Nothing where a variable says it. */
  readonly type: string | undefined;
  /** The outermost first. */
  readonly layers: readonly LayerName[];
}

/** Where artifacts go when its conditions hold; without conditions, always. */
export interface RoutingRule {
  readonly provider: string;
  readonly artifactType?: string;
  /** Larger than this. Units: bytes. */
  readonly sizeGt?: number;
}

/** A configuration with the file behind it. */
interface SourcedConfig extends StorageConfig {
  readonly [SOURCE]: ConfigSources;
}

/** Parts of the file, which are read again when variables are known. */
export interface ConfigSources {
  readonly default: Tree | undefined;
  readonly providers: Readonly<Record<string, MapTree>>;
}

interface RawRule {
  readonly provider?: string;
  readonly condition?: { readonly artifact_type?: string; readonly size_gt?: number };
}

interface RawFile {
  readonly storage?: {
    readonly default_provider?: string;
    readonly providers?: Readonly<
      Record<string, { readonly type?: string; readonly layers?: readonly Step[] } | undefined>
    >;
    readonly routing_rules?: readonly RawRule[];
  };
}

const SOURCE: unique symbol = Symbol.for('@granary/storage-config/source');
const URL_SCHEME = /^([a-z][a-z\d+.-]+):/i;

/**
 * Reads the text of `storage.yaml`, or the same as JSON. Does no I/O and looks at no variable.
 * Errors: `invalid-config` with all problems at once, each with file, line, column, path and what is
 * allowed; `configProblems` gives them as data.
 */
export function parseConfig(
  text: string,
  { file = 'storage.yaml' }: ParseConfigOptions = {},
): StorageConfig {
  const findings: Finding[] = [];
  const report = (finding: Finding): void => {
    findings.push(finding);
  };
  const tree = readTree(text, report);
  const raw: RawFile =
    tree === undefined
      ? {}
      : ((readShape(tree, FILE_SHAPE, [], { report, env: undefined }) ?? {}) as RawFile);
  const sources = tree === undefined ? undefined : sourcesOf(tree);
  if (sources !== undefined) checkReferences(raw, sources, tree, report);
  if (findings.length > 0 || sources === undefined) {
    throw configError(findings.sort(byPlace).map((finding) => toProblem(file, finding)));
  }
  return toConfig(file, raw, sources);
}

/** Parts of the file behind a configuration. */
export function sourcesIn(config: StorageConfig): ConfigSources {
  return (config as SourcedConfig)[SOURCE];
}

function toConfig(file: string, { storage = {} }: RawFile, sources: ConfigSources): StorageConfig {
  const config: StorageConfig = {
    file,
    defaultProvider: writtenText(sources.default),
    providers: Object.entries(storage.providers ?? {}).map(([name, provider]) => ({
      name,
      type: provider?.type ?? schemeOf(child(sources.providers[name], 'url')),
      layers: (provider?.layers ?? []).map((step) => step.name as LayerName),
    })),
    routingRules: (storage.routing_rules ?? []).map(toRule),
  };
  return Object.defineProperty(config, SOURCE, { value: sources });
}

function toRule({ provider = '', condition = {} }: RawRule): RoutingRule {
  const { artifact_type: artifactType, size_gt: sizeGt } = condition;
  return {
    provider,
    ...(artifactType !== undefined && { artifactType }),
    ...(sizeGt !== undefined && { sizeGt }),
  };
}

/** What no shape can say: that names are those of providers, which rule is the last, that no layer is there twice. */
function checkReferences(
  { storage = {} }: RawFile,
  sources: ConfigSources,
  tree: Tree | undefined,
  report: (finding: Finding) => void,
): void {
  const names = Object.keys(storage.providers ?? {});
  const root = child(tree, 'storage');
  const check = (at: Tree | undefined, path: Path, used: string | undefined): void => {
    if (used === undefined || at === undefined || names.includes(used)) return;
    const message = `there is no provider "${used}". Providers are: ${names.join(', ')}.`;
    report({ at: at.at, path, message, hint: didYouMean(used, names) });
  };
  check(sources.default, ['storage', 'default_provider'], storage.default_provider);
  const rules = child(root, 'routing_rules');
  const items = rules?.kind === 'list' ? rules.items : [];
  for (const [index, item] of items.entries()) {
    const path = ['storage', 'routing_rules', index];
    const provider = child(item, 'provider');
    check(provider, [...path, 'provider'], writtenText(provider));
    const isUnconditional = item.kind === 'map' && child(item, 'condition') === undefined;
    if (isUnconditional && index < items.length - 1) {
      const message = 'a rule without a condition is the last one: those behind it never hold.';
      report({ at: item.at, path, message });
    }
  }
  for (const [name, provider] of Object.entries(sources.providers)) {
    checkLayers(child(provider, 'layers'), ['storage', 'providers', name, 'layers'], report);
  }
}

function checkLayers(
  layers: Tree | undefined,
  path: Path,
  report: (finding: Finding) => void,
): void {
  const seen = new Set<string>();
  for (const [index, item] of (layers?.kind === 'list' ? layers.items : []).entries()) {
    const name = item.kind === 'map' ? item.entries[0]?.name : writtenText(item);
    if (name === undefined) continue;
    if (seen.has(name)) {
      const message = `the layer "${name}" is there already.`;
      report({ at: item.at, path: [...path, index], message });
    }
    seen.add(name);
  }
}

function sourcesOf(tree: Tree): ConfigSources {
  const storage = child(tree, 'storage');
  const providers = child(storage, 'providers');
  const entries = providers?.kind === 'map' ? providers.entries : [];
  return {
    default: child(storage, 'default_provider'),
    providers: Object.fromEntries(
      entries.flatMap(({ name, value }) => (value.kind === 'map' ? [[name, value]] : [])),
    ),
  };
}

/** The value of a name in a map. */
export function child(tree: Tree | undefined, name: string): Tree | undefined {
  if (tree?.kind !== 'map') return undefined;
  return tree.entries.find((entry) => entry.name === name)?.value;
}

function writtenText(tree: Tree | undefined): string | undefined {
  return tree?.kind === 'scalar' && typeof tree.value === 'string' ? tree.value : undefined;
}

function schemeOf(url: Tree | undefined): string | undefined {
  const scheme = URL_SCHEME.exec(writtenText(url) ?? '')?.[1]?.toLowerCase();
  return scheme === undefined || hasVariables(scheme) ? undefined : scheme;
}

function byPlace(one: Finding, other: Finding): number {
  return one.at.line - other.at.line || one.at.column - other.at.column;
}
