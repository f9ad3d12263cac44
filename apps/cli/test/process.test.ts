import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { granary, startGranary, until } from './spawn-granary.ts';

let root = '';
let folder = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-process-'));
  folder = join(root, 'work');
  mkdirSync(join(folder, 'src'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Processes start slowly on a busy machine. */
const SLOW = { timeout: 60_000 };
const PART_BYTES = 2 ** 20;
const LARGE_BYTES = 40 * PART_BYTES;

/** Content in which every part differs, so that a part in the wrong place is noticed. */
function largeContent(): Buffer {
  const bytes = Buffer.alloc(LARGE_BYTES);
  for (let offset = 0; offset < LARGE_BYTES; offset += 4096) bytes.writeUInt32LE(offset, offset);
  return bytes;
}

const target = (delayMs: number): string =>
  `parts:${join(folder, 'target')}?delayMs=${delayMs}&partBytes=${PART_BYTES}`;

/** What the target was asked to do, such as `part big.bin 1048576`. */
function calls(): string[] {
  const path = join(folder, 'target/calls.log');
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}
const partsSent = (): string[] => calls().filter((line) => line.startsWith('part '));

function stored(): string[] {
  const objects = join(folder, 'target/objects');
  return existsSync(objects) ? readdirSync(objects).map(decodeURIComponent).sort() : [];
}

function journals(): string[] {
  const state = join(root, 'state/granary/transfers');
  return existsSync(state) ? readdirSync(state) : [];
}

describe('a copy of many objects that is interrupted', SLOW, () => {
  const COUNT = 60;
  beforeEach(() => {
    for (let index = 0; index < COUNT; index += 1) {
      writeFileSync(join(folder, `src/${index}.txt`), `content of ${index}`);
    }
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'by %s leaves whole objects alone, and goes on when it runs again',
    async (signal, code) => {
      const words = ['cp', '-r', 'src', target(100), '--concurrency', '4'];
      const { child, ended } = startGranary(words, folder);
      await until(() => stored().length >= 8);
      child.kill(signal);
      const result = await ended;
      expect(result.code).toBe(code);
      expect(result.err).toMatch(
        /^Interrupted\. Copied \d+ objects, .*\nRun the same command again to go on\.\n$/,
      );
      const before = stored();
      expect(before.length).toBeLessThan(COUNT);
      for (const key of before) {
        const text = readFileSync(join(folder, 'target/objects', key), 'utf8');
        expect(text.endsWith(`\ncontent of ${key.replace('.txt', '')}`)).toBe(true);
      }
      expect(journals()).toHaveLength(1);

      const again = await granary([...words, '--json'], folder);
      expect(again.code).toBe(0);
      const sum = JSON.parse(again.out.trimEnd().split('\n').at(-1) ?? '') as Record<
        string,
        unknown
      >;
      expect(sum).toMatchObject({ done: COUNT - before.length, skipped: before.length, failed: 0 });
      expect(stored()).toHaveLength(COUNT);
      expect(journals()).toEqual([]);
      expect((await granary(['check', 'src', target(0)], folder)).code).toBe(0);
    },
  );

  test('by kill -9 leaves whole objects alone, and goes on when it runs again', async () => {
    const words = ['cp', '-r', 'src', target(100), '--concurrency', '4'];
    const { child, ended } = startGranary(words, folder);
    await until(() => stored().length >= 8);
    child.kill('SIGKILL');
    expect((await ended).signal).toBe('SIGKILL');
    const before = stored().length;
    const again = await granary([...words, '--json'], folder);
    const sum = JSON.parse(again.out.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>;
    // One that was stored and not noted down yet is copied again.
    expect(sum['skipped']).toBeGreaterThanOrEqual(before - 4);
    expect((sum['skipped'] ?? 0) + (sum['done'] ?? 0)).toBe(COUNT);
    expect((await granary(['check', 'src', target(0)], folder)).code).toBe(0);
  });
});

describe('a copy of a large object that is interrupted', SLOW, () => {
  beforeEach(() => writeFileSync(join(folder, 'src/big.bin'), largeContent()));

  test.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s leaves no object, and sends no part twice when it runs again',
    async (signal) => {
      const words = ['cp', 'src/big.bin', target(60).replace('?', '/?')];
      const { child, ended } = startGranary(words, folder);
      await until(() => partsSent().length >= 10);
      child.kill(signal);
      await ended;
      expect(stored()).toEqual([]);
      const sent = partsSent().length;
      expect(sent).toBeLessThan(40);

      expect((await granary(words, folder)).code).toBe(0);
      expect(calls().filter((line) => line.startsWith('begin '))).toHaveLength(1);
      expect(calls()).toContain('resume big.bin');
      expect(new Set(partsSent()).size).toBe(40);
      // What was on its way when the process ended may have to go again.
      expect(partsSent().length).toBeLessThanOrEqual(40 + 4);
      expect(partsSent().length - sent).toBeLessThan(40 - 4);
      expect(
        (await granary(['check', 'src/big.bin', target(0).replace('?', '/big.bin?')], folder)).code,
      ).toBe(0);
      expect(journals()).toEqual([]);
    },
  );

  test('begins anew when the source has changed', async () => {
    const words = ['cp', 'src/big.bin', target(60).replace('?', '/?')];
    const { child, ended } = startGranary(words, folder);
    await until(() => partsSent().length >= 10);
    child.kill('SIGINT');
    await ended;
    const changed = largeContent().reverse();
    writeFileSync(join(folder, 'src/big.bin'), changed);
    expect((await granary(words, folder)).code).toBe(0);
    expect(calls()).toContain('abort big.bin');
    const { out } = await granary(
      ['check', 'src/big.bin', target(0).replace('?', '/big.bin?'), '--json'],
      folder,
    );
    expect(out).toContain('"status":"same"');
  });
});

describe('a write into the file system that is interrupted', SLOW, () => {
  test.each(['SIGINT', 'SIGKILL'] as const)(
    'by %s leaves the old object or none',
    async (signal) => {
      writeFileSync(join(folder, 'src/old.txt'), 'old');
      await granary(['put', 'src/old.txt', 'store/old.txt'], folder);
      for (const key of ['old.txt', 'new.txt']) {
        const { child, ended } = startGranary(['put', '-', `store/${key}`], folder);
        child.stdin?.write(Buffer.alloc(3 * 2 ** 20, 'x'));
        const work = join(folder, 'store/.granary');
        await until(() =>
          readdirSync(work, { recursive: true }).some((name) => String(name).includes('w.')),
        );
        child.kill(signal);
        const result = await ended;
        expect(result.code).toBe(signal === 'SIGINT' ? 130 : null);
      }
      expect((await granary(['ls', '-r', 'store'], folder)).out).toBe('old.txt\n');
      expect((await granary(['cat', 'store/old.txt'], folder)).out).toBe('old');
    },
  );
});

describe('the process', SLOW, () => {
  test('prints its version', async () => {
    expect(await granary(['--version'], folder)).toMatchObject({
      code: 0,
      out: `${packageJson.version}\n`,
      err: '',
    });
  });

  test.each([
    [['ls'], 0],
    [['ls', 'nowhere'], 3],
    [['nonsense'], 2],
    [['ls', 's3://bucket'], 2],
  ])('ends %j with %d and no stack', async (words, code) => {
    const result = await granary(words, folder);
    expect(result.code).toBe(code);
    expect(result.err).not.toMatch(/^ +at /m);
  });

  test('reads its input', async () => {
    expect((await granary(['put', '-', 'store/a.txt'], folder, 'from a pipe')).code).toBe(0);
    expect(readFileSync(join(folder, 'store/a.txt'), 'utf8')).toBe('from a pipe');
  });

  test('ends quietly when nobody reads on', async () => {
    for (let index = 0; index < 3000; index += 1) {
      writeFileSync(join(folder, `src/${'n'.repeat(60)}${index}.txt`), '');
    }
    const { child, ended } = startGranary(['ls', 'src'], folder);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const result = await ended;
    expect(result.code).toBe(141);
    expect(result.err).toBe('');
    const piped = spawnSync(
      'bash',
      [
        '-c',
        `"$0" --conditions=@granary/source "$1" cat src/none src/none | head -c 1`,
        process.execPath,
        join(import.meta.dirname, '../src/main.ts'),
      ],
      { cwd: folder },
    );
    expect(piped.stderr.toString()).toContain('not-found');
  });

  test('ends at once when it is interrupted a second time', async () => {
    const { child, ended } = startGranary(['put', '-', target(60_000).replace('?', '/a?')], folder);
    child.stdin?.write('x');
    await until(() => calls().length > 0);
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});
