import { type BatchCall, sendBatch } from './gdrive-batch.ts';
import type { DriveFile } from './gdrive-file.ts';
import { type FilePage, filesOf, folderSearch, inAny, searchQuery } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** Folders whose ids are remembered. */
const MAX_FOLDERS = 256;

/** The ids that folders had when they were read last: guesses, each looked at again before it counts. */
export interface KnownFolders {
  get(path: string): readonly string[] | undefined;
  set(path: string, ids: readonly string[]): void;
}

export function knownFolders(): KnownFolders {
  const known = new Map<string, readonly string[]>();
  return {
    get: (path) => known.get(path),
    set(path, ids) {
      known.delete(path);
      known.set(path, ids);
      const [oldest] = known.keys();
      if (known.size > MAX_FOLDERS && oldest !== undefined) known.delete(oldest);
    },
  };
}

/**
 * What is in a folder that was read before, in one request: the same batch looks for the folder and reads
 * it under the ids that it had. `undefined` where it has others now, or does not fit.
 */
export async function readKnownFolder(
  store: GdriveStore,
  path: string,
  signal: AbortSignal | undefined,
): Promise<readonly DriveFile[] | undefined> {
  const ids = store.known.get(path);
  if (ids === undefined) return undefined;
  const looking = folderSearch(store, path);
  if (looking === undefined) return undefined;
  const queries = [...looking.queries, `trashed = false and (${inAny(ids)})`];
  const calls = queries.map(
    (q): BatchCall => ({ method: 'GET', path: 'files', query: searchQuery(store, q) }),
  );
  const pages: FilePage[] = [];
  for (const answer of await sendBatch(store, calls, signal)) {
    // The plain way says what is wrong.
    if (!answer.ok) return undefined;
    pages.push(answer.json as FilePage);
  }
  if (pages.some(({ nextPageToken }) => nextPageToken !== undefined)) return undefined;
  const found = pages.map(filesOf);
  const now = looking.idsIn(found.slice(0, -1));
  return String(now) === String(ids) ? found.at(-1) : undefined;
}
