import { existsSync, fstatSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fault, Harness, Outside } from '@granary/storage-conformance';
import type { StorageProvider } from '@granary/storage-core/provider';
import { type FsCalls, NODE_CALLS } from '../src/fs-calls.ts';
import type { FileSystemOptions } from '../src/fs-options.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { type FsSystem, THIS_SYSTEM } from '../src/fs-system.ts';
import { failure } from './faults.ts';
import { smallDisk, type Trouble, type WatchedSystem, watchSystem } from './watched-system.ts';

const BESIDE = 'beside.txt';

/** How a harness differs from the plain one. */
interface HarnessSettings {
  readonly system?: FsSystem;
  /**
   * Stands between the backend and the system, so that trouble can be made and calls be counted.
   * Then no call is one of `node:fs`, which the backend makes at once where they are quick.
   */
  readonly isWatched?: boolean;
  /** What is looked at through a view. */
  readonly view?: (provider: StorageProvider) => StorageProvider;
}

/** What a disk does to calls in each kind of trouble. Of those that are missing a disk has none. */
const TROUBLES: Partial<Record<Fault, Trouble>> = {
  // Whoever closes a file gets rid of it even so.
  unavailable: (name) => (name.startsWith('close') ? undefined : failure('EIO')),
  // A listing reads a folder first, and then looks at the files of a page.
  'second-page': (name) => (name === 'lstatAll' ? failure('EIO') : undefined),
  'cut-body': (name, values) =>
    name === 'read' ? { answer: readHalf(values as Parameters<FsCalls['read']>) } : undefined,
  'last-step-of-write': (name) => (name === 'rename' ? failure('EIO') : undefined),
  // The object is in place by then, and nobody knows whether it stays there.
  'lost-reply': (name, [fd]) =>
    name === 'fsync' && fstatSync(Number(fd)).isDirectory() ? failure('EIO') : undefined,
};

/** A file that ends before the length that the system tells. */
async function readHalf(values: Parameters<FsCalls['read']>): Promise<number> {
  const [fd, buffer, offset, length, position] = values;
  if (position > 0) return 0;
  return NODE_CALLS.read(fd, buffer, offset, Math.ceil(length / 2), position);
}

/** The kit's way to stores on the disk, with what it can do behind their backs. */
export function fsHarness(
  name: string,
  options: FileSystemOptions,
  { system = THIS_SYSTEM, isWatched = false, view = (provider) => provider }: HarnessSettings = {},
): Harness {
  return {
    name,
    async create() {
      const folder = await mkdtemp(join(tmpdir(), 'granary-fs-'));
      const [baseDir, beside] = [join(folder, 'store'), join(folder, BESIDE)];
      await writeFile(beside, BESIDE);
      const watched = isWatched ? watchSystem(system) : undefined;
      let smaller = 0;
      const open = (dir: string, on = watched?.system ?? system) =>
        view(fileSystemProvider({ ...options, baseDir: dir }, on));
      const outside: Outside = {
        ...(watched !== undefined && outsideOf(watched, options)),
        ...(watched === undefined && hasProc() && { held: () => openFilesIn(baseDir) }),
        leftovers: () => leftoversIn(baseDir),
        async intact() {
          const others = readdirSync(folder).filter((other) => !other.startsWith('store'));
          return others.join() === BESIDE && (await readFile(beside, 'utf8')) === BESIDE;
        },
        missing: () => open(join(beside, 'store')),
        async small(capacityBytes) {
          smaller += 1;
          const dir = join(folder, `store-${smaller}`);
          await mkdir(dir);
          return open(dir, smallDisk(dir, capacityBytes));
        },
      };
      return {
        provider: open(baseDir),
        reopen: () => open(baseDir),
        close: () => rm(folder, { recursive: true, force: true }),
        outside,
      };
    },
  };
}

function outsideOf(watched: WatchedSystem, { durability = 'full' }: FileSystemOptions): Outside {
  return {
    requests: watched.calls,
    held: watched.held,
    fault(fault) {
      // Without syncs there is no answer that comes later than the rename.
      if (fault === 'lost-reply' && durability !== 'full') return false;
      watched.trouble(fault && TROUBLES[fault]);
      return fault === undefined || TROUBLES[fault] !== undefined;
    },
  };
}

function hasProc(): boolean {
  return process.platform === 'linux';
}

/** Files of a store that this process has open; the folders that it keeps open are none of them. */
function openFilesIn(baseDir: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    const link = `/proc/self/fd/${fd}`;
    try {
      return readlinkSync(link).startsWith(`${baseDir}/`) && statSync(link).isFile();
    } catch {
      return false;
    }
  }).length;
}

/** Temporary files and locks. */
function leftoversIn(baseDir: string): string[] {
  const work = join(baseDir, '.granary', 'work');
  const beside = existsSync(baseDir) ? readdirSync(baseDir, { recursive: true }) : [];
  return [
    ...(existsSync(work) ? readdirSync(work) : []),
    ...beside.map(String).filter((path) => /(^|\/)\.granary-/.test(path)),
  ];
}
