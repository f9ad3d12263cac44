import {
  type CompanionRecord,
  companionName,
  isStorageError,
  readCompanion,
  type SelectedSide,
  selectAttributes,
  writeCompanion,
} from '@granary/storage-core/provider';
import { isMissing, isOtherKind } from './opfs-errors.ts';
import { etagOf, type FileStamp } from './opfs-info.ts';
import { patiently } from './opfs-patience.ts';
import type { FoundFile, Place } from './opfs-store.ts';
import type { Temps } from './opfs-temp.ts';

/**
 * What a companion says of a file; `undefined` where there is nothing. `again`: the file was
 * replaced meanwhile, so that the companion may be another one's.
 */
export type Description = SelectedSide | undefined | 'again';

/** Files that hold attributes, each beside its object as `<name>.meta.json`. */
export interface Companions {
  /** Errors: `corrupted`, `invalid-data`. */
  read(place: Place, key: string): Promise<CompanionRecord | undefined>;
  /** The same for a writer, who replaces one that is broken. */
  readForWrite(place: Place, key: string): Promise<CompanionRecord | undefined>;
  /** All at once; `undefined` removes it. */
  write(place: Place, key: string, record: CompanionRecord | undefined): Promise<void>;
  /** What holds for this very file. Writers put the companion in place first and then the file. */
  describe(found: FoundFile, key: string): Promise<Description>;
}

export function openCompanions(temps: Temps): Companions {
  async function read({ folder, name }: Place, key: string): Promise<CompanionRecord | undefined> {
    let text: string;
    for (;;) {
      try {
        const file = await (await folder.getFileHandle(companionName(name))).getFile();
        text = await file.text();
        break;
      } catch (error) {
        if (isMissing(error) || isOtherKind(error)) return undefined;
        // It was replaced between the two.
        if ((error as Partial<Error>).name !== 'NotReadableError') throw error;
      }
    }
    return readCompanion(text, key);
  }

  return {
    read,

    async readForWrite(place, key) {
      try {
        return await read(place, key);
      } catch (error) {
        if (!isStorageError(error, 'corrupted')) throw error;
        return { next: { attributes: {} } };
      }
    },

    async write({ folder, name }, key, record) {
      const companion = companionName(name);
      const text = writeCompanion({ key, text: undefined, record, now: new Date() });
      if (text === undefined) {
        await patiently(() => folder.removeEntry(companion)).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
        return;
      }
      const bytes = new TextEncoder().encode(text);
      const temp = await temps.create(bytes.byteLength);
      try {
        await temp.append(bytes);
        await temp.finish(undefined, false);
        await temp.moveTo({ folder, name: companion });
      } finally {
        await temp.discard();
      }
    },

    async describe(found, key) {
      const record = await read(found, key);
      const selected = record && selectAttributes(record, etagOf(found.file));
      if (selected !== undefined && selected.matched !== 'neither') return selected;
      return (await isCurrent(found)) ? selected : 'again';
    },
  };
}

/** Whether the file is still the one that was found. */
export async function isCurrent({ folder, name, file }: FoundFile): Promise<boolean> {
  let now: FileStamp;
  try {
    now = await (await folder.getFileHandle(name)).getFile();
  } catch (error) {
    if (isMissing(error) || isOtherKind(error)) return false;
    throw error;
  }
  return etagOf(now) === etagOf(file);
}
