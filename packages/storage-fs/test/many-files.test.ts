import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const FILES = 100_000;
const FOLDERS = 50;
/** All keys and their entries at once would take several times as much. Units: bytes. */
const MAX_HEAP = 16 * 1024 * 1024;

test('100,000 files are listed in order, page by page, in bounded memory', {
  timeout: 240_000,
}, async () => {
  const baseDir = await temporaryFolder();
  for (let folder = 0; folder < FOLDERS; folder += 1) {
    const place = join(baseDir, `folder-${folder}`);
    mkdirSync(place);
    // Names for one file are made faster than files, and listed the same.
    const first = join(place, '0');
    writeFileSync(first, 'x');
    for (let file = 1; file < FILES / FOLDERS; file += 1) linkSync(first, join(place, `${file}`));
  }
  const lister = startProcess(
    'many-files.ts',
    { baseDir, work: 'list', count: FILES },
    { nodeOptions: ['--expose-gc'] },
  );
  const told = (await lister.told('result')) as { mostHeap: number };
  expect(told).toMatchObject({ keys: FILES, pages: 100, isOrdered: true });
  expect(told.mostHeap).toBeLessThan(MAX_HEAP);
  console.info(`${FILES} files, at most ${Math.round(told.mostHeap / 1024)} KiB of heap`);
});

test('4,000 reads and writes at once need no more descriptors than there are', {
  timeout: 240_000,
}, async () => {
  const baseDir = await temporaryFolder();
  const many = { baseDir, work: 'at-once', count: 4_000 };
  const busy = startProcess('many-files.ts', many, { maxOpenFiles: 256 });
  expect(await busy.told('result')).toEqual({ right: 4_000 });
});
