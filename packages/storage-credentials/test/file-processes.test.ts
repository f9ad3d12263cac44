import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createKeyFile, createVault, fileDriver } from '../src/node.ts';
import { NODE_OPTIONS, runCalls } from './run-calls.ts';
import { temporaryFolder } from './temporary-folder.ts';

const WRITER = fileURLToPath(new URL('./processes/vault-writer.ts', import.meta.url));
const ROUNDS = 6;

function vaultIn(folder: string) {
  return createVault({
    driver: fileDriver({ path: join(folder, 'vault.json'), keyFile: join(folder, 'key') }),
  });
}

function startWriter(folder: string, worker: string): ChildProcess {
  const args = [...NODE_OPTIONS, WRITER, folder, worker];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Lets a writer write so often, kills it, and tells the last numbers that it began and finished. */
async function killAfter(
  writer: ChildProcess,
  writes: number,
): Promise<{ readonly begun: number; readonly done: number }> {
  const { stdout } = writer;
  if (stdout === null) throw new Error('The writer has no output.');
  let said = '';
  stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes(`begin ${writes}\n`)) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  const last = (what: string) =>
    Number(
      said
        .match(new RegExp(`${what} (\\d+)`, 'g'))
        ?.at(-1)
        ?.split(' ')[1] ?? 0,
    );
  return { begun: last('begin'), done: last('done') };
}

test('a writer that is killed leaves the old secret or the new one, whole', {
  timeout: 60_000,
}, async () => {
  const folder = await temporaryFolder();
  await createKeyFile(join(folder, 'key'));
  await using vault = vaultIn(folder);
  await vault.set('other', 'untouched');
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { begun, done } = await killAfter(startWriter(folder, 'w'), round * 3);
    const [name, number, rest] = (await vault.get('w'))?.reveal().split(' ') ?? [];
    expect([name, rest]).toEqual(['w', 'x'.repeat(20_000)]);
    expect(Number(number)).toBeGreaterThanOrEqual(done);
    expect(Number(number)).toBeLessThanOrEqual(begun);
    expect((await vault.get('other'))?.reveal()).toBe('untouched');
  }
  // The lock of the last one is taken over, and what it left is swept.
  await vault.set('w', 'mine');
  expect((await readdir(folder)).toSorted()).toEqual(['key', 'vault.json']);
});

test('two processes that write at once lose nothing', { timeout: 60_000 }, async () => {
  const folder = await temporaryFolder();
  await createKeyFile(join(folder, 'key'));
  const writers = ['a', 'b', 'c'].map((worker) => ({
    worker,
    ends: killAfter(startWriter(folder, worker), 15),
  }));
  for (const { ends } of writers) expect((await ends).done).toBeGreaterThanOrEqual(14);
  await using vault = vaultIn(folder);
  for (const { worker } of writers) {
    expect((await vault.get(worker))?.reveal()).toMatch(new RegExp(`^${worker} (14|15) x`));
  }
});

test('processes that start at once make one vault and one data key', async () => {
  const folder = await temporaryFolder();
  await createKeyFile(join(folder, 'key'));
  const results = await Promise.all(
    Array.from({ length: 4 }, () => runCalls({ driver: 'file', folder, calls: [['key', 'data']] })),
  );
  expect(new Set(results.map(([result]) => result?.value)).size).toBe(1);
  await using vault = vaultIn(folder);
  expect(Buffer.from(await vault.key('data')).toString('hex')).toBe(results[0]?.[0]?.value);
});

test('nothing that a program logs holds the secret', async () => {
  const code = `
    import { inspect } from 'node:util';
    import { createVault, memoryDriver } from '@granary/storage-credentials';
    const vault = createVault({ driver: memoryDriver() });
    await vault.set('github', 'hunter2');
    const secret = await vault.get('github');
    const key = await vault.key('data');
    const all = { secret, key, list: [secret], vault, versions: await vault.versions('github') };
    console.log(secret, key, all, String(secret), \`\${secret}\`, JSON.stringify(all), secret + '');
    console.log(inspect(all, { showHidden: true, depth: 9, getters: true }));
    console.dir(secret, { showHidden: true });
  `;
  const child = spawn(process.execPath, [...NODE_OPTIONS, '--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = await text(child.stdout);
  expect(said).toContain('Secret(***)');
  expect(said).toContain('Key(***)');
  expect(said).not.toContain('hunter2');
});
