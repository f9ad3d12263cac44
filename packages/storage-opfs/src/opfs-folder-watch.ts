import type { ChangeEvent } from '@granary/storage-core/provider';
import { etagOf } from './opfs-info.ts';
import type { KeyNames } from './opfs-keys.ts';
import type { ChangeRecord, FolderObserverConstructor } from './opfs-platform.ts';
import type { Store } from './opfs-store.ts';
import type { ObjectChange } from './opfs-watch.ts';

/** What the browser sees in the folder, whoever does it. */
export interface FolderWatch {
  stop(): void;
}

export interface FolderWatchParts {
  readonly store: Store;
  readonly observer: FolderObserverConstructor;
  /** Waits until nobody writes a key. */
  quiet(key: string): Promise<void>;
  /** Told of objects as they are now; it knows what was told before. */
  hear(change: ObjectChange): void;
  emit(event: ChangeEvent | { readonly type: 'lost' }): void;
}

/**
 * A `FileSystemObserver` over the folder: Chromium from 133 on,
 * https://developer.mozilla.org/docs/Web/API/FileSystemObserver (read 2026-11-21). It tells paths,
 * also those of Granary's own writes; each is looked at again once nobody writes it, and told as it
 * is then. `undefined` where the browser does not observe this folder.
 */
export async function watchFolder(parts: FolderWatchParts): Promise<FolderWatch | undefined> {
  const { store, observer: Observer, quiet, hear, emit } = parts;
  const { names } = store;
  let isStopped = false;
  let queue: Promise<void> = Promise.resolve();

  async function look(key: string): Promise<void> {
    await quiet(key);
    const found = await store.find(key);
    if (isStopped) return;
    if (found !== undefined) hear({ type: 'put', key, etag: etagOf(found.file) });
    else if (!(await holds(key))) hear({ type: 'delete', key });
  }

  /** Whether there is a folder: what it holds is told by itself, or below. */
  async function holds(key: string): Promise<boolean> {
    const path = key.split('/').flatMap((segment) => names.pathOf(segment));
    const folder = await store.folder(path);
    if (folder === undefined) return false;
    for await (const [name, handle] of folder.entries()) {
      if (names.isHidden(name)) continue;
      const segment = names.segmentOf(name);
      if (handle.kind === 'directory' || segment === undefined) {
        // A whole tree came at once; Granary makes folders one by one.
        emit({ type: 'subtree', prefix: `${key}/` });
        return true;
      }
      await look(`${key}/${segment}`);
    }
    return true;
  }

  async function tell({
    type,
    relativePathComponents,
    relativePathMovedFrom,
  }: ChangeRecord): Promise<void> {
    if (isStopped) return;
    if (type === 'errored' || type === 'unknown') {
      emit({ type: 'lost' });
      return;
    }
    for (const path of [relativePathMovedFrom, relativePathComponents]) {
      const key = path == null ? undefined : keyOf(names, path);
      if (key !== undefined) await look(key);
    }
  }

  const observer = new Observer((records) => {
    for (const record of records) {
      queue = queue.then(() => tell(record)).catch(() => emit({ type: 'lost' }));
    }
  });
  try {
    await observer.observe(store.root, { recursive: true });
  } catch {
    // Workers of some kinds and some folders cannot be observed; own events are told all the same.
    return undefined;
  }
  return {
    stop() {
      isStopped = true;
      observer.disconnect();
    },
  };
}

/** The key of a path; `undefined` for bookkeeping and for a part of a long name. */
function keyOf(names: KeyNames, path: readonly string[]): string | undefined {
  const segments: string[] = [];
  let start = '';
  for (const name of path) {
    if (names.isHidden(name)) return undefined;
    if (names.isPart(name)) {
      start += `${name}/`;
      continue;
    }
    const segment = names.segmentOf(start + name);
    if (segment === undefined) return undefined;
    segments.push(segment);
    start = '';
  }
  return start === '' && segments.length > 0 ? segments.join('/') : undefined;
}
