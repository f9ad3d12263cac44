import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StorageEngine } from '@granary/storage-core';
import { createFileSystem } from '@granary/storage-fs';
import { createMemory } from '@granary/storage-memory';
import { createReport, formatTable } from './report.ts';
import { readSourceFolder, type SourceFile, type SourceFolder } from './source-folder.ts';
import * as steps from './steps.ts';

/** Units: bytes. */
const MEMORY_UP_TO_BYTES = 512e6;
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Where the job runs. */
export interface Surroundings {
  /** Folder that gets `granary-data`. */
  readonly cwd: string;
  readonly output: Output;
  readonly errors: Output;
  /** For more than this the second provider is a folder too, `granary-copy`. Units: bytes. Default: 512 MB. */
  readonly memoryUpToBytes?: number;
}

/** Stores a real folder with Granary, reads it back in every way, and returns the exit code: 1 on any difference. */
export async function runJob(
  [folder = REPOSITORY, ...rest]: readonly string[],
  { cwd, output, errors, memoryUpToBytes = MEMORY_UP_TO_BYTES }: Surroundings,
): Promise<number> {
  const data = join(cwd, 'granary-data');
  const copy = join(cwd, 'granary-copy');
  const say = (text = '') => output.write(`${text}\n`);
  if (rest.length > 0) throw new Error('One folder at a time: npm start -- path/to/folder');
  const source = await readSourceFolder(resolve(cwd, folder), [data, copy]);
  if (source.files.length === 0)
    throw new Error(`${source.root} holds no files. Name another folder.`);
  introduce(source, data, say);

  const report = createReport(output);
  const first = createFileSystem({ baseDir: data });
  await forgetEarlierRun(first);
  await steps.storeFiles(report, first, source.files);
  await steps.storeDocuments(report, first, source.files);
  await steps.listAll(report, first, source.files);
  await steps.searchAll(report, first, source.files);
  await steps.readRanges(report, first, source.files);
  await steps.copyAndMove(report, first, source.files);
  await first.close();

  await using reopened = createFileSystem({ baseDir: data });
  await steps.verifyAll(report, reopened, source.files);
  await using second =
    sizeOf(source.files) <= memoryUpToBytes ? createMemory() : createFileSystem({ baseDir: copy });
  await forgetEarlierRun(second);
  await steps.copyToSecond(report, reopened, second);

  say(`\n${formatTable(report.rows)}\n`);
  if (report.differences.length === 0) {
    say(whatNext(data));
    return 0;
  }
  errors.write(`${report.differences.length} differences:\n`);
  for (const difference of report.differences.slice(0, 20)) errors.write(`  ${difference}\n`);
  return 1;
}

function introduce(
  { root, files, skipped }: SourceFolder,
  data: string,
  say: (text?: string) => void,
): void {
  const megabytes = (sizeOf(files) / 1e6).toFixed(1);
  say(`Granary stores ${files.length} files (${megabytes} MB) of ${root} in ${data}`);
  if (skipped.length > 0) {
    const some = skipped.slice(0, 3).map(({ name, reason }) => `${name} (${reason})`);
    say(
      `left out: ${some.join(', ')}${skipped.length > 3 ? ` and ${skipped.length - 3} more` : ''}`,
    );
  }
  say();
}

function sizeOf(files: readonly SourceFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

async function forgetEarlierRun(storage: StorageEngine): Promise<void> {
  for (const prefix of steps.PREFIXES) await storage.clear(prefix);
}

function whatNext(data: string): string {
  return `No differences. The objects are ordinary files: look into ${join(data, 'files')}

Next
  npm run granary -- ls ./granary-data/documents/        list what was stored
  npm run granary -- search ./granary-data/ --tag file   find by tag
  npm run granary -- cp ./granary-data/ ./elsewhere/     copy it all; with --update, only what changed
  npm start -- path/to/a/folder                          the same with your own files`;
}
