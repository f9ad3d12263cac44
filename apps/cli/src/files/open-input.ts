import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { BodyInput } from '@granary/storage-core';
import { usageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { fileError } from './file-error.ts';

/** Content that is to be stored. */
export interface Input extends AsyncDisposable {
  readonly body: BodyInput;
  /** Units: bytes. Absent when nobody knows. */
  readonly size: number | undefined;
}

/** Units: bytes read at a time. */
const CHUNK_BYTES = 256 * 1024;

/** Opens a file, or the input for `-`. Errors: usage, `not-found`, `permission-denied`. */
export async function openInput(source: string, { cwd, stdin }: Host): Promise<Input> {
  if (source === '-') {
    if (stdin.isTTY === true) {
      throw usageError('the input is a terminal.', 'Pipe something in, or name a file.');
    }
    const body = stdin as AsyncIterable<Uint8Array>;
    return { body, size: undefined, async [Symbol.asyncDispose]() {} };
  }
  const file = await open(resolve(cwd, source)).catch((error: unknown) => {
    throw fileError(error, source);
  });
  const facts = await file.stat();
  if (facts.isDirectory()) {
    await file.close();
    throw usageError(`${source} is a folder.`, 'Copy folders with granary cp -r.');
  }
  return {
    body: file.createReadStream({ autoClose: false, highWaterMark: CHUNK_BYTES }),
    size: facts.isFile() ? facts.size : undefined,
    [Symbol.asyncDispose]: () => file.close(),
  };
}
