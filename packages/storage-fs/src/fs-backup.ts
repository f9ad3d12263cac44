import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { isMissing } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import { hashFile } from './fs-hash.ts';
import { HIDDEN_FOLDER } from './fs-keys.ts';
import type { Store } from './fs-store.ts';
import { unlinkIfThere } from './fs-temp.ts';
import type { TempFile } from './fs-temp-file.ts';
import { readAll, writeAll } from './fs-transfer.ts';

const VERSION = 1;
/** The end of every backup. Before it stand the length of the proof, and before that the proof. */
const MARK = Buffer.from('GRANBAK1', 'latin1');
const LENGTH_BYTES = 4;
/** Longer than any proof, whose key may be written with six bytes for one. Units: bytes. */
const TAIL_BYTES = 8 * 1024;

/** What a good object was like. */
export interface Proof {
  /** Units: bytes. */
  readonly size: number;
  /** When it was written. An object of another time was changed from outside. */
  readonly mtimeMs: number;
  /** `sha256-<base64>`. */
  readonly sha256: string;
}

/** A backup on its way. */
export interface PendingBackup {
  /** Makes it the backup, once its object is in place. */
  finish(): Promise<void>;
  cancel(): Promise<void>;
}

/**
 * The last good copies of objects: one file for each key, with the content and, behind it, what
 * proves that it is whole.
 */
export interface Backups {
  /** Copies what is going to be the object. */
  prepare(
    key: string,
    file: TempFile,
    stats: Stats,
    sha256: string | undefined,
  ): Promise<PendingBackup>;
  /** What the object must be like, if nobody has changed it since it was backed up. */
  proofOf(key: string, stats: Stats): Promise<Proof | undefined>;
  /** A file with the content; `undefined` when there is no backup, or a damaged one. */
  reproduce(key: string): Promise<{ readonly file: TempFile; readonly proof: Proof } | undefined>;
  forget(key: string): Promise<void>;
}

export function fileBackups(store: Store): Backups {
  const { calls, folders, temps, durability } = store;

  /** The folder and the name of a key's backup. Short, since a person has no business there. */
  function placeOf(key: string): { readonly path: string; readonly name: string } {
    const name = createHash('sha256').update(key).digest('hex').slice(0, 40);
    return { path: `${HIDDEN_FOLDER}/backups/${name.slice(0, 2)}`, name };
  }

  async function openBackup(key: string): Promise<number | undefined> {
    const { path, name } = placeOf(key);
    let folder: Folder;
    try {
      folder = await folders.open(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      return await calls.open(folder.at(name), constants.O_RDONLY);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    } finally {
      folder.release();
    }
  }

  async function readProof(fd: number): Promise<Proof | undefined> {
    const { size } = calls.fstatSync(fd);
    const tail = Buffer.from(await readAll(calls, fd, Math.max(0, size - TAIL_BYTES), TAIL_BYTES));
    const end = tail.byteLength - MARK.byteLength - LENGTH_BYTES;
    if (end < 0 || !tail.subarray(-MARK.byteLength).equals(MARK)) return undefined;
    const length = tail.readUInt32BE(end);
    if (length > end) return undefined;
    return parseProof(tail.toString('utf8', end - length, end));
  }

  /** A copy of a file, open. */
  async function copyOf(source: string): Promise<TempFile> {
    const folder = await store.hidden('work');
    const path = folder.at(temps.next());
    try {
      const { COPYFILE_EXCL, COPYFILE_FICLONE } = constants;
      await calls.copyFile(source, path, COPYFILE_EXCL | COPYFILE_FICLONE);
      await calls.chmod(path, 0o600);
      return { fd: await temps.openAgain(path), folder, path, mode: 0o666 };
    } catch (error) {
      await unlinkIfThere(calls, path);
      folder.release();
      throw error;
    }
  }

  return {
    async prepare(key, file, { size, mtimeMs }, sha256) {
      const { fd, folder, path } = await copyOf(file.path);
      const cancel = async () => {
        try {
          calls.closeSync(fd);
          await unlinkIfThere(calls, path);
        } finally {
          folder.release();
        }
      };
      try {
        const proof: Proof = { size, mtimeMs, sha256: sha256 ?? (await hashFile(calls, fd, size)) };
        const text = Buffer.from(JSON.stringify({ granary: VERSION, key, ...proof }));
        const length = Buffer.alloc(LENGTH_BYTES);
        length.writeUInt32BE(text.byteLength);
        await writeAll(calls, fd, Buffer.concat([text, length, MARK]), size);
        await calls.fchmod(fd, 0o600);
        if (durability !== 'none') await calls.fsync(fd);
        const place = placeOf(key);
        return {
          cancel,
          async finish() {
            try {
              const target = await folders.make(place.path);
              try {
                await calls.rename(path, target.at(place.name));
                if (durability === 'full') await target.sync();
              } finally {
                target.release();
              }
            } finally {
              await cancel();
            }
          },
        };
      } catch (error) {
        await cancel();
        throw error;
      }
    },

    async proofOf(key, stats) {
      const fd = await openBackup(key);
      if (fd === undefined) return undefined;
      try {
        const proof = await readProof(fd);
        return proof?.mtimeMs === stats.mtimeMs ? proof : undefined;
      } finally {
        calls.closeSync(fd);
      }
    },

    async reproduce(key) {
      const backup = await openBackup(key);
      if (backup === undefined) return undefined;
      let file: TempFile | undefined;
      try {
        const proof = await readProof(backup);
        if (proof === undefined) return undefined;
        const { path, name } = placeOf(key);
        file = await copyOf(folders.absolute(`${path}/${name}`));
        await calls.ftruncate(file.fd, proof.size);
        if ((await hashFile(calls, file.fd, proof.size)) !== proof.sha256) return undefined;
        if (durability !== 'none') await calls.fsync(file.fd);
        const found = { file, proof };
        file = undefined;
        return found;
      } finally {
        calls.closeSync(backup);
        if (file !== undefined) {
          calls.closeSync(file.fd);
          await unlinkIfThere(calls, file.path);
          file.folder.release();
        }
      }
    },

    async forget(key) {
      const { path, name } = placeOf(key);
      try {
        const folder = await folders.open(path);
        try {
          await unlinkIfThere(calls, folder.at(name));
        } finally {
          folder.release();
        }
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}

/** `undefined` for a damaged one, or one of another version. */
function parseProof(text: string): Proof | undefined {
  try {
    const { granary, ...proof } = JSON.parse(text) as Proof & { readonly granary: number };
    return granary === VERSION ? proof : undefined;
  } catch {
    return undefined;
  }
}
