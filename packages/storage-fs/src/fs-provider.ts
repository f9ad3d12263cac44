import { constants } from 'node:fs';
import { dirname } from 'node:path';
import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type Health,
  type ListField,
  measureHealth,
  type ObjectInfo,
  type StorageProvider,
  toStorageError,
  type Usage,
} from '@granary/storage-core/provider';
import type { FsCalls } from './fs-calls.ts';
import { fileSystemFromConfig } from './fs-config.ts';
import { toFsError } from './fs-errors.ts';
import { openGate } from './fs-gate.ts';
import { type FileSystemOptions, type FileSystemSettings, settingsOf } from './fs-options.ts';
import { openParts, type Parts, type SweepResult } from './fs-parts.ts';
import { findStrays, type Stray } from './fs-strays.ts';
import { type FsSystem, THIS_SYSTEM } from './fs-system.ts';

const LIST_FIELDS: readonly ListField[] = ['size', 'etag', 'modifiedAt'];

/** What this backend can do that Granary does not model: `storage.native`. */
export interface FileSystemNative {
  /** Removes what processes left that died, old uploads, and what is too old or too much. */
  sweep(): Promise<SweepResult>;
  /** Brings an object back as it was backed up last, whatever is there now. Errors: `not-found`. */
  restore(key: string): Promise<ObjectInfo>;
  /** What lies in the folder and no key leads to. Reads all of its folders. */
  strays(): AsyncIterable<Stray>;
}

/** The provider behind {@link createFileSystem}, before core puts its half of the contract around it. */
export function fileSystemProvider(
  options: FileSystemOptions,
  system: FsSystem = THIS_SYSTEM,
): StorageProvider {
  const settings = settingsOf(options);
  const { publicUrlBase, companions } = settings;
  const gate = openGate();
  let parts: Parts | undefined;
  let opening: Promise<Parts> | undefined;

  function open(): Promise<Parts> {
    opening ??= openParts({ ...settings, system, isBusy: gate.isBusy }).then(
      (opened) => {
        parts = opened;
        return opened;
      },
      (error: unknown) => {
        opening = undefined;
        throw error;
      },
    );
    return opening;
  }

  async function run<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    try {
      return await work(parts ?? (await open()));
    } catch (error) {
      throw toFsError(error);
    }
  }

  /** Runs what holds a file open for a moment, not too many at once. */
  async function runBriefly<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    const turn = gate.enter();
    if (turn !== undefined) await turn;
    try {
      return await work(parts ?? (await open()));
    } catch (error) {
      throw toFsError(error);
    } finally {
      gate.leave();
    }
  }

  async function* walk<Page>(
    source: (parts: Parts) => AsyncIterable<Page>,
  ): AsyncGenerator<Page, void, undefined> {
    try {
      yield* source(parts ?? (await open()));
    } catch (error) {
      throw toFsError(error);
    }
  }

  const native: FileSystemNative = {
    sweep: () => run(({ sweep }) => sweep()),
    restore: (key) => run(({ healer }) => healer.restore(key)),
    strays: () => walk(({ store, resolve }) => findStrays(store, resolve)),
  };

  const provider: StorageProvider = {
    specVersion: 1,
    name: 'fs',
    capabilities: capabilitiesFor(settings),
    native,

    async open() {
      await run(async () => {});
      return undefined;
    },

    get: (key, options) => runBriefly(({ reader }) => reader.get(key, options)),
    async put(key, body, options) {
      const put = ({ writer }: Parts) => writer.put(key, body, options);
      // A body that is still to come may wait for other operations to end.
      const info = await (body.buffered === undefined ? run(put) : runBriefly(put));
      parts?.cleaner?.wrote(info.size);
      return info;
    },
    stat: (key) => runBriefly(({ reader }) => reader.stat(key)),
    delete: (key, options) => runBriefly(({ remover }) => remover.remove(key, options)),
    list: (options) => walk(({ lister }) => lister.list(options)),

    copy: (from, to, options) => run(({ copier }) => copier.copy(from, to, options)),
    move: (from, to, options) => run(({ copier }) => copier.move(from, to, options)),
    ...(companions !== 'none' && {
      setMetadata: (key, patch, options) =>
        run(({ setAttributes }) => setAttributes(key, patch, options)),
    }),

    upload: (key, options) => run(({ uploads }) => uploads.open(key, options)),
    uploads: ({ prefix = '' }) => walk(({ uploads }) => uploads.pending(prefix)),

    ...(publicUrlBase !== undefined && {
      publicUrl: (key) => `${publicUrlBase}/${key.split('/').map(encodeURIComponent).join('/')}`,
    }),

    watch: (options) => run(({ watching }) => watching.watch(options)),

    usage: () => run(({ store }) => usageOf(store.calls, store.root)),
    health: () => run(healthOf),

    async close() {
      const closing = parts ?? (await opening?.catch(() => undefined));
      parts = undefined;
      opening = undefined;
      await closing?.close();
    },
  };
  // Not known before the store has been opened and made.
  return Object.defineProperty(provider, 'storeId', {
    enumerable: true,
    get: () => parts?.store.storeId,
  });
}

