import { StorageError } from '@granary/storage-core/provider';
import { isMissing } from './opfs-errors.ts';
import { HIDDEN_FOLDER } from './opfs-keys.ts';
import type { Locks } from './opfs-locks.ts';
import type { Temps } from './opfs-temp.ts';

/** Also looked for in capitals, which tells whether letter case matters here. */
export const FORMAT_FILE = 'format.json';
const VERSION = 1;

/** What a storage writes down about itself, once. The backend `fs` has the same file. */
export interface StoreFormat {
  /** Changes when the storage is made anew. */
  readonly storeId: string;
}

/** Errors: `invalid-data` for a version or layout that this package does not know, `corrupted`. */
export async function readFormat(
  root: FileSystemDirectoryHandle,
): Promise<StoreFormat | undefined> {
  let file: File;
  try {
    const hidden = await root.getDirectoryHandle(HIDDEN_FOLDER);
    file = await (await hidden.getFileHandle(FORMAT_FILE)).getFile();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parse(await file.text());
}

/** The format that counts: the one that another tab wrote first, if it did. */
export function writeFormat(
  root: FileSystemDirectoryHandle,
  temps: Temps,
  locks: Locks,
): Promise<StoreFormat> {
  return locks.exclusively([`granary-opfs:format:${root.name}`], undefined, async () => {
    const known = await readFormat(root);
    if (known !== undefined) return known;
    const format = {
      granary: VERSION,
      storeId: crypto.randomUUID(),
      companions: 'meta-json',
      names: 'exact',
    };
    const bytes = new TextEncoder().encode(`${JSON.stringify(format, undefined, 2)}\n`);
    const temp = await temps.create(bytes.byteLength);
    try {
      await temp.append(bytes);
      await temp.finish(undefined, false);
      const folder = await root.getDirectoryHandle(HIDDEN_FOLDER, { create: true });
      await temp.moveTo({ folder, name: FORMAT_FILE });
    } finally {
      await temp.discard();
    }
    return format;
  });
}

function parse(text: string): StoreFormat {
  let json: Record<string, unknown> | null;
  try {
    json = JSON.parse(text) as Record<string, unknown> | null;
  } catch {
    throw notFormat('it is not JSON');
  }
  const { granary, storeId, companions, names } = json ?? {};
  if (typeof granary !== 'number' || typeof storeId !== 'string') {
    throw notFormat('something is missing');
  }
  if (granary > VERSION) {
    throw new StorageError('invalid-data', `this folder has format ${granary} of a storage.`, {
      hint: 'Update @granary/storage-opfs to read it.',
    });
  }
  if (companions !== 'meta-json' || names !== 'exact') {
    throw new StorageError(
      'invalid-data',
      'this folder keeps attributes or names in a way that browsers do not read.',
      { hint: 'It was made by the backend "fs" with other options; open it with that.' },
    );
  }
  return { storeId };
}

function notFormat(why: string): StorageError {
  return new StorageError('corrupted', `.granary/format.json cannot be read: ${why}.`, {
    hint: 'Restore or remove it; the objects themselves are not affected.',
  });
}
