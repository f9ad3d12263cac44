import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { StorageError } from '@granary/storage-core/provider';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import type { Companionship } from './fs-companion.ts';
import type { Folder } from './fs-folder.ts';
import type { Look } from './fs-look.ts';
import { type Temps, unlinkIfThere } from './fs-temp.ts';
import { readAll, writeAll } from './fs-transfer.ts';

const FILE = 'format.json';
const SECONDS_FILE = 'second-names';
const VERSION = 1;
const LAYOUTS: readonly Companionship[] = ['meta-json', 'meta', 'manifest', 'none'];

/** What a store writes down about itself, once. */
export interface StoreFormat {
  readonly granary: number;
  /** Changes when the store is made anew. */
  readonly storeId: string;
  readonly companions: Companionship;
  /** `folded`: names are written so that letter case need not be kept apart. */
  readonly names: 'exact' | 'folded';
}

/** Reads and writes what a store says about itself in its hidden folder. */
export interface FormatFile {
  /** Errors: `invalid-data` for a version that this package does not know, `corrupted` for no format. */
  read(hidden: Folder): Promise<StoreFormat | undefined>;
  /** The format that counts: the one that another process wrote first, if it did. */
  create(
    hidden: Folder,
    temps: Folder,
    format: Omit<StoreFormat, 'granary' | 'storeId'>,
  ): Promise<StoreFormat>;
  replace(hidden: Folder, temps: Folder, format: StoreFormat): Promise<void>;
  /** Whether some object of the store has a second name. */
  hasSeconds(hidden: Folder): Promise<boolean>;
  noteSeconds(hidden: Folder): Promise<void>;
}

export function formatFile(calls: FsCalls, look: Look, files: Temps): FormatFile {
  async function read(hidden: Folder): Promise<StoreFormat | undefined> {
    let fd: number;
    try {
      fd = await calls.open(hidden.at(FILE), constants.O_RDONLY);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const { size } = calls.fstatSync(fd);
      return parse(new TextDecoder().decode(await readAll(calls, fd, 0, size)));
    } finally {
      calls.closeSync(fd);
    }
  }

  /** Writes it aside, and has it put in its place. Nothing stays aside. */
  async function write<Result>(
    temps: Folder,
    format: StoreFormat,
    place: (path: string) => Promise<Result>,
  ): Promise<Result> {
    const path = temps.at(files.next());
    const fd = await files.create(path, 0o666);
    try {
      try {
        const bytes = new TextEncoder().encode(`${JSON.stringify(format, undefined, 2)}\n`);
        await writeAll(calls, fd, bytes, 0);
        await calls.fsync(fd);
      } finally {
        calls.closeSync(fd);
      }
      return await place(path);
    } finally {
      await unlinkIfThere(calls, path);
    }
  }

  return {
    read,

    async create(hidden, temps, settings) {
      const format: StoreFormat = { granary: VERSION, storeId: randomUUID(), ...settings };
      return write(temps, format, async (path) => {
        try {
          // Fails when another process was first.
          await calls.link(path, hidden.at(FILE));
          return format;
        } catch (error) {
          // A file system without hard links: the last one counts.
          if (codeOf(error) !== 'EEXIST') await calls.rename(path, hidden.at(FILE));
          return (await read(hidden)) ?? format;
        }
      });
    },

    replace: (hidden, temps, format) =>
      write(temps, format, (path) => calls.rename(path, hidden.at(FILE))),

    async hasSeconds(hidden) {
      return (await look(hidden.at(SECONDS_FILE))) !== undefined;
    },

    async noteSeconds(hidden) {
      const { O_WRONLY, O_CREAT } = constants;
      await calls.close(await calls.open(hidden.at(SECONDS_FILE), O_WRONLY | O_CREAT, 0o666));
    },
  };
}

function parse(text: string): StoreFormat {
  let format: Partial<StoreFormat> | null;
  try {
    format = JSON.parse(text) as Partial<StoreFormat> | null;
  } catch {
    throw notFormat('it is not JSON');
  }
  const { granary, storeId, companions, names } = format ?? {};
  if (typeof granary !== 'number') throw notFormat('it names no version');
  if (granary > VERSION) {
    throw new StorageError(
      'invalid-data',
      `this folder has format ${granary} of a Granary store.`,
      {
        hint: 'Update @granary/storage-fs to read it.',
      },
    );
  }
  const layout = LAYOUTS.find((known) => known === companions);
  if (typeof storeId !== 'string' || layout === undefined) throw notFormat('something is missing');
  return { granary, storeId, companions: layout, names: names === 'folded' ? 'folded' : 'exact' };
}

function notFormat(why: string): StorageError {
  return new StorageError('corrupted', `.granary/format.json cannot be read: ${why}.`, {
    hint: 'Restore or remove it; the objects themselves are not affected.',
  });
}
