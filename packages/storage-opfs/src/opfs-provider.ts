import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  isStorageError,
  type ListField,
  measureHealth,
  type ObjectInfo,
  StorageError,
  type StorageProvider,
  type Usage,
} from '@granary/storage-core/provider';
import { opfsFromConfig } from './opfs-config.ts';
import { toFullError } from './opfs-errors.ts';
import { openLocks } from './opfs-locks.ts';
import { type OPFSOptions, settingsOf } from './opfs-options.ts';
import { openParts, type Parts, type SweepResult } from './opfs-parts.ts';
import { type Platform, thisPlatform } from './opfs-platform.ts';
import { openWriters } from './opfs-writers.ts';

const LIST_FIELDS: readonly ListField[] = ['size', 'etag', 'modifiedAt'];

/** What this backend can do that Granary does not model: `storage.native`. */
export interface OPFSNative {
  /** Removes what tabs left that were killed, and uploads that nobody goes on with. */
  sweep(): Promise<SweepResult>;
  /** The folder of the storage. What is written there without Granary is found like its own objects. */
  directory(): Promise<FileSystemDirectoryHandle>;
}

/** The provider behind {@link createOPFS}, before core puts its half of the contract around it. */
export function opfsProvider(
  options: OPFSOptions = {},
  platform: Platform = thisPlatform(),
): StorageProvider {
  const settings = settingsOf(options);
  const { isUserFolder, mode, worker } = settings;
  const { hasSyncHandles, hasWritables } = platform;
  const locks = openLocks(platform.locks);
  const writers = openWriters({ hasSyncHandles, hasWritables, worker, isUserFolder });
  const usage = platform.estimate && !isUserFolder ? usageOf(platform.estimate) : undefined;
  let parts: Parts | undefined;
  let opening: Promise<Parts> | undefined;

  function open(): Promise<Parts> {
    opening ??= openParts({ ...settings, platform, locks, writers }).then(
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

  /** Lets go of a folder that is gone, so that the next operation opens it anew. */
  async function forget(lost: Parts | undefined): Promise<void> {
    if (lost === undefined || lost !== parts) return;
    parts = undefined;
    opening = undefined;
    await lost.close();
  }

  async function run<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    for (let attempt = 1; ; attempt += 1) {
      const used = parts;
      try {
        return await work(used ?? (await open()));
      } catch (thrown) {
        const error = await toFullError(thrown, usage);
        if (!isStorageError(error, 'store-not-found')) throw error;
        await forget(used ?? parts);
        // Nothing was done, and the origin's own folder is made anew.
        if (!error.retryable || attempt > 1) throw error;
      }
    }
  }

  async function* walk<Page>(
    source: (parts: Parts) => AsyncIterable<Page>,
  ): AsyncGenerator<Page, void, undefined> {
    try {
      yield* source(parts ?? (await open()));
    } catch (error) {
      throw await toFullError(error, usage);
    }
  }

  /** Runs a write, unless the folder is there for reading alone. */
  async function change<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    if (mode === 'readwrite') return run(work);
    throw new StorageError('permission-denied', 'this folder was opened for reading alone.', {
      outcome: 'not-applied',
      hint: "Open it with mode: 'readwrite'.",
    });
  }

  const native: OPFSNative = {
    sweep: () => change(({ sweep }) => sweep()),
    directory: () => run(async ({ store }) => store.root),
  };

  const provider: StorageProvider = {
    specVersion: 1,
    name: 'opfs',
    capabilities: capabilitiesFor(platform.locks !== undefined, usage !== undefined),
    native,

    async open() {
      const { store } = await run(async (opened) => opened);
      return store.caseSensitive ? { caseSensitive: true } : undefined;
    },

    get: (key, asked) => run(({ reader }) => reader.get(key, asked)),
    put: (key, body, asked) =>
      change<ObjectInfo>(({ writer }) => writer.put(key, body, asked)).catch(
        async (error: unknown) => {
          await body.cancel(error);
          throw error;
        },
      ),
    stat: (key) => run(({ reader }) => reader.stat(key)),
    delete: (key, asked) => change(({ writer }) => writer.remove(key, asked)),
    list: (asked) => walk(({ lister }) => lister.list(asked)),

    copy: (from, to, asked) => change(({ copier }) => copier.copy(from, to, asked)),
    move: (from, to, asked) => change(({ copier }) => copier.move(from, to, asked)),
    setMetadata: (key, patch, asked) =>
      change(({ writer }) => writer.setMetadata(key, patch, asked)),

    upload: (key, asked) => change(({ uploads }) => uploads.open(key, asked)),
    uploads: ({ prefix = '' }) => walk(({ uploads }) => uploads.pending(prefix)),

    watch: (asked) => run(({ watching }) => watching.watch(asked)),

    ...(usage && { usage }),
    health: () =>
      measureHealth(() =>
        run(async ({ store, temps }) => {
          await store.checkThere();
          if (mode === 'read') return;
          const temp = await temps.create(1);
          await temp.append(new Uint8Array(1));
          await temp.discard();
        }),
      ),

    async close() {
      const closing = parts ?? (await opening?.catch(() => undefined));
      parts = undefined;
      opening = undefined;
      await closing?.close();
      writers.stop();
    },
  };
  // Not known before the storage has been opened.
  return Object.defineProperty(provider, 'storeId', {
    enumerable: true,
    get: () => parts?.store.storeId,
  });
}

/**
 * A storage in the browser's origin private file system, or in a folder that a person chose: each
 * object is a file whose path is its key. A write is a new file that takes the old one's place, so
 * readers and killed tabs see one of both, whole; conditional writes hold between tabs.
 * Errors: `unsupported` where the browser or the page has no such file system; `permission-denied`
 * when the person has to allow the folder again; `store-not-found` when the folder was moved or
 * deleted; `quota-exceeded`; `conflict` for a key below another one's object.
 */
export const createOPFS: BackendFactory<OPFSOptions> = /* @__PURE__ */ defineBackend({
  name: 'opfs',
  provider: (options) => opfsProvider(options),
  fromConfig: opfsFromConfig,
});

function capabilitiesFor(hasLocks: boolean, hasUsage: boolean): Capabilities {
  return {
    rangeReads: true,
    readConditions: true,
    // Without Web Locks, two tabs could both believe that they are the first.
    createIfAbsent: hasLocks,
    replaceIfMatch: hasLocks,
    deleteIfMatch: hasLocks,
    copyIfMatch: true,
    copyIfAbsent: hasLocks,
    uploadConditions: hasLocks,
    setMetadataIfMatch: hasLocks,
    attributes: 'companion',
    atomicAttributes: true,
    checksum: true,
    uploadChecksum: true,
    etagCovers: 'write',
    listFields: LIST_FIELDS,
    listAttributes: true,
    listOrder: 'utf8',
    delimiter: 'slash',
    copy: true,
    move: true,
    setMetadata: true,
    upload: true,
    uploads: true,
    watch: true,
    usage: hasUsage,
    health: true,
    durable: true,
  };
}

function usageOf(estimate: () => Promise<StorageEstimate>): () => Promise<Usage> {
  return async () => {
    const { usage, quota } = await estimate();
    return {
      ...(usage !== undefined && { usedBytes: usage }),
      ...(quota !== undefined && { totalBytes: quota }),
    };
  };
}
