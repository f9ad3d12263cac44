import { type StorageError, toStorageError } from '@granary/storage-core/provider';
import { type DriveItem, isFile, toDriveItem } from './onedrive-attributes.ts';
import { BATCH_SIZE, type BatchAnswer, type OneDrive } from './onedrive-client.ts';
import { absent, itemRequest, PLACE_FIELDS } from './onedrive-item.ts';
import { pagesOf } from './onedrive-list.ts';

/** What was found of a path: a file, nothing, or why that is not known. */
export type Found = DriveItem | undefined | StorageError;

/**
 * Looks for the files of paths, in their order. More of one folder than go in one batch are looked for
 * in its list, as long as that is shorter than asking for each; all others are asked for, twenty with
 * a request.
 */
export async function findFiles(
  drive: OneDrive,
  paths: readonly (readonly string[])[],
  signal: AbortSignal | undefined,
): Promise<readonly Found[]> {
  const found = new Map<string, Found>();
  for (const { folder, names } of foldersOf(paths)) {
    if (names.size <= BATCH_SIZE) continue;
    for (const [name, file] of await lookInList(drive, folder, names, signal)) {
      found.set([...folder, name].join('/'), file);
    }
  }
  const rest = paths.filter((path) => !found.has(path.join('/')));
  const answers = await drive.batch(
    rest.map((path) => itemRequest(drive, path, PLACE_FIELDS)),
    { signal },
  );
  for (const [index, path] of rest.entries()) found.set(path.join('/'), fileIn(answers[index]));
  return paths.map((path) => found.get(path.join('/')));
}

function foldersOf(
  paths: readonly (readonly string[])[],
): Iterable<{ readonly folder: readonly string[]; readonly names: Set<string> }> {
  const folders = new Map<string, { folder: readonly string[]; names: Set<string> }>();
  for (const path of paths) {
    const folder = path.slice(0, -1);
    const group = folders.get(folder.join('/')) ?? { folder, names: new Set() };
    group.names.add(path.at(-1) ?? '');
    folders.set(folder.join('/'), group);
  }
  return folders.values();
}

/**
 * What the list of a folder tells of names. One that is not in it to its end is not there, unless its
 * letter case may be another: that, and what a list did not come to, has to be asked for.
 */
async function lookInList(
  drive: OneDrive,
  folder: readonly string[],
  names: ReadonlySet<string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, DriveItem | undefined>> {
  const found = new Map<string, DriveItem | undefined>();
  const folded = new Set<string>();
  let pages = 0;
  try {
    for await (const items of pagesOf(drive, folder, PLACE_FIELDS, signal)) {
      for (const item of items) {
        if (names.has(item.name)) found.set(item.name, isFile(item) ? item : undefined);
        else folded.add(fold(item.name));
      }
      pages += 1;
      const left = names.size - found.size;
      if (left === 0 || pages > left / BATCH_SIZE) return found;
    }
  } catch {
    // Asking for each tells why.
    return found;
  }
  for (const name of names) {
    if (!found.has(name) && IS_ASCII.test(name) && !folded.has(fold(name))) {
      found.set(name, undefined);
    }
  }
  return found;
}

const IS_ASCII = /^[ -~]*$/;

/** Names that may be one to the service have one of these. */
function fold(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase();
}

function fileIn(answer: BatchAnswer | undefined): Found {
  if (answer === undefined) return undefined;
  try {
    if (!('body' in answer)) return absent(answer.error);
    const item = toDriveItem(answer.body);
    return isFile(item) ? item : undefined;
  } catch (error) {
    return toStorageError(error);
  }
}
