import { constants, type Stats } from 'node:fs';
import {
  type CompanionLayout,
  type CompanionRecord,
  companionName,
  companionPattern,
  readCompanion,
  writeCompanion,
} from '@granary/storage-core/provider';
import { codeOf, type FsCalls } from './fs-calls.ts';
import { linkRefused } from './fs-errors.ts';
import type { Folder, Folders } from './fs-folder.ts';
import { lockNameOf } from './fs-keys.ts';
import type { Lock, Locks } from './fs-lock.ts';
import { STRAY_START, type Temps, unlinkIfThere } from './fs-temp.ts';
import { readAll, writeAll } from './fs-transfer.ts';

const { O_RDONLY } = constants;
const READ_FLAGS = O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** So often a companion is opened again that is replaced just then. */
const MAX_ATTEMPTS = 32;

/** Where attributes are kept, `none` for nowhere. */
export type Companionship = CompanionLayout | 'none';

/** A companion as it was read. */
export interface CompanionFile {
  readonly text: string;
  readonly stats: Stats;
}

/** The files beside objects that hold their attributes. */
export interface Companions {
  readonly layout: Companionship;
  /** The name of the companion of a file; `undefined` where there are none. */
  nameOf(file: string): string | undefined;
  /**
   * The text of a companion; `undefined` where there is none. `place` is where the path must lead
   * to, when it is not one of a pinned folder.
   */
  text(path: string, place?: string): Promise<string | undefined>;
  /** The same with what was known of the file before it was read. The path is one of a pinned folder. */
  read(path: string): Promise<CompanionFile | undefined>;
  /** What a companion says of a key. Errors: `corrupted`, `invalid-data`. */
  record(text: string | undefined, key: string): CompanionRecord | undefined;
  /**
   * Makes the companion say this of the key, or nothing, as one step. Call it with the lock of the
   * key; it takes the one of a manifest itself.
   */
  write(change: CompanionChange): Promise<void>;
}

export interface CompanionChange {
  readonly folder: Folder;
  /** Name of the object's file. */
  readonly file: string;
  readonly key: string;
  readonly record: CompanionRecord | undefined;
  readonly lock: Lock;
  /** Rights of the object's file, which its companion gets too. */
  readonly mode: number;
}

export function companionPatternOf(layout: Companionship): RegExp | undefined {
  return layout === 'none' ? undefined : companionPattern(layout);
}

export interface CompanionsSettings {
  readonly layout: Companionship;
  readonly calls: FsCalls;
  readonly folders: Folders;
  readonly locks: Locks;
  readonly temps: Temps;
  readonly workFolder: () => Promise<Folder>;
  readonly syncsFiles: boolean;
}

export function companionsOf(settings: CompanionsSettings): Companions {
  const { layout, calls, folders, locks, temps, workFolder, syncsFiles } = settings;
  if (layout === 'none') return withoutCompanions();
  const decoder = new TextDecoder();

  async function text(path: string, place?: string): Promise<string | undefined> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const found = await readOnce(path, place);
      if (found !== 'moved') return found?.text;
    }
    throw linkRefused(path);
  }

  async function read(path: string): Promise<CompanionFile | undefined> {
    const found = await readOnce(path, undefined);
    return found === 'moved' ? undefined : found;
  }

  /** `moved`: a link led to the file, or it was replaced just then where that looks the same. */
  async function readOnce(
    path: string,
    place: string | undefined,
  ): Promise<CompanionFile | 'moved' | undefined> {
    let fd: number;
    try {
      fd = await calls.open(path, READ_FLAGS);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      if (code === 'ELOOP') throw linkRefused(path);
      throw error;
    }
    try {
      const stats = calls.fstatSync(fd);
      if (!stats.isFile()) return undefined;
      if (place !== undefined && !(await folders.holds(fd, place))) return 'moved';
      return { text: decoder.decode(await readAll(calls, fd, 0, stats.size)), stats };
    } finally {
      calls.closeSync(fd);
    }
  }

  async function replace(change: CompanionChange): Promise<void> {
    const { folder, file, key, record } = change;
    const path = folder.at(companionName(file, layout as CompanionLayout));
    const before = layout === 'manifest' ? await text(path) : undefined;
    const after = writeCompanion({
      key,
      text: before,
      record,
      layout: layout as CompanionLayout,
      now: new Date(),
    });
    change.lock.check();
    if (after === undefined) {
      await unlinkIfThere(calls, path);
      return;
    }
    const bytes = new TextEncoder().encode(after);
    const work = await workFolder();
    try {
      await put(work.at(temps.next()), path, bytes, change).catch((error: unknown) => {
        // The folder is on another device.
        if (codeOf(error) !== 'EXDEV') throw error;
        return put(folder.at(STRAY_START + temps.next()), path, bytes, change);
      });
    } finally {
      work.release();
    }
  }

  async function put(
    temp: string,
    path: string,
    bytes: Uint8Array,
    { lock, mode }: CompanionChange,
  ): Promise<void> {
    try {
      const fd = await temps.create(temp, mode & 0o666);
      try {
        await writeAll(calls, fd, bytes, 0);
        if (syncsFiles) await calls.fsync(fd);
      } finally {
        calls.closeSync(fd);
      }
      lock.check();
      await calls.rename(temp, path);
    } catch (error) {
      await unlinkIfThere(calls, temp);
      throw error;
    }
  }

  return {
    layout,
    nameOf: (file) => companionName(file, layout),
    text,
    read,
    record: (found, key) => (found === undefined ? undefined : readCompanion(found, key, layout)),
    async write(change) {
      if (layout !== 'manifest') return replace(change);
      // A manifest has many objects: others write it under other keys' locks.
      const manifest = lockNameOf(`${change.folder.path}/${companionName('', layout)}`);
      return locks.exclusively({ name: manifest }, () => replace(change));
    },
  };
}

function withoutCompanions(): Companions {
  return {
    layout: 'none',
    nameOf: () => undefined,
    text: async () => undefined,
    read: async () => undefined,
    record: () => undefined,
    write: async () => {},
  };
}
