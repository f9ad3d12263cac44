import { openCompanions } from './opfs-companion.ts';
import { type Copier, openCopier } from './opfs-copy.ts';
import { readFormat, writeFormat } from './opfs-format.ts';
import { HIDDEN_FOLDER } from './opfs-keys.ts';
import { type Lister, openLister } from './opfs-list.ts';
import type { Locks } from './opfs-locks.ts';
import type { OPFSSettings } from './opfs-options.ts';
import { quietly } from './opfs-patience.ts';
import type { Platform } from './opfs-platform.ts';
import { openReader, type Reader } from './opfs-read.ts';
import { openRoot } from './opfs-root.ts';
import { openStore, type Store } from './opfs-store.ts';
import { openTemps, type Temps } from './opfs-temp.ts';
import { openUploads, type Uploads } from './opfs-upload.ts';
import { openWatching, type Watching } from './opfs-watch.ts';
import { openWriter, type Writer } from './opfs-write.ts';
import type { Writers } from './opfs-writers.ts';

/** In the bookkeeping: what is being written. */
const TEMP_FOLDER = 'temp';

/** What a sweep removed. */
export interface SweepResult {
  /** Files of writers that are gone. */
  readonly tempFiles: number;
  /** Uploads that nobody has gone on with for a week. */
  readonly uploads: number;
}

/** All that works on one opened folder. */
export interface Parts {
  readonly store: Store;
  readonly temps: Temps;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly copier: Copier;
  readonly lister: Lister;
  readonly uploads: Uploads;
  readonly watching: Watching;
  sweep(): Promise<SweepResult>;
  close(): Promise<void>;
}

export interface PartsSettings extends OPFSSettings {
  readonly platform: Platform;
  readonly locks: Locks;
  readonly writers: Writers;
}

/** Opens the folder, tidies up after writers that are gone, and puts the parts together. */
export async function openParts(settings: PartsSettings): Promise<Parts> {
  const { platform, locks, writers, isUserFolder, segments, mode, directory, handleId } = settings;
  const { now } = platform;
  const folder = await openRoot({ segments, mode, directory, handleId }, platform);
  const { root, canWrite } = folder;
  const temps = openTemps({
    ...{ locks, writers, isUserFolder, now },
    // Never made here: to make something through a handle whose storage was cleared spoils it in
    // Chromium 156 until the browser is started again. The root itself is asked for anew first.
    async folder() {
      return (await root.getDirectoryHandle(HIDDEN_FOLDER)).getDirectoryHandle(TEMP_FOLDER);
    },
    async folderIfThere() {
      try {
        return await (await root.getDirectoryHandle(HIDDEN_FOLDER)).getDirectoryHandle(TEMP_FOLDER);
      } catch {
        return undefined;
      }
    },
  });
  try {
    if (canWrite) {
      const hidden = await root.getDirectoryHandle(HIDDEN_FOLDER, { create: true });
      await hidden.getDirectoryHandle(TEMP_FOLDER, { create: true });
    }
    const known = await readFormat(root);
    const format = known ?? (canWrite ? await writeFormat(root, temps, locks) : undefined);
    const store = await openStore(folder, format);
    const companions = openCompanions(temps);
    const reader = openReader(store, companions);
    const watching = openWatching({
      store,
      observer: platform.observer,
      quiet: (key) => writer.locked([key], undefined, async () => {}),
    });
    const { publish } = watching;
    const writer = openWriter({ store, temps, locks, companions, publish, now });
    const uploads = openUploads({ store, temps, locks, writer, now });
    const sweep = async () => ({ tempFiles: await temps.sweep(), uploads: await uploads.sweep() });
    // What is left over harms nobody, so that it stays is no reason not to open.
    if (canWrite) await quietly(sweep());
    return {
      ...{ store, temps, reader, writer, uploads, watching, sweep },
      copier: openCopier(temps, reader, writer),
      lister: openLister(store, companions, reader),
      async close() {
        await watching.close();
        temps.close();
      },
    };
  } catch (error) {
    temps.close();
    throw error;
  }
}
