import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createReport, formatTable, type Report } from '../src/report.ts';
import { runJob } from '../src/run-job.ts';
import { readSourceFolder, type SourceFile } from '../src/source-folder.ts';
import * as steps from '../src/steps.ts';

let place: string;
let files: readonly SourceFile[];

beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'granary-differences-'));
  for (const name of ['a.txt', 'deep/b.txt', 'deep/c.json', 'plain', 'z.txt']) {
    await mkdir(join(place, 'source', dirname(name)), { recursive: true });
    const length = name === 'z.txt' ? 40 : 30;
    await writeFile(join(place, 'source', name), `content of ${name}`.padEnd(length, '.'));
  }
  ({ files } = await readSourceFolder(join(place, 'source'), []));
});

afterEach(() => rm(place, { recursive: true }));

const quiet = () => createReport({ write: () => {} });

/** A storage that answers some calls otherwise. */
function lying(storage: StorageEngine, lies: Partial<StorageEngine>): StorageEngine {
  return Object.assign(Object.create(storage) as StorageEngine, lies);
}

/** A storage that has all files, and a report of what a step finds in it. */
async function stored(lies: (storage: StorageEngine) => Partial<StorageEngine> = () => ({})) {
  const storage = createMemory();
  await steps.storeFiles(quiet(), storage, files);
  return { honest: storage, storage: lying(storage, lies(storage)), report: quiet() };
}

