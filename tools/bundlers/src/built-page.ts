import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** The scripts of a built page. */
export interface BuiltPage {
  /** All of them, one after the other. */
  readonly text: string;
  /** Minified and gzipped, each file by itself. Units: bytes. */
  readonly gzipBytes: number;
}

/** Reads the scripts below a folder. */
export async function readBuiltPage(folder: string): Promise<BuiltPage> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const scripts = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.js'));
  const texts = await Promise.all(
    scripts.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  return {
    text: texts.join('\n'),
    gzipBytes: texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).byteLength, 0),
  };
}
