import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createStorage, type OpenableBackend, type StorageEngine } from '@granary/storage-core';
import { StorageError, type StorageUrl } from '@granary/storage-core/provider';
import { createFileSystem } from '@granary/storage-fs';
import { createMemory } from '@granary/storage-memory';
import { DRIVES_PACKAGE, type DriveKind, driveOf, loadDrive } from '../drives/drive-kinds.ts';
import { hasToken, type SignInPlace, signedInDrive } from '../drives/signed-in-drive.ts';
import { withEnvironment } from './environment.ts';

/** A backend that a URL can name. */
export interface Backend {
  readonly name: string;
  readonly schemes: readonly string[];
  /** Further names that its URLs may begin with. */
  readonly aliases: readonly string[];
  /** Where it comes from: a package or a file. */
  readonly origin: string;
  readonly factory: OpenableBackend;
  open(url: StorageUrl): StorageEngine;
}

/**
 * Finds backends: those that come with the program, those named by `--backend`, drives that people sign
 * in to, those installed.
 */
export interface Backends {
  /** Errors: `invalid-config` with the line to type when nothing reaches such a URL. */
  open(url: StorageUrl): Promise<StorageEngine>;
  /** The backend of a name or a scheme. Errors: `invalid-config` with the line to type. */
  find(name: string): Promise<Backend>;
  /** Those that come with the program and those named by `--backend`. */
  given(): Promise<readonly Backend[]>;
}

export interface BackendSettings extends SignInPlace {
  readonly cwd: string;
  /** Packages or files to look into besides. */
  readonly modules: readonly string[];
}

const PACKAGE_PREFIX = '@granary/storage-';
/** Schemes that the package of their backend is not named after. */
const PACKAGE_BY_SCHEME: Readonly<Record<string, string>> = {
  az: 'azure',
  azblob: 'azure',
  granary: 'cloud',
  gs: 'gcs',
  http: 'cloud',
  https: 'cloud',
  indexeddb: 'idb',
};

export function findBackends({ cwd, modules, env, vault }: BackendSettings): Backends {
  let named: Promise<readonly Backend[]> | undefined;
  const drives = new Map<string, Promise<OpenableBackend>>();

  async function given(): Promise<readonly Backend[]> {
    named ??= Promise.all(modules.map((module) => loadModule(module, cwd))).then((all) =>
      all.flat(),
    );
    return [...BUILT_IN, ...(await named)];
  }

  /** With a token in the URL, nobody is looked up in the vault. */
  async function openDrive(kind: DriveKind, query: StorageUrl['query']): Promise<Backend> {
    const opening = hasToken(query)
      ? loadDrive(kind)
      : (drives.get(kind.id) ?? signedInDrive(kind, { vault, env }));
    if (!hasToken(query)) drives.set(kind.id, opening);
    const [backend] = toBackend(await opening, DRIVES_PACKAGE);
    if (backend !== undefined) return backend;
    throw new StorageError('invalid-config', `${kind.title} cannot be opened from a URL.`);
  }

  async function find(scheme: string, query: StorageUrl['query'] = {}): Promise<Backend> {
    const known = (await given()).find((backend) => answersTo(backend, scheme));
    if (known !== undefined) return known;
    const drive = driveOf(scheme);
    if (drive !== undefined) return openDrive(drive, query);
    const origin = PACKAGE_PREFIX + (PACKAGE_BY_SCHEME[scheme] ?? scheme);
    const path = resolvePackage(origin, cwd);
    if (path === undefined) throw notInstalled(scheme, origin);
    const found = (await loadBackends(path, origin)).find((backend) => answersTo(backend, scheme));
    if (found !== undefined) return found;
    throw new StorageError('invalid-config', `${origin} has no backend for "${scheme}:".`, {
      hint: `Its version may be too old: npm install ${origin}@latest.`,
    });
  }

  return {
    given,
    find,
    async open(url) {
      const backend = await find(url.scheme, url.query);
      return backend.open(withEnvironment(backend.name, url, env));
    },
  };
}

const BUILT_IN: readonly Backend[] = [
  toBackend(createFileSystem, `${PACKAGE_PREFIX}fs`),
  toBackend(createMemory, `${PACKAGE_PREFIX}memory`),
].flat();

/** Loads the backends of a package or file that `--backend` names. */
async function loadModule(module: string, cwd: string): Promise<readonly Backend[]> {
  const isFile = isAbsolute(module) || /^\.{1,2}[\\/]/.test(module);
  const path = isFile ? resolve(cwd, module) : resolvePackage(module, cwd);
  if (path === undefined) {
    throw new StorageError('invalid-config', `the backend package ${module} is not installed.`, {
      hint: `Run "npm install ${module}".`,
    });
  }
  const found = await loadBackends(path, module);
  if (found.length > 0) return found;
  throw new StorageError('invalid-config', `${module} has no backend that a URL can name.`, {
    hint: 'It must export what defineBackend returns, with fromConfig.',
  });
}

/** Loads a module and returns the backends that it exports. */
export async function loadBackends(path: string, origin: string): Promise<readonly Backend[]> {
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = await import(pathToFileURL(path).href);
  } catch (cause) {
    throw cannotLoad(origin, cause);
  }
  return Object.values(exported).flatMap((value) =>
    isFactory(value) ? toBackend(value, origin) : [],
  );
}

/** Finds a package as seen from the current folder, then as seen from this program. */
export function resolvePackage(name: string, cwd: string): string | undefined {
  for (const from of [join(cwd, 'granary.js'), import.meta.filename]) {
    try {
      return createRequire(from).resolve(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') continue;
      throw cannotLoad(name, error);
    }
  }
  return undefined;
}

function notInstalled(scheme: string, origin: string): StorageError {
  return new StorageError('invalid-config', `no backend for "${scheme}:" is installed.`, {
    hint: `Run "npm install ${origin}", or name the package that has it with --backend.`,
  });
}

function cannotLoad(origin: string, cause: unknown): StorageError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StorageError('invalid-config', `${origin} cannot be loaded: ${reason}`, {
    cause,
    hint: 'Install it again, and what it asks for.',
  });
}

function isFactory(value: unknown): value is OpenableBackend {
  if (typeof value !== 'function' || !('backend' in value) || !('provider' in value)) return false;
  const { backend } = value;
  return typeof backend === 'object' && backend !== null && 'name' in backend;
}

function toBackend(factory: OpenableBackend, origin: string): readonly Backend[] {
  const { name, aliases = [], schemes = [name], fromConfig } = factory.backend;
  if (fromConfig === undefined) return [];
  return [
    {
      name,
      schemes,
      aliases,
      origin,
      factory,
      open: (url) => createStorage(factory.provider(fromConfig({ url }) as never)),
    },
  ];
}

function answersTo({ name, schemes, aliases }: Backend, scheme: string): boolean {
  return [name, ...schemes, ...aliases].includes(scheme);
}