/** Each step finds nothing wrong with an honest storage, and these lies of another one. */
const LIES: readonly [
  string,
  (report: Report, storage: StorageEngine) => Promise<void>,
  (storage: StorageEngine) => Partial<StorageEngine>,
  RegExp,
][] = [
  [
    'a put that tells another size',
    (report, storage) => steps.storeFiles(report, storage, files),
    (storage) => ({
      put: async (...values: Parameters<StorageEngine['put']>) => ({
        ...(await storage.put(...values)),
        size: 1,
      }),
    }),
    /store files: size of a\.txt: expected 30, got 1/,
  ],
  [
    'a load that bends values',
    (report, storage) => steps.storeDocuments(report, storage, files),
    () => ({ load: async () => ({}) }) as Partial<StorageEngine>,
    /store documents: value of documents\/folders\/.*: expected \{"id"/,
  ],
  [
    'a listing that leaves out a file',
    (report, storage) => steps.listAll(report, storage, files),
    (storage) => ({
      list: ((query: string | object) =>
        typeof query === 'string'
          ? storage.list('files/deep/')
          : storage.list({ ...query, prefix: 'files/deep/' })) as StorageEngine['list'],
    }),
    /files that the listing lacks: expected , got files\/a\.txt/,
  ],
  [
    'a search that finds nothing',
    (report, storage) => steps.searchAll(report, storage, files),
    (storage) => ({
      search: ((query: object) =>
        storage.search({ ...query, prefix: 'none/' })) as StorageEngine['search'],
    }),
    /search: files tagged txt: expected 3, got 0/,
  ],
  [
    'a get that ignores ranges',
    (report, storage) => steps.readRanges(report, storage, files),
    (storage) => ({
      get: (key: string) =>
        storage.get('files/plain', { range: { offset: 0, length: key.length % 3 } }),
    }),
    /read ranges and streams: 30 bytes from 0 of a\.txt: expected 0, got/,
  ],
  [
    'a move that leaves its source',
    (report, storage) => steps.copyAndMove(report, storage, files),
    (storage) => ({ move: (from: string, to: string) => storage.copy(from, to) }),
    /copy and move: copies left behind: expected 0, got 5/,
  ],
  [
    'a get of another object',
    (report, storage) => steps.verifyAll(report, storage, files),
    (storage) => ({
      get: (key: string) => storage.get(key === 'files/a.txt' ? 'files/plain' : key),
    }),
    /reopen and verify: checksum of a\.txt: expected sha256-/,
  ],
];

test.each(LIES)(
  '%s is a difference, and an honest storage has none',
  async (_, step, lies, said) => {
    const { honest, storage, report } = await stored(lies);
    await step(report, storage);
    expect(report.differences.join('\n')).toMatch(said);
    const calm = quiet();
    await step(calm, honest);
    expect(calm.differences).toEqual([]);
  },
);

test('objects without checksums, metadata, tags and types are copied and told of', async () => {
  const { honest } = await stored();
  const bare = createMemory();
  for await (const { key } of honest.list('files/')) {
    await bare.put(key, await (await honest.get(key)).bytes());
  }
  const report = quiet();
  await steps.verifyAll(report, bare, files);
  expect(report.differences.join('\n')).toMatch(
    /recorded checksum of a\.txt: expected sha256-.*, got undefined/,
  );
  const copied = quiet();
  await steps.copyToSecond(copied, bare, createMemory());
  expect(copied.differences).toEqual([]);
  expect(copied.rows).toMatchObject([{ objects: 5, checks: 16 }]);
});

test('more files than a page holds are all listed', async () => {
  for (let file = 0; file < 120; file += 1) {
    await writeFile(join(place, 'source', `n${file}`), String(file));
  }
  ({ files } = await readSourceFolder(join(place, 'source'), []));
  const { honest, report } = await stored();
  await steps.listAll(report, honest, files);
  expect(report.differences).toEqual([]);
  expect(report.rows).toMatchObject([{ objects: 125 }]);
});

test('a file that changes under the job is a difference, which fails it', {
  timeout: 60_000,
}, async () => {
  const written = { output: '', errors: '' };
  const writing: Promise<unknown>[] = [];
  const output = {
    write(text: string) {
      written.output += text;
      if (text.includes('store documents')) {
        writing.push(writeFile(join(place, 'source', 'a.txt'), 'something else'));
      }
    },
  };
  const errors = { write: (text: string) => (written.errors += text) };
  expect(await runJob(['source'], { cwd: place, output, errors })).toBe(1);
  await Promise.all(writing);
  expect(written.errors).toMatch(/^\d+ differences:\n {2}read ranges and streams: .* of a\.txt/);
  expect(written.output).not.toContain('No differences.');
  expect(written.output).not.toContain('\u001b');
});

test('a folder that holds its own copy does not store it again', { timeout: 60_000 }, async () => {
  const cwd = join(place, 'source');
  for (const _ of ['first run', 'second run']) {
    let output = '';
    const into = { write: (text: string) => (output += text) };
    expect(await runJob(['.'], { cwd, output: into, errors: into })).toBe(0);
    expect(output).toContain('stores 5 files');
  }
});

test('more than fits into memory is copied into another folder', { timeout: 60_000 }, async () => {
  let output = '';
  const into = { write: (text: string) => (output += text) };
  const at = { cwd: place, output: into, errors: into, memoryUpToBytes: 10 };
  expect(await runJob(['source'], at)).toBe(0);
  expect(await readFile(join(place, 'granary-copy', 'files', 'a.txt'))).toHaveLength(30);
  expect(output).toContain('No differences.');
});

test('what is left out is told, a few of it by name', { timeout: 60_000 }, async () => {
  for (const name of ['dist', 'node_modules', '.git', 'coverage']) {
    await mkdir(join(place, 'source', name));
  }
  const server = createServer().listen(join(place, 'source', 'socket'));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  let output = '';
  const into = { write: (text: string) => (output += text) };
  expect(await runJob(['source'], { cwd: place, output: into, errors: into })).toBe(0);
  expect(output).toMatch(/left out: .*\(build output or tools\).* and \d more/);
  const { skipped } = await readSourceFolder(join(place, 'source'), []);
  expect(skipped).toContainEqual({ name: 'socket', reason: 'not a file' });
});

test('a terminal sees how far a step is, also one without objects', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  onTestFinished(() => void vi.useRealTimers());
  vi.advanceTimersByTime(1000);
  let output = '';
  const report = createReport({ isTTY: true, write: (text) => (output += text) });
  await report.step('some', 4, async ({ done }) => {
    for (let object = 0; object < 4; object += 1) {
      done(1_500_000);
      vi.advanceTimersByTime(100);
    }
  });
  expect(output).toContain('█████░░░░░░░░░░░░░░░ 1/4  1.5 MB');
  expect(output).toContain('4/4  6.0 MB');
  await report.step('none', 0, async ({ done }) => done(0));
  expect(output).toContain(`${'█'.repeat(20)} 1/0  0.0 MB`);
  expect(formatTable(report.rows)).toMatch(/none +1 +0\.0 +0\.00 +– +0/);
  expect(formatTable([])).toContain('in all');
});

test('a file that is cut short is read as far as it goes', async () => {
  const [first] = files;
  if (first === undefined) throw new Error('no file');
  const { honest, report } = await stored();
  await truncate(first.path, 10);
  await steps.readRanges(report, honest, files);
  expect(report.differences.join('\n')).toContain(`of ${first.name}: expected 0`);
  expect(await readFile(first.path)).toHaveLength(10);
});

test.each([
  [['nowhere-at-all'], 1, /cannot be read \(ENOENT\)/],
  [['one', 'two'], 1, /One folder at a time/],
])('the command ends with %j by a message and the code %i', async (folders, code, message) => {
  const { argv, exitCode } = process;
  const said = vi.spyOn(console, 'error').mockImplementation(() => {});
  onTestFinished(() => {
    process.argv = argv;
    process.exitCode = exitCode;
    said.mockRestore();
    vi.resetModules();
  });
  process.argv = ['node', 'main.ts', ...folders];
  vi.resetModules();
  await import('../src/main.ts');
  expect(process.exitCode).toBe(code);
  expect(said.mock.calls.join('\n')).toMatch(message);
});
