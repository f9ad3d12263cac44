import { idPath } from './gdrive-client.ts';
import { notDrive } from './gdrive-errors.ts';
import { FOLDER_TYPE } from './gdrive-file.ts';
import type { Place } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/**
 * The folder in which a file goes, made where it is missing. Two writers may each make one of the same
 * name; they count as one folder from then on.
 */
export async function folderFor(
  store: GdriveStore,
  { folders, missing }: Place,
  signal: AbortSignal | undefined,
): Promise<string> {
  let parent = folders.at(-1)?.[0] ?? store.top;
  for (const name of missing) {
    const made = await store.client.json<{ readonly id?: string }>({
      method: 'POST',
      path: 'files',
      query: { fields: 'id', ...store.fileQuery },
      json: { name, mimeType: FOLDER_TYPE, parents: [parent] },
      signal,
    });
    if (made.id === undefined) throw notDrive('it lacks the id of a folder');
    parent = made.id;
  }
  return parent;
}

/** The path of a file's own resource. */
export function filePath(id: string): string {
  return `files/${idPath(id)}`;
}
