import fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

const IN_FLIGHT = 64;

/**
 * Walks a folder and takes the size and times of every file: `readdir` and `stat` by callback with
 * 64 in flight, no promise per file. Nothing that was tried in Node without blocking is faster.
 */
export function walkWithStats(
  root: string,
  visit: (path: string, stats: fs.Stats) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const folders = [root];
    const files: string[] = [];
    let inFlight = 0;
    const advance = (error: Error | null) => {
      if (error !== null) return reject(error);
      inFlight--;
      pump();
    };
    const pump = () => {
      while (inFlight < IN_FLIGHT) {
        const file = files.pop();
        if (file !== undefined) {
          inFlight++;
          fs.stat(file, (error, stats) => {
            if (error === null) visit(file, stats);
            advance(error);
          });
          continue;
        }
        const folder = folders.pop();
        if (folder === undefined) break;
        inFlight++;
        fs.readdir(folder, { withFileTypes: true }, (error, entries) => {
          for (const entry of error === null ? entries : []) {
            (entry.isDirectory() ? folders : files).push(folder + sep + entry.name);
          }
          advance(error);
        });
      }
      if (inFlight === 0) resolve();
    };
    pump();
  });
}

/** Walks a folder by one recursive `readdir`, without asking for sizes or times. */
export async function walkNames(root: string, visit: (path: string) => void): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) visit(join(entry.parentPath, entry.name));
  }
}

/** The key of a file below a root. */
export function keyOf(root: string, path: string): string {
  const key = relative(root, path);
  return sep === '/' ? key : key.replaceAll(sep, '/');
}
