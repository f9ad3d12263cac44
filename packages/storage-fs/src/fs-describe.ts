import type { Stats } from 'node:fs';
import {
  type CompanionRecord,
  type SelectedSide,
  selectAttributes,
} from '@granary/storage-core/provider';
import {
  type CompanionCache,
  companionCache,
  copyOfSide,
  type FolderCompanions,
  isSame,
  isSettled,
  type KnownCompanion,
} from './fs-companion-cache.ts';
import type { Folder } from './fs-folder.ts';
import { fingerprintOf } from './fs-info.ts';
import type { Store } from './fs-store.ts';
import type { FolderStamp, Sight } from './fs-tree.ts';

/** A file whose companion is asked for. */
export interface FileToDescribe {
  readonly key: string;
  readonly file: string;
  readonly stats: Stats;
  /** The path of a name in the file's folder. */
  at(name: string): string;
  /** Whether the paths are those of a pinned folder. */
  readonly isPinned: boolean;
  /** What is known of the file now; `undefined` when it is gone. */
  now(): Stats | undefined | Promise<Stats | undefined>;
}

/**
 * What a companion says of a file; `undefined` where there is nothing. `again`: the file was
 * replaced meanwhile, so that the companion may be another one's.
 */
export type Description = SelectedSide | undefined | 'again';

export async function describeFile(
  { companions, look }: Store,
  { key, file, stats, at, isPinned, now }: FileToDescribe,
): Promise<Description> {
  const name = companions.nameOf(file);
  if (name === undefined) return undefined;
  const path = at(name);
  const found = look(path);
  const there = found instanceof Promise ? await found : found;
  const text = there && (await companions.text(path, isPinned ? undefined : path));
  return describedBy(companions.record(text, key), stats, now);
}

/** What a record that was read after the stats were taken says of the file. */
async function describedBy(
  record: CompanionRecord | undefined,
  stats: Stats,
  now: FileToDescribe['now'],
): Promise<Description> {
  const selected = record && selectAttributes(record, fingerprintOf(stats));
  if (selected !== undefined && selected.matched !== 'neither') return selected;
  const current = now();
  const after = current instanceof Promise ? await current : current;
  const isUnchanged =
    after !== undefined &&
    after.nlink > 0 &&
    after.ino === stats.ino &&
    after.ctimeMs === stats.ctimeMs;
  return isUnchanged ? selected : 'again';
}

/** A file of a listing. */
export interface ListedSpot {
  readonly key: string;
  readonly name: string;
  readonly stats: Stats;
  readonly sight: Sight | undefined;
}

/** Describes files of a folder together, for listings. */
export interface FolderDescriber {
  /** What the folder is like before its names are read. */
  stampOf(folder: Folder): Promise<FolderStamp>;
  /**
   * In the order of the files, the caller's own. Holds as many files open for a moment as there are
   * files.
   */
  describe(folder: Folder, files: readonly ListedSpot[]): Promise<readonly Description[]>;
}

/**
 * Costs nothing for a file that has no companion, and one look for a file whose companion was read
 * before.
 *
 * A writer puts the companion in place first and then the file. So a file without a companion
 * among the folder's names is surely without one only when the file is not newer than the names:
 * else both may have come since. The folder tells: its stamps change with every name that comes,
 * goes or is replaced. When they are, after the files were looked at, what they were before the
 * names were read, nothing came between. That takes a stamp that was old enough when the names
 * were read for later changes to show in it, and a file system whose stamps are always up to date,
 * so not one of a network. The same goes for companions that are not read again.
 */
export function folderDescriber(
  store: Store,
  now: () => number,
  cache: CompanionCache = companionCache({ now }),
): FolderDescriber {
  const { calls, companions, look } = store;
  const canKeep = companions.layout !== 'manifest';

  async function read(
    folder: Folder,
    file: ListedSpot,
    name: string,
    known: FolderCompanions | undefined,
  ): Promise<Description> {
    const readAtMs = now();
    const found = await companions.read(folder.at(name));
    const record = companions.record(found?.text, file.key);
    if (found !== undefined && record !== undefined) {
      known?.keep(name, { record, stamp: found.stats }, readAtMs);
    }
    const side = await describedBy(record, file.stats, () => look(folder.at(file.name)));
    return typeof side === 'object' ? copyOfSide(side) : side;
  }

  return {
    async stampOf(folder) {
      const nowMs = now();
      const [root, stats] = [await look(store.root), await look(folder.at(''))];
      // Another device that is mounted inside may be one of a network.
      const isUpToDate = store.isLocal && stats !== undefined && stats.dev === root?.dev;
      const isProof = isUpToDate && !store.isFolding && isSettled(stats, nowMs);
      return { isUpToDate, stamp: isProof ? stats : undefined };
    },

    async describe(folder, files) {
      const described = new Array<Description>(files.length).fill(undefined);
      const first = files[0]?.sight;
      const known = canKeep && first?.isUpToDate ? cache.in(folder.path) : undefined;
      if (first !== undefined) known?.prune(first.companions);
      const current = first?.stamp && (await look(folder.at('')));
      const toLookAt: LookAt[] = [];
      const work: (() => Promise<void>)[] = [];

      for (const [index, file] of files.entries()) {
        const name = companions.nameOf(file.name);
        if (name === undefined) continue;
        const companion = known?.get(name);
        if (companion !== undefined) {
          toLookAt.push({ file, index, name, companion });
          continue;
        }
        const { stamp, companions: there } = file.sight ?? {};
        const wasThere = there?.has(name) ?? false;
        if (!wasThere && stamp && current && isSame(stamp, current)) continue;
        work.push(async () => {
          const isThere = wasThere || (await look(folder.at(name))) !== undefined;
          described[index] = isThere
            ? await read(folder, file, name, known)
            : await describedBy(undefined, file.stats, () => look(folder.at(file.name)));
        });
      }

      const found = await calls.lstatAll(toLookAt.map(({ name }) => folder.at(name)));
      for (const [place, { file, index, name, companion }] of toLookAt.entries()) {
        const stats = found[place];
        const isCurrent = stats !== undefined && isSame(companion.stamp, stats);
        const selected = selectAttributes(companion.record, fingerprintOf(file.stats));
        if (isCurrent && selected.matched !== 'neither') {
          described[index] = copyOfSide(selected);
        } else {
          work.push(async () => {
            described[index] = await read(folder, file, name, known);
          });
        }
      }
      const ended = await Promise.allSettled(work.map((describeOne) => describeOne()));
      // All have ended, also after a failure: their paths lead through a folder that is let go of next.
      for (const one of ended) if (one.status === 'rejected') throw one.reason;
      return described;
    },
  };
}

/** A file whose companion was read before. */
interface LookAt {
  readonly file: ListedSpot;
  readonly index: number;
  readonly name: string;
  readonly companion: KnownCompanion;
}