/**
 * A storage that keeps each object as a file of a folder, under a name that a person recognises.
 * A write is a new file that takes the old one's place, so readers and crashes see one of both,
 * whole; conditional writes hold between processes of one machine.
 * Errors: `permission-denied` for rights, read-only disks and symbolic links; `quota-exceeded` for
 * a full disk; `conflict` for a lock that others hold for too long; `corrupted` for a companion
 * that cannot be read.
 */
export const createFileSystem: BackendFactory<FileSystemOptions> = /* @__PURE__ */ defineBackend({
  name: 'fs',
  aliases: ['filesystem', 'local'],
  schemes: ['file'],
  provider: (options) => fileSystemProvider(options),
  fromConfig: fileSystemFromConfig,
});

function capabilitiesFor({ companions, publicUrlBase }: FileSystemSettings): Capabilities {
  const hasAttributes = companions !== 'none';
  return {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: true,
    replaceIfMatch: true,
    deleteIfMatch: true,
    copyIfMatch: true,
    copyIfAbsent: true,
    uploadConditions: true,
    setMetadataIfMatch: hasAttributes,
    attributes: hasAttributes ? 'companion' : 'none',
    atomicAttributes: hasAttributes,
    checksum: hasAttributes,
    uploadChecksum: hasAttributes,
    etagCovers: 'write',
    listFields: LIST_FIELDS,
    listAttributes: hasAttributes,
    listOrder: 'utf8',
    delimiter: 'any',
    copy: true,
    move: true,
    setMetadata: hasAttributes,
    upload: true,
    uploads: true,
    publicUrl: publicUrlBase !== undefined,
    watch: true,
    usage: true,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
  };
}

/** The deepest folder of a path that is there. */
async function existingFolder(calls: FsCalls, path: string): Promise<string> {
  const [stats] = await calls.lstatAll([path]);
  const parent = dirname(path);
  return stats !== undefined || parent === path ? path : existingFolder(calls, parent);
}

/** What of the disk is in use, by whatever, and how much of it this user may have in all. */
async function usageOf(calls: FsCalls, root: string): Promise<Usage> {
  const { bsize, blocks, bfree, bavail } = await calls.statfs(await existingFolder(calls, root));
  const usedBytes = (blocks - bfree) * bsize;
  return { usedBytes, totalBytes: usedBytes + bavail * bsize };
}

/** Writes a file and removes it, once the store has a folder for that. */
function healthOf({ store }: Parts): Promise<Health> {
  const { calls, temps, root } = store;
  const { R_OK, W_OK, X_OK } = constants;
  return measureHealth(async () => {
    try {
      await calls.access(await existingFolder(calls, root), R_OK | W_OK | X_OK);
      const work = await store.hiddenIfThere('work');
      if (work === undefined) return;
      const path = work.at(temps.next());
      try {
        await store.closeFile(await temps.create(path, 0o600));
        await calls.unlink(path);
      } finally {
        work.release();
      }
    } catch (error) {
      throw toStorageError(toFsError(error), { provider: 'fs', operation: 'health' });
    }
  });
}
