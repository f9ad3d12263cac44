import { isStorageError, type OpenableBackend } from '@granary/storage-core';
import type { ConfigSource } from '@granary/storage-core/provider';
import { didYouMean } from '@granary/storage-core/provider';
import type { Finding, Path } from './problems.ts';
import { secretsOf, withoutSecrets } from './secrets.ts';
import type { Tree } from './yaml-tree.ts';

/** Where options stand. */
interface OptionPlace {
  readonly tree: Tree;
  readonly path: Path;
  readonly file: string;
  readonly report: (finding: Finding) => void;
}

/** Options that are paths, by backend. In a file they are relative to the file. */
const PATH_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  fs: ['baseDir'],
  gcs: ['keyFilename'],
};
const ABSOLUTE = /^(?:[\\/]|[a-z]:[\\/])/i;
/** How a message names an option, and where it names all of them. */
const QUOTED = /"([^"]*)"/g;
const ALL_OPTIONS = /Options are: (.*)\.$/;

/**
 * Asks a backend for its options. It refuses them one by one, so what it refuses by name is taken
 * out and it is asked again: every problem is reported.
 */
export function optionsFor(
  { backend }: OpenableBackend,
  source: { readonly url: unknown } | { readonly config: object },
  { tree, path, file, report }: OptionPlace,
): { readonly options: unknown; readonly secrets: readonly string[] } | undefined {
  const { fromConfig, name } = backend;
  if (fromConfig === undefined) {
    const message = `the backend "${name}" cannot be opened from a file.`;
    report({ at: tree.at, path, message });
    return undefined;
  }
  const secrets = secretsOf('config' in source ? source.config : urlOptions(source.url));
  let rest = source as ConfigSource;
  let isRefused = false;
  for (;;) {
    try {
      const options = withPaths(fromConfig(rest), PATH_OPTIONS[name], file);
      return isRefused ? undefined : { options, secrets };
    } catch (error) {
      if (!isStorageError(error)) throw error;
      isRefused = true;
      const message = withoutSecrets(error.message, secrets);
      const given = 'config' in rest ? Object.keys(rest.config) : [];
      const culprit = [...message.matchAll(QUOTED)]
        .map(([, word]) => word)
        .find((word) => word !== undefined && given.includes(word));
      report({ ...placeOf(tree, path, culprit), message, hint: nearestOption(message, culprit) });
      if (culprit === undefined || !('config' in rest)) return undefined;
      const { [culprit]: _refused, ...others } = rest.config;
      rest = { config: others };
    }
  }
}

function urlOptions(url: unknown): object {
  const { password, username, query } = url as {
    readonly password?: string;
    readonly username?: string;
    readonly query: object;
  };
  return { ...query, password, token: username };
}

function placeOf(tree: Tree, path: Path, name: string | undefined): Pick<Finding, 'at' | 'path'> {
  const entry =
    tree.kind === 'map' ? tree.entries.find((candidate) => candidate.name === name) : undefined;
  return entry === undefined
    ? { at: tree.at, path }
    : { at: entry.at, path: [...path, entry.name] };
}

/** The option that was meant, out of those that the message lists. */
function nearestOption(message: string, culprit: string | undefined): string | undefined {
  const [, all] = ALL_OPTIONS.exec(message) ?? [];
  if (all === undefined || culprit === undefined) return undefined;
  return didYouMean(culprit, all.replaceAll(' (required)', '').split(', '));
}

function withPaths(options: unknown, names: readonly string[] = [], file: string): unknown {
  if (typeof options !== 'object' || options === null) return options;
  const folder = /^(.*)[\\/]/.exec(file)?.[1];
  if (folder === undefined) return options;
  const given: Readonly<Record<string, unknown>> = { ...options };
  const paths = names.flatMap((name): [string, string][] => {
    const path = given[name];
    return typeof path === 'string' && !ABSOLUTE.test(path) ? [[name, `${folder}/${path}`]] : [];
  });
  return { ...given, ...Object.fromEntries(paths) };
}
