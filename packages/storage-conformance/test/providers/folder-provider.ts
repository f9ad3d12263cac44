import {
  type Capabilities,
  type ChangeEvent,
  OPTIONAL_OPERATIONS,
  StorageError,
  type StorageProvider,
  type WatchEvent,
  type Watcher,
} from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { mapProvider } from './map-provider.ts';
import type { MapStore } from './map-store.ts';

/** What a store of files and folders declares that folds case, hashes content and takes parts in sequence. */
const FOLDER_CAPABILITIES: Capabilities = {
  rangeReads: true,
  readConditions: true,
  createIfAbsent: true,
  replaceIfMatch: true,
  deleteIfMatch: true,
  attributes: 'native',
  etagCovers: 'content',
  listOrder: 'utf8',
  delimiter: 'slash',
  putMany: true,
  deleteMany: true,
  copy: true,
  move: true,
  setMetadata: true,
  upload: true,
  uploads: true,
  versions: true,
  deleteVersion: true,
  watch: true,
  changes: true,
  durable: true,
  maxPutBytes: 8 * 1024 * 1024,
  maxBufferedPutBytes: 9 * 1024 * 1024,
  maxKeyBytes: 900,
};

/** What a drive tells of an event: the folder, an id, or that something changed somewhere. */
function widened(event: WatchEvent): WatchEvent {
  if (!('key' in event) || event.key === undefined) return event;
  const folder = event.key.slice(0, event.key.indexOf('/') + 1);
  if (folder !== '') return { type: 'subtree', prefix: folder };
  return event.type === 'delete' ? { type: 'reset' } : { type: 'put', id: 'a-file' };
}

function hash(bytes: Uint8Array): string {
  let state = 2166136261;
  for (const byte of bytes) state = Math.imul(state ^ byte, 16777619) >>> 0;
  return `h${state.toString(36)}-${bytes.byteLength}`;
}

/** A provider like that of a drive: no object beside a folder of its name, one case, etags of content. */
export function folderProvider(store: MapStore): StorageProvider {
  store.etagOf = hash;
  const inner = mapProvider(store, {
    serverUrl: '',
    sessions: { order: 'sequential', needsTotal: true },
  });

  /** The key as it is stored, when it is stored in another case. */
  function stored(key: string): string {
    const folded = key.toLowerCase();
    return [...store.objects.keys()].find((other) => other.toLowerCase() === folded) ?? key;
  }

  function free(key: string, but?: string): string {
    const clash = [...store.objects.keys()].find(
      (other) => other !== but && (other.startsWith(`${key}/`) || key.startsWith(`${other}/`)),
    );
    if (clash === undefined) return stored(key);
    throw new StorageError('conflict', 'a folder and an object cannot have one name.', {
      retryable: false,
      outcome: 'not-applied',
    });
  }

  async function target<Result>(
    key: string,
    action: (to: string) => Promise<Result> | undefined,
    but?: string,
  ): Promise<Result> {
    return (await action(free(key, but))) as Result;
  }

  const missing: Record<string, undefined> = {};
  for (const operation of OPTIONAL_OPERATIONS) {
    if (operation in FOLDER_CAPABILITIES) continue;
    missing[operation] = undefined;
  }
  return relay(inner, {
    ...(missing as Partial<StorageProvider>),
    name: 'folder',
    capabilities: FOLDER_CAPABILITIES,
    get: (key, options) => inner.get(stored(key), options),
    put: async (key, body, options) => {
      try {
        return await target(key, (to) => inner.put(to, body, options));
      } catch (error) {
        await body.cancel(error);
        throw error;
      }
    },
    stat: (key, options) => inner.stat(stored(key), options),
    delete: (key, options) => inner.delete(stored(key), options),
    putMany: async (entries) => {
      const results = entries.map(
        ({ key, body, options = {} }) =>
          async () =>
            inner.put(free(key), body, options),
      );
      const all = [];
      for (const [index, put] of results.entries()) {
        const key = entries[index]?.key ?? '';
        try {
          all.push({ key, ok: true as const, value: await put() });
        } catch (error) {
          all.push({ key, ok: false as const, error: error as Error });
        }
      }
      return all;
    },
    deleteMany: async (keys) =>
      keys.map((key) => ({
        key,
        ok: true as const,
        value: { existed: store.objects.delete(stored(key)) },
      })),
    copy: (from, to, options) => target(to, (free_) => inner.copy?.(stored(from), free_, options)),
    move: (from, to, options) =>
      target(to, (free_) => inner.move?.(stored(from), free_, options), stored(from)),
    upload: (key, options) => target(key, (to) => inner.upload?.(to, options)),
    async watch(options) {
      const watcher = (await inner.watch?.({})) as Watcher;
      const close = () => {
        options.signal?.removeEventListener('abort', close);
        return watcher.close();
      };
      options.signal?.addEventListener('abort', close);
      return {
        async *[Symbol.asyncIterator]() {
          for await (const event of watcher) yield widened(event);
        },
        close,
        [Symbol.asyncDispose]: close,
      };
    },
    async *changes(options) {
      for await (const page of inner.changes?.(options) ?? []) {
        const events = page.events.map(
          (_event, index): ChangeEvent =>
            index % 2 === 0 ? { type: 'subtree' } : { type: 'put', id: 'a-file' },
        );
        yield { ...page, events };
      }
    },
    async *list(options) {
      for await (const page of inner.list(options)) {
        const entries = page.entries.map((entry) =>
          entry.kind === 'item' ? { kind: entry.kind, key: entry.key } : entry,
        );
        yield { ...page, entries };
      }
    },
  });
}
