import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { extname, join, relative, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** A file of the folder that the job stores, as Node itself sees it. */
export interface SourceFile {
  readonly path: string;
  /** Relative to the folder, with `/`. */
  readonly name: string;
  /** Without the dot, in lower case; empty when there is none. */
  readonly extension: string;
  /** Units: bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

export interface SourceFolder {
  readonly root: string;
  readonly files: readonly SourceFile[];
  /** What was left out, with the reason. */
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

const LEFT_OUT = new Set(['.git', '.turbo', 'coverage', 'dist', 'node_modules']);

/** Lists a folder's files with Node alone, so that Granary's answers have something to be held against. */
export async function readSourceFolder(
  folder: string,
  leaveOut: readonly string[],
): Promise<SourceFolder> {
  const root = resolve(folder);
  const facts = await stat(root).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `${root} cannot be read (${error.code}). Name a folder: npm start -- path/to/folder`,
    );
  });
  if (!facts.isDirectory()) {
    throw new Error(`${root} is not a folder. Name a folder: npm start -- path/to/folder`);
  }
  const files: SourceFile[] = [];
  const skipped: { name: string; reason: string }[] = [];
  const pending = [root];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    for (const entry of await readdir(place, { withFileTypes: true })) {
      const path = join(place, entry.name);
      const name = relative(root, path).split(sep).join('/');
      if (leaveOut.includes(path)) continue;
      if (entry.isDirectory()) {
        if (LEFT_OUT.has(entry.name))
          skipped.push({ name: `${name}/`, reason: 'build output or tools' });
        else pending.push(path);
      } else if (entry.isFile()) {
        const { size, mtime } = await stat(path);
        const extension = extname(name).slice(1).toLowerCase();
        files.push({ path, name, extension, size, modifiedAt: mtime });
      } else {
        skipped.push({ name, reason: entry.isSymbolicLink() ? 'a link' : 'not a file' });
      }
    }
  }
  files.sort((a, b) => (a.name < b.name ? -1 : 1));
  return { root, files, skipped };
}

/** SHA-256 of a file, read by Node, in the form that `info.checksums` has. */
export async function checksumOfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256-${hash.digest('base64')}`;
}

/** SHA-256 of a stream, in the form that `info.checksums` has. */
export async function checksumOfStream(stream: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return `sha256-${hash.digest('base64')}`;
}

/** Part of a file, read by Node. Units: bytes. */
export async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
