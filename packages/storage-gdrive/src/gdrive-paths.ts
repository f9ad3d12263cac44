import { isKey } from '@granary/storage-core/provider';
import { sendBatch } from './gdrive-batch.ts';
import { isGone } from './gdrive-client.ts';
import type { DriveFile } from './gdrive-file.ts';
import { filePath } from './gdrive-folders.ts';
import { isSegment } from './gdrive-keys.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** Finds the paths of files by the folders above them. */
export interface PathOf {
  /** Asks for the folders above files that are not known yet. */
  learn(files: readonly DriveFile[]): Promise<void>;
  /** The key of a file, or the path of a folder; `undefined` for what is not below the root of keys. */
  keyOf(file: DriveFile): string | undefined;
}

/** A folder that may be seen, or that may not. */
type Folder = Pick<DriveFile, 'name' | 'parents'> | 'hidden';

/** Folders as they are during one walk of the feed; the next walk asks again. */
export function folderPaths(store: GdriveStore, signal: AbortSignal | undefined): PathOf {
  const folders = new Map<string, Folder>();
  /** The id that the alias of the top folder stands for, where the app may see it. */
  let topId: string | undefined;
  let askedForTop = false;

  async function learn(files: readonly DriveFile[]): Promise<void> {
    for (const file of files) {
      if (folders.has(file.id)) folders.set(file.id, file);
    }
    let wanted = parentsOf(files);
    while (wanted.length > 0 || !askedForTop) {
      const ids = askedForTop ? wanted : [store.top, ...wanted];
      const answers = await sendBatch(
        store,
        ids.map((id) => ({
          method: 'GET' as const,
          path: filePath(id),
          query: { fields: 'id,name,parents', ...store.fileQuery },
        })),
        signal,
      );
      const found: DriveFile[] = [];
      for (const [index, answer] of answers.entries()) {
        const id = ids[index] ?? '';
        if (!answer.ok && !isGone(answer.error)) throw answer.error;
        const folder = answer.ok ? (answer.json as DriveFile) : undefined;
        if (!askedForTop && index === 0) topId = folder?.id;
        else folders.set(id, folder ?? 'hidden');
        if (folder !== undefined) found.push(folder);
      }
      askedForTop = true;
      wanted = parentsOf(found.filter(({ id }) => id !== topId));
    }
  }

  function parentsOf(files: readonly DriveFile[]): readonly string[] {
    const ids = files.flatMap(({ parents = [] }) => parents.slice(0, 1));
    return [...new Set(ids)].filter((id) => !folders.has(id) && id !== topId && id !== store.top);
  }

  /** With `drive.file` the top folder cannot be seen, and a folder that cannot be seen counts as it. */
  function isTop(id: string): boolean {
    return (
      id === topId || id === store.top || (topId === undefined && folders.get(id) === 'hidden')
    );
  }

  return {
    learn,
    keyOf(file) {
      const names = [file.name];
      let [above] = file.parents ?? [];
      while (above !== undefined && !isTop(above)) {
        const folder = folders.get(above);
        if (folder === undefined || folder === 'hidden') return undefined;
        names.unshift(folder.name);
        [above] = folder.parents ?? [];
      }
      if (above === undefined || !names.every(isSegment)) return undefined;
      const isBelow =
        names.length > store.root.length &&
        store.root.every((segment, index) => names[index] === segment);
      const key = names.slice(store.root.length).join('/');
      return isBelow && isKey(key) ? key : undefined;
    },
  };
}
