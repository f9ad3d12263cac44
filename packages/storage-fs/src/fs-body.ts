import { constants, type Stats } from 'node:fs';
import { type BodySource, type ContentRange, StorageError } from '@granary/storage-core/provider';
import { isMissing } from './fs-calls.ts';
import { toFsError } from './fs-errors.ts';
import { type Hasher, sha256Hasher } from './fs-hash.ts';
import { etagOf } from './fs-info.ts';
import type { Store } from './fs-store.ts';
import { readAll, readStream } from './fs-transfer.ts';

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0);
/** Files kept open for bodies that nobody has read yet. Those beyond are opened again when they are read. */
const MAX_PINNED = 256;

/** A file that was opened for a body. */
export interface BodyFile {
  readonly fd: number;
  /** Absolute. */
  readonly path: string;
  readonly stats: Stats;
  readonly part: ContentRange;
  /** What all of the content must be like, where that is known. */
  readonly check?: {
    readonly sha256: string;
    /** Brings the object back when it is not. */
    heal(): Promise<void>;
  };
}

/** Makes bodies of open files. */
export interface Bodies {
  /** The body closes the descriptor, at its end or when it is let go of. */
  hold(file: BodyFile): BodySource;
}

/**
 * An open file is pinned: what is read from it is of one write, whoever replaces it. So that ten
 * thousand unread bodies do not use up the descriptors, only some files stay open; the others must
 * still be the same when they are opened again, else `conflict`.
 */
export function fileBodies(store: Store, maxPinned: number = MAX_PINNED): Bodies {
  const { calls, folders } = store;
  let pinned = 0;

  async function openAgain({ path, stats }: BodyFile): Promise<number> {
    let fd: number;
    try {
      fd = await calls.open(path, READ_FLAGS);
    } catch (error) {
      throw isMissing(error) ? replaced() : error;
    }
    if (etagOf(calls.fstatSync(fd)) === etagOf(stats) && (await folders.holds(fd, path))) return fd;
    calls.closeSync(fd);
    throw replaced();
  }

  return {
    hold(file) {
      const { stats, part, check } = file;
      let fd: number | undefined = file.fd;
      let reading = 0;
      let isReleased = false;
      if (pinned >= maxPinned) {
        calls.closeSync(fd);
        fd = undefined;
      } else {
        pinned += 1;
      }
      const wasPinned = fd !== undefined;

      function release(): void {
        if (isReleased) return;
        isReleased = true;
        if (wasPinned) pinned -= 1;
        if (reading === 0) close();
      }

      function close(): void {
        if (fd !== undefined) calls.closeSync(fd);
        fd = undefined;
      }

      /** Runs a read. The descriptor is closed when none runs: its number may be another file's then. */
      async function use<Result>(read: (fd: number) => Promise<Result>): Promise<Result> {
        if (isReleased) throw replaced();
        reading += 1;
        try {
          fd ??= await openAgain(file);
          return await read(fd);
        } catch (error) {
          throw toFsError(error);
        } finally {
          reading -= 1;
          if (isReleased && reading === 0) close();
        }
      }

      async function checkUnchanged(open: number): Promise<void> {
        const now = await store.fstat(open);
        // An edit in place, which no lock keeps out.
        if (now.mtimeMs !== stats.mtimeMs || now.size !== stats.size) throw replaced();
      }

      /** Fails when the content is not what was written. It is by the next reading. */
      async function checkHash(hasher: Hasher | undefined): Promise<void> {
        if (hasher === undefined || hasher.digest() === check?.sha256) return;
        await check?.heal();
        throw wasDamaged();
      }

      return {
        async bytes() {
          try {
            const bytes = await use(async (open) => {
              const all = await readAll(calls, open, part.offset, part.length);
              await checkUnchanged(open);
              return all;
            });
            const hasher = check && sha256Hasher();
            hasher?.update(bytes);
            await checkHash(hasher);
            return bytes;
          } finally {
            release();
          }
        },
        stream() {
          const hasher = check && sha256Hasher();
          return readStream(part, {
            async read(bytes, position) {
              const count = await use((open) =>
                calls.read(open, bytes, 0, bytes.byteLength, position),
              );
              hasher?.update(bytes.subarray(0, count));
              return count;
            },
            async end() {
              await use(checkUnchanged);
              await checkHash(hasher);
            },
            release,
          });
        },
        cancel: release,
      };
    },
  };
}

function replaced(): StorageError {
  return new StorageError('conflict', 'the object was changed while it was read.', {
    retryable: true,
    hint: 'Get it again.',
  });
}

function wasDamaged(): StorageError {
  return new StorageError('conflict', 'the content was damaged, and has been brought back.', {
    hint: 'Get it again.',
  });
}
