import {
  abortedError,
  type ErrorCode,
  isStorageError,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { codeOf } from './fs-calls.ts';

interface Translation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
  readonly retryable?: boolean;
}

const FULL =
  'Free some space or give the storage another folder; what was stored before is still there.';
const RIGHTS = 'Check who owns the folder and its mode, and as which user this process runs.';
const TOO_MANY_FILES = 'Close files that are not needed, or raise the limit (ulimit -n).';
const NOT_A_FILE = 'Look at what is there: something that is not an object is in the way.';

/**
 * What the operating system says, and what we say. The names are those of errno(3)
 * (https://man7.org/linux/man-pages/man3/errno.3.html, read 2026-11-21); libuv maps Windows' codes
 * onto the same ones.
 */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  ENOENT: {
    code: 'not-found',
    reason: 'there is no such object.',
    hint: 'list() tells which keys there are.',
  },
  EACCES: { code: 'permission-denied', reason: 'the file system refuses access.', hint: RIGHTS },
  EPERM: { code: 'permission-denied', reason: 'the file system does not permit it.', hint: RIGHTS },
  EROFS: {
    code: 'permission-denied',
    reason: 'the file system is mounted read-only.',
    hint: 'Mount it for writing, or use the storage for reading alone.',
  },
  ELOOP: {
    code: 'permission-denied',
    reason: 'the path goes through a symbolic link, and links are not followed.',
    hint: 'Put a folder or a file in the place of the link, or make its target the baseDir of another storage.',
  },
  ENOSPC: { code: 'quota-exceeded', reason: 'the disk is full.', hint: FULL },
  EDQUOT: { code: 'quota-exceeded', reason: 'the disk quota is used up.', hint: FULL },
  EFBIG: {
    code: 'too-large',
    reason: 'the file system takes no file of this size.',
    hint: 'Store it in several objects, or on another file system.',
  },
  EMFILE: {
    code: 'unavailable',
    reason: 'this process has too many open files.',
    hint: TOO_MANY_FILES,
  },
  ENFILE: {
    code: 'unavailable',
    reason: 'the system has too many open files.',
    hint: TOO_MANY_FILES,
  },
  ENAMETOOLONG: {
    code: 'invalid-key',
    reason: 'the path is longer than the file system allows.',
    hint: 'Use a shorter key, or a baseDir with a shorter path.',
  },
  EISDIR: {
    code: 'conflict',
    reason: 'there is a folder where the object should be.',
    hint: NOT_A_FILE,
    retryable: false,
  },
  ENOTDIR: {
    code: 'conflict',
    reason: 'there is a file where a folder should be.',
    hint: NOT_A_FILE,
    retryable: false,
  },
  ENOTEMPTY: {
    code: 'conflict',
    reason: 'there is a folder with something in it in the way.',
    hint: NOT_A_FILE,
    retryable: false,
  },
  EBUSY: {
    code: 'conflict',
    reason: 'another program holds the file.',
    hint: 'Try again when the other program has let go of it.',
  },
  ETXTBSY: {
    code: 'conflict',
    reason: 'the file is being run as a program.',
    hint: 'Try again when the program has ended.',
  },
  EIO: {
    code: 'unavailable',
    reason: 'the disk failed to read or write.',
    hint: 'Check the disk (dmesg, SMART) before writing to it again.',
    retryable: false,
  },
  ESTALE: {
    code: 'unavailable',
    reason: 'the network file system has lost the file.',
    hint: 'Try again; if it stays so, mount it anew.',
  },
  ETIMEDOUT: {
    code: 'timeout',
    reason: 'the network file system does not answer.',
    hint: 'Check the mount.',
  },
  ENODEV: { code: 'unavailable', reason: 'the device is gone.', hint: 'Check the mount.' },
  ENXIO: { code: 'unavailable', reason: 'the device is gone.', hint: 'Check the mount.' },
  ENOSYS: {
    code: 'unsupported',
    reason: 'the file system cannot do this.',
    hint: 'Use a folder on a local disk.',
  },
  ENOTSUP: {
    code: 'unsupported',
    reason: 'the file system cannot do this.',
    hint: 'Use a folder on a local disk.',
  },
};

/** Gives an error of a system call the code and the words of {@link StorageError}. */
export function toFsError(error: unknown): unknown {
  if (isStorageError(error)) return error;
  const translation = TRANSLATIONS[codeOf(error)];
  if (translation === undefined) return error;
  const { code, reason, hint, retryable } = translation;
  return new StorageError(code, reason, {
    hint,
    cause: error,
    ...(retryable !== undefined && { retryable }),
  });
}

/** Says of an error of a write whether the object was replaced, where it does not say so itself. */
export function withOutcome(error: unknown, outcome: 'not-applied' | 'unknown'): StorageError {
  return toStorageError(toFsError(error), { outcome });
}

/** Fails when the caller has given up. */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal);
}

export function notFound(key: string): StorageError {
  return new StorageError('not-found', 'there is no such object.', { key });
}

/** What a symbolic link in the way of a key fails with. */
export function linkRefused(path: string): StorageError {
  return new StorageError(
    'permission-denied',
    `${JSON.stringify(path)} is, or goes through, a symbolic link; links are not followed, wherever they lead.`,
    {
      outcome: 'not-applied',
      hint: 'Put a folder or a file in the place of the link, or make its target the baseDir of another storage.',
    },
  );
}

/** What a device, pipe or socket under a key fails with. */
export function specialRefused(path: string): StorageError {
  return new StorageError(
    'permission-denied',
    `${JSON.stringify(path)} is neither a file nor a folder.`,
    { outcome: 'not-applied', hint: 'Move the device, pipe or socket out of the storage.' },
  );
}
