import { type ErrorCode, StorageError } from '@granary/storage-core/provider';

/** https://nodejs.org/api/errors.html#common-system-errors (read 2026-11-21) */
const CODES: Readonly<Record<string, readonly [code: ErrorCode, reason: string]>> = {
  ENOENT: ['not-found', 'there is no such file or folder'],
  ENOTDIR: ['not-found', 'a part of the path is no folder'],
  EISDIR: ['invalid-argument', 'it is a folder'],
  EACCES: ['permission-denied', 'access is denied'],
  EPERM: ['permission-denied', 'it is not permitted'],
  EROFS: ['permission-denied', 'the file system is read-only'],
  ENOSPC: ['quota-exceeded', 'the disk is full'],
  EDQUOT: ['quota-exceeded', 'the quota is used up'],
};

/** Says what is wrong with a local file that was named on the command line. */
export function fileError(error: unknown, path: string): unknown {
  const name = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const [code, reason] = CODES[name] ?? [];
  if (code === undefined) return error;
  return new StorageError(code, `${path}: ${reason}.`, { cause: error });
}
