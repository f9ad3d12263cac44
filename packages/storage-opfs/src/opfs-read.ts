import {
  type ContentRange,
  type GetOptions,
  meetReadConditions,
  type ObjectInfo,
  resolveRange,
  type SelectedSide,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { fileBody } from './opfs-body.ts';
import { type Companions, isCurrent } from './opfs-companion.ts';
import { notFound } from './opfs-errors.ts';
import { etagOf, infoOf } from './opfs-info.ts';
import type { FoundFile, Store } from './opfs-store.ts';

/** Content up to this size is read at once, so that it cannot change afterwards. Units: bytes. */
const EAGER_BYTES = 256 * 1024;
/** So often an object is looked at again that is written over just then. */
const MAX_ATTEMPTS = 64;

/** An object as it was at one moment: file and attributes of one write. */
export interface FoundObject extends FoundFile {
  readonly described: SelectedSide | undefined;
}

/** Reads objects. */
export interface Reader {
  get(key: string, options: GetOptions): Promise<StoredObject>;
  stat(key: string): Promise<ObjectInfo>;
  /** Errors: `not-found`. */
  look(key: string): Promise<FoundObject>;
}

export function openReader(store: Store, companions: Companions): Reader {
  async function look(key: string): Promise<FoundObject> {
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      const found = await store.find(key);
      if (found === undefined) {
        await store.checkThere();
        throw notFound();
      }
      const described = await companions.describe(found, key);
      if (described !== 'again') return { ...found, described };
    }
    throw busy();
  }

  /** `undefined`: the object was replaced meanwhile. */
  async function readNow(found: FoundFile, part: ContentRange): Promise<Uint8Array | undefined> {
    try {
      const blob = found.file.slice(part.offset, part.offset + part.length);
      const bytes = new Uint8Array(await blob.arrayBuffer());
      return (await isCurrent(found)) ? bytes : undefined;
    } catch (error) {
      if (await isCurrent(found)) throw error;
      return undefined;
    }
  }

  return {
    look,

    async stat(key) {
      const { file, described } = await look(key);
      return infoOf(key, file, described);
    },

    async get(key, { range, ifMatch, ifNoneMatch }) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const found = await look(key);
        const { file, described } = found;
        meetReadConditions(etagOf(file), { ifMatch, ifNoneMatch });
        const part = range && resolveRange(range, file.size);
        const whole = part ?? { offset: 0, length: file.size };
        const info = infoOf(key, file, described);
        const settings = part === undefined ? {} : { range: part };
        if (whole.length > EAGER_BYTES) return storedObject(info, fileBody(found, whole), settings);
        const bytes = await readNow(found, whole);
        if (bytes !== undefined) return storedObject(info, { bytes: () => bytes }, settings);
      }
      throw busy();
    },
  };
}

function busy(): StorageError {
  return new StorageError(
    'conflict',
    'the object was replaced again and again while it was read.',
    { hint: 'Try again.' },
  );
}
