import { type AttributeSetter, attributeSetter } from './fs-attributes.ts';
import { fileBackups } from './fs-backup.ts';
import { type Cleaner, cleaner } from './fs-clean.ts';
import { committer } from './fs-commit.ts';
import { type Copier, copier } from './fs-copy.ts';
import { type Healer, healer, type RecoveryEvent } from './fs-heal.ts';
import { type Lister, lister } from './fs-list.ts';
import { type Reader, reader } from './fs-read.ts';
import { type Remover, remover } from './fs-remove.ts';
import { type Resolver, resolver } from './fs-resolve.ts';
import { openStore, type Store, type StoreSettings } from './fs-store.ts';
import type { FsSystem } from './fs-system.ts';
import { fileUploads, type Uploads } from './fs-upload.ts';
import { storeWatching, type Watching } from './fs-watch.ts';
import { type FolderWatcher, systemWatcher } from './fs-watch-folders.ts';
import { type Writer, writer } from './fs-write.ts';

/** What a sweep has removed. */
export interface SweepResult {
  /** Temporary files of processes that run no more. */
  readonly temporaryFiles: number;
  /** Their locks. What they left half done is mended. */
  readonly locks: number;
  /** Uploads that nobody has gone on with for a week. */
  readonly uploads: number;
  /** Objects beyond `maxAgeMs` and `maxBytes`. */
  readonly objects: number;
}

/** An opened store and all that works on it. */
export interface Parts {
  readonly store: Store;
  readonly resolve: Resolver;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly remover: Remover;
  readonly copier: Copier;
  readonly setAttributes: AttributeSetter;
  readonly lister: Lister;
  readonly uploads: Uploads;
  readonly watching: Watching;
  readonly healer: Healer;
  readonly cleaner: Cleaner | undefined;
  sweep(): Promise<SweepResult>;
  close(): Promise<void>;
}

export interface PartsSettings extends Omit<StoreSettings, 'mend' | 'calls' | 'platform'> {
  readonly system: FsSystem;
  readonly hasBackups: boolean;
  /** Units: ms. */
  readonly maxAgeMs: number | undefined;
  /** Units: bytes. */
  readonly maxBytes: number | undefined;
  readonly watcher: FolderWatcher | undefined;
  readonly onRecovery: ((event: RecoveryEvent) => void) | undefined;
}

export async function openParts(settings: PartsSettings): Promise<Parts> {
  const { system, hasBackups, maxAgeMs, maxBytes, watcher, onRecovery, ...rest } = settings;
  const { calls, platform, now } = system;
  const inBackground = new Set<Promise<unknown>>();

  // Locks mend what others left, by means that need locks.
  const store = await openStore({
    ...rest,
    calls,
    platform,
    mend: (purpose, lock) => heals.mend(purpose, lock),
  });
  const resolve = resolver(store);
  const backups = hasBackups ? fileBackups(store) : undefined;
  const commits = committer(store, resolve, backups);
  const heals = healer({ store, resolve, committer: commits, backups, onRecovery });
  const reads = reader(store, resolve, backups && { backups, heal: heals.heal });
  const removes = remover(store, resolve, backups);
  const setAttributes = attributeSetter(store, resolve, commits);
  const lists = lister(store, resolve);
  const uploads = fileUploads(store, commits);
  const isHidden = (name: string) => name === '.granary';
  const watching = storeWatching(store, watcher ?? systemWatcher(store.calls, platform, isHidden));
  const cleans =
    maxAgeMs === undefined && maxBytes === undefined
      ? undefined
      : cleaner({ lister: lists, remover: removes, maxAgeMs, maxBytes, now }, runAside);

  /** What fails here fails again, and is told, when somebody asks for it. */
  function runAside(work: () => Promise<unknown>): void {
    const running = work()
      .catch(() => {})
      .finally(() => inBackground.delete(running));
    inBackground.add(running);
  }

  async function sweep(): Promise<SweepResult> {
    let [temporaryFiles, locks, uploadCount] = [0, 0, 0];
    const work = await store.hiddenIfThere('work');
    if (work !== undefined) {
      try {
        temporaryFiles = await store.temps.sweep(work);
        locks = await store.locks.sweep(work);
      } finally {
        work.release();
      }
      uploadCount = await uploads.sweep();
    }
    const objects = (await cleans?.clean()) ?? 0;
    return { temporaryFiles, locks, uploads: uploadCount, objects };
  }

  runAside(sweep);

  return {
    ...{
      store,
      resolve,
      reader: reads,
      writer: writer({ store, committer: commits, alwaysHash: hasBackups }),
    },
    ...{ remover: removes, setAttributes, lister: lists, uploads, watching, healer: heals },
    copier: copier({
      ...{ store, resolve, reader: reads, committer: commits, remover: removes },
      ...{ setAttributes, backups },
    }),
    cleaner: cleans,
    sweep,
    async close() {
      await watching.close();
      await Promise.all(inBackground);
      store.close();
    },
  };
}
