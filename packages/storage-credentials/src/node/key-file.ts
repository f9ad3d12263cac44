import { randomBytes } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StorageError } from '@granary/storage-core';
import { fromBase64 } from '../base64.ts';
import { readPrivateFile } from './atomic-file.ts';
import { codeOf, toFileError } from './native-errors.ts';

const KEY_BYTES = 32;
/** All rights of others, and writing of the group: orchestrators let a group read their secrets. */
const FORBIDDEN = 0o037;

/**
 * Makes a key file: 32 random bytes as base64, which its owner alone can read. Keep it apart from the
 * vault and from its backups. Errors: `precondition-failed` where there is a file already.
 */
export async function createKeyFile(path: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const handle = await open(path, 'wx', 0o600);
    try {
      await handle.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw toFileError(error, path);
    throw new StorageError('precondition-failed', `there is a file at ${path} already.`, {
      outcome: 'not-applied',
      hint: 'It may be the key of a vault, so it was left as it is. Name another path.',
    });
  }
}

/** The key in a file. Errors: `invalid-config`; `permission-denied` for one that others can read. */
export async function readKeyFile(
  path: string,
  platform?: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const text = await readPrivateFile(path, { platform, forbidden: FORBIDDEN });
  const key = fromBase64(text ?? '');
  if (key?.byteLength === KEY_BYTES) return key;
  const reason = text === undefined ? 'is not there' : 'does not hold 32 bytes as base64';
  throw new StorageError('invalid-config', `the key file ${path} ${reason}.`, {
    outcome: 'not-applied',
    hint: 'Make one with createKeyFile, or with: openssl rand -base64 32',
  });
}
