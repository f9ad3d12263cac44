import { StorageError } from '@granary/storage-core/provider';
import type { NativeAttributes } from './gdrive-attributes.ts';
import { isGone } from './gdrive-client.ts';
import { checkWritable } from './gdrive-export.ts';
import type { DriveFile } from './gdrive-file.ts';
import { folderFor } from './gdrive-folders.ts';
import { segmentsOf } from './gdrive-keys.ts';
import { lookUp } from './gdrive-lookup.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** How often the file that is written over may go away at that moment. */
const MAX_TRIES = 3;

/** Where content goes: over a file, or into a folder as a new one. */
export type Target =
  | { readonly over: DriveFile }
  | { readonly parent: string; readonly over?: undefined };

/** Finds where content goes and sends it there; again when the file that was found is gone by then. */
export async function toTarget<Result>(
  store: GdriveStore,
  key: string,
  signal: AbortSignal | undefined,
  sendTo: (target: Target) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    const place = await lookUp(store, key, { signal });
    const [over] = place.files;
    checkWritable(store, over);
    try {
      if (over !== undefined) return await sendTo({ over });
      return await sendTo({ parent: await folderFor(store, place, signal) });
    } catch (error) {
      if (!isGone(error)) throw error;
      if (tries < MAX_TRIES) continue;
      throw new StorageError('conflict', 'the file or its folder went away while it was written.', {
        cause: error,
        outcome: 'not-applied',
      });
    }
  }
}

/** What describes the file of a write. */
export function describe(
  store: GdriveStore,
  key: string,
  target: Target,
  { mimeType, appProperties }: NativeAttributes,
): object {
  const properties = Object.keys(appProperties).length > 0 && { appProperties };
  if (target.over === undefined) {
    const name = segmentsOf(key).at(-1);
    return { name, parents: [target.parent], mimeType, ...properties };
  }
  // Whoever put it into the trash meanwhile did so before this write.
  return { mimeType, ...properties, ...(!store.isAppFolder && { trashed: false }) };
}
