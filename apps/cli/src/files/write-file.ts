import { randomUUID } from 'node:crypto';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from './file-error.ts';

/**
 * Writes a local file all at once: nobody sees part of it, and what was there before stays until
 * the new one is whole and on the disk. A device or a pipe is written to as it is. Errors: those of
 * files.
 */
export async function writeFileWhole(
  path: string,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  // Behind a link, it is the file that is replaced, not the link.
  const target = await realpath(path).catch(() => path);
  const isOrdinary = (await stat(target).catch(() => undefined))?.isFile() ?? true;
  return isOrdinary ? replaceFile(target, content, onBytes) : writeInto(target, content, onBytes);
}

async function writeInto(
  path: string,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  try {
    await using file = await open(path, 'w');
    return await writeAll(file, content, onBytes);
  } catch (error) {
    throw fileError(error, path);
  }
}

async function replaceFile(
  path: string,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.part`);
  const file = await open(temporary, 'wx').catch((error: unknown) => {
    throw fileError(error, path);
  });
  try {
    const size = await writeAll(file, content, onBytes);
    await file.sync();
    await file.close();
    await rename(temporary, path);
    return size;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw fileError(error, path);
  }
}

async function writeAll(
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<number> {
  let size = 0;
  for await (const chunk of content) {
    await file.writeFile(chunk);
    size += chunk.byteLength;
    onBytes(size);
  }
  return size;
}
