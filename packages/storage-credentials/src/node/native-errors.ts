import { StorageError } from '@granary/storage-core';

/** The code of a failed system call: `ENOENT`. */
export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? '');
}

export function isMissing(error: unknown): boolean {
  return codeOf(error) === 'ENOENT';
}

/** What a failed system call means. https://man7.org/linux/man-pages/man3/errno.3.html (read 2026-11-21) */
export function toFileError(error: unknown, path: string): StorageError {
  const code = codeOf(error);
  const fields = { outcome: 'not-applied' } as const;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StorageError(
        'permission-denied',
        `the system does not allow it: ${code} at ${path}.`,
        {
          ...fields,
          hint: 'Check who owns it and its rights.',
        },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StorageError('quota-exceeded', `there is no room: ${code} at ${path}.`, fields);
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EISDIR':
      return new StorageError(
        'invalid-config',
        `there is no such file: ${code} at ${path}.`,
        fields,
      );
    default:
      return new StorageError(
        'unknown',
        `the system failed with ${code || 'an error'} at ${path}.`,
        fields,
      );
  }
}
