import { chmodSync, chownSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import type { Attempt, AttemptResult } from './processes/other-user.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

/** The user who may do nothing, on every Linux. */
const NOBODY = 65_534;
const SAID = { metadata: { version: 1 } };

/** A folder with two objects of root's, which others may read. */
async function storeOfRoot(context: TestContext): Promise<string> {
  if (process.getuid?.() !== 0) context.skip('only root can become another user');
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('folder/a.txt', 'content', SAID);
  await storage.put('b.txt', 'another');
  await storage.close();
  chmodSync(baseDir, 0o755);
  return baseDir;
}

async function attemptAsNobody(
  baseDir: string,
  ...attempts: readonly Attempt[]
): Promise<readonly AttemptResult[]> {
  const user = startProcess('other-user.ts', { baseDir, uid: NOBODY, gid: NOBODY, attempts });
  return (await user.told('results')) as AttemptResult[];
}

test('who may only read reads everything', async (context) => {
  const baseDir = await storeOfRoot(context);
  expect(
    await attemptAsNobody(baseDir, ['get', 'folder/a.txt'], ['stat', 'folder/a.txt'], ['list']),
  ).toEqual([
    { value: { text: 'content', metadata: { version: 1 } } },
    { value: { metadata: { version: 1 } } },
    { value: ['b.txt', 'folder/a.txt'] },
  ]);
});

test.for<Attempt>([
  ['put', 'folder/a.txt'],
  ['put', 'folder/new.txt'],
  ['put', 'new/deep.txt'],
  ['put with metadata', 'folder/a.txt'],
  ['delete', 'folder/a.txt'],
  ['copy', 'folder/a.txt', 'copy.txt'],
  ['move', 'folder/a.txt', 'b.txt'],
  ['setMetadata', 'folder/a.txt'],
  ['upload', 'folder/a.txt'],
])('who may only read is refused %s and nothing changes', async (attempt, context) => {
  const baseDir = await storeOfRoot(context);
  const before = readdirSync(baseDir, { recursive: true }).sort();
  const [refusal, after] = await attemptAsNobody(baseDir, attempt, ['get', 'folder/a.txt']);
  expect(refusal?.error).toMatchObject({ code: 'permission-denied', key: attempt[1] });
  if (attempt[0].startsWith('put')) expect(refusal?.error?.outcome).toBe('not-applied');
  expect(refusal?.error?.message).toContain('Check who owns the folder');
  expect(after).toEqual({ value: { text: 'content', metadata: { version: 1 } } });
  expect(readdirSync(baseDir, { recursive: true }).sort()).toEqual(before);
});

test('an object that the user may not read is refused, and no other one', async (context) => {
  const baseDir = await storeOfRoot(context);
  chmodSync(join(baseDir, 'b.txt'), 0o600);
  const [refused, other, list] = await attemptAsNobody(
    ...([baseDir, ['get', 'b.txt'], ['get', 'folder/a.txt'], ['list']] as const),
  );
  expect(refused?.error).toMatchObject({ code: 'permission-denied', key: 'b.txt' });
  expect(other?.value).toMatchObject({ text: 'content' });
  expect(list?.value).toEqual(['b.txt', 'folder/a.txt']);
});

test('a folder that the user may not read fails its listing and never shortens it', async (context) => {
  const baseDir = await storeOfRoot(context);
  chmodSync(join(baseDir, 'folder'), 0o700);
  const [list, refused, other] = await attemptAsNobody(
    ...([baseDir, ['list'], ['get', 'folder/a.txt'], ['get', 'b.txt']] as const),
  );
  expect(list?.error).toMatchObject({ code: 'permission-denied' });
  expect(refused?.error).toMatchObject({ code: 'permission-denied' });
  expect(other?.value).toMatchObject({ text: 'another' });
});

test('a companion that the user may not read fails the read and is not taken for none', async (context) => {
  const baseDir = await storeOfRoot(context);
  chmodSync(join(baseDir, 'folder', 'a.txt.meta.json'), 0o600);
  const [refused] = await attemptAsNobody(baseDir, ['get', 'folder/a.txt']);
  expect(refused?.error).toMatchObject({ code: 'permission-denied', key: 'folder/a.txt' });
});

test('a user whose folder it is writes beside the objects of others', async (context) => {
  const baseDir = await storeOfRoot(context);
  for (const path of ['', 'folder', '.granary', '.granary/work']) {
    chownSync(join(baseDir, path), NOBODY, NOBODY);
  }
  const results = await attemptAsNobody(
    baseDir,
    ['put with metadata', 'folder/new.txt'],
    ['put', 'folder/a.txt'],
    ['delete', 'folder/a.txt'],
    ['list'],
  );
  expect(results.map(({ error }) => error)).toEqual([undefined, undefined, undefined, undefined]);
  expect(results.at(-1)?.value).toEqual(['b.txt', 'folder/new.txt']);
});

test('health tells that the folder cannot be written', async (context) => {
  const baseDir = await storeOfRoot(context);
  const [health] = await attemptAsNobody(baseDir, ['health']);
  expect(health?.value).toMatchObject({ ok: false, code: 'permission-denied' });
});
