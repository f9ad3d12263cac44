import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Workload } from '../harness/workload.ts';

/** Packages that an application would install together. */
interface InstalledSubject extends Subject {
  readonly packages: readonly string[];
}

interface Manifest {
  readonly name?: string;
  readonly files?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const HOME = fileURLToPath(new URL('../../', import.meta.url));
/** What npm publishes whatever `files` says. */
const ALWAYS_PUBLISHED = /^(package\.json|readme.*|licen[cs]e.*|notice.*)$/i;

function installed(
  id: string,
  title: string,
  kind: Subject['kind'],
  packages: readonly string[],
): InstalledSubject {
  return defineSubject({ id, title, kind, packages });
}

const subjects: readonly InstalledSubject[] = [
  installed('core', '@granary/storage-core', 'granary', ['@granary/storage-core']),
  installed('core-fs', '@granary/storage-fs with core', 'granary', ['@granary/storage-fs']),
  ...['s3', 'azure', 'gcs', 'supabase'].map((id) =>
    installed(`core-${id}`, `@granary/storage-${id} with core and the SDK`, 'granary', [
      `@granary/storage-${id}`,
    ]),
  ),
  installed('umbrella', '@granary/storage', 'granary', ['@granary/storage']),
  installed('files-sdk', 'files-sdk', 'peer', ['files-sdk']),
  installed('unstorage-1', 'unstorage 1', 'peer', ['unstorage']),
  installed('unstorage-2', 'unstorage 2', 'peer', ['unstorage-next']),
  installed('flydrive', 'flydrive', 'peer', ['flydrive']),
  installed('flystorage', 'flystorage + local-fs', 'peer', [
    '@flystorage/file-storage',
    '@flystorage/local-fs',
  ]),
  installed('opendal', 'opendal', 'peer', ['opendal']),
  installed('keyv', 'keyv + keyv-file', 'peer', ['keyv', 'keyv-file']),
];

/** What an application has on its disk after installing. */
export const installedSize: Workload = defineWorkload<InstalledSubject>({
  name: 'installed-size',
  title: 'Installed',
  about:
    'Bytes of all files of the packages and of everything they depend on, as published. ' +
    'Packages of this repository count with what their `files` name.',
  metrics: { installed: { title: 'installed', unit: 'bytes', better: 'lower' } },
  subjects,
  isolated: false,
  exact: true,
  groupOf: () => 'installed',
  async start({ packages }) {
    return {
      verify: async () => {},
      run: async () => ({ installed: await installedBytes(packages) }),
      close: async () => {},
    };
  },
});

/** Adds up packages and what they depend on, each once. Errors: an `Error` for one that is not installed. */
export async function installedBytes(
  packages: readonly string[],
  from: string = HOME,
): Promise<number> {
  const seen = new Map<string, number>();
  for (const name of packages) await addPackage(name, from, seen);
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function addPackage(name: string, from: string, seen: Map<string, number>): Promise<void> {
  const folder = await findPackage(name, from);
  if (folder === undefined) throw new Error(`${name} is not installed for ${from}.`);
  if (seen.has(folder)) return;
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
  seen.set(folder, await publishedBytes(folder, manifest));
  const { dependencies = {}, optionalDependencies = {} } = manifest;
  for (const dependency of Object.keys(dependencies)) await addPackage(dependency, folder, seen);
  for (const dependency of Object.keys(optionalDependencies)) {
    // A binary for another system is not there.
    if (await findPackage(dependency, folder)) await addPackage(dependency, folder, seen);
  }
}

/** Goes up from a folder as Node does. */
async function findPackage(name: string, from: string): Promise<string | undefined> {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name);
    if (await stat(join(candidate, 'package.json')).catch(() => undefined))
      return realpath(candidate);
    if (dirname(folder) === folder) return undefined;
  }
}

async function publishedBytes(folder: string, { files }: Manifest): Promise<number> {
  const isWorkspace = !folder.includes(`${sep}node_modules${sep}`);
  const isPublished = isWorkspace && files !== undefined ? publishedBy(files) : () => true;
  let total = 0;
  const walk = async (path: string): Promise<void> => {
    for (const entry of await readdir(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.name === 'node_modules') continue;
      if (entry.isDirectory()) await walk(child);
      else if (entry.isFile() && isPublished(relative(folder, child).replaceAll(sep, '/'))) {
        total += (await stat(child)).size;
      }
    }
  };
  await walk(folder);
  return total;
}

/** Reads the few forms of `files` that this repository uses: a file, a folder, and `!folder/**` with an ending. */
export function publishedBy(files: readonly string[]): (path: string) => boolean {
  const named = files.filter((pattern) => !pattern.startsWith('!'));
  const left = files.flatMap((pattern) => {
    const [, folder, ending] = /^!(.*)\/\*\*\/\*(.*)$/.exec(pattern) ?? [];
    return folder === undefined || ending === undefined ? [] : [{ folder, ending }];
  });
  return (path) => {
    if (ALWAYS_PUBLISHED.test(path)) return true;
    if (!named.some((name) => path === name || path.startsWith(`${name}/`))) return false;
    return !left.some(
      ({ folder, ending }) => path.startsWith(`${folder}/`) && path.endsWith(ending),
    );
  };
}
