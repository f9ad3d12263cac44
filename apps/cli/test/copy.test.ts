import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type RunResult, useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const PARTS = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];

const at = (path: string): string => join(sandbox.folder, path);
const read = (path: string): string => readFileSync(at(path), 'utf8');
function put(path: string, content: string | Uint8Array): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
}
/** Objects of a folder, without what the store keeps for itself. */
const objects = async (place: string): Promise<string[]> =>
  (await run(['ls', '-r', place])).out.split('\n').filter(Boolean);
const summary = ({ records }: RunResult): unknown => records.at(-1);
const statusOf = ({ records }: RunResult, source: string): unknown =>
  records.find((record) => record['source'] === source);

beforeEach(() => {
  put('src/a.txt', 'aaa');
  put('src/sub/b.jpg', 'bbbb');
  put('src/sub/deep/c.txt', 'ccccc');
});

describe('granary cp, where things go', () => {
  test.each([
    ['src/a.txt new.txt', 'new.txt'],
    ['src/a.txt folder/', 'folder/a.txt'],
    ['src/a.txt src/sub', 'src/sub/a.txt'],
    ['src/a.txt deep/down/x', 'deep/down/x'],
    ['-r src/a.txt new.txt', 'new.txt'],
    ['src/a.txt file:./new.txt', 'new.txt'],
  ])('copies an object with %s', async (words, path) => {
    expect(await run(`cp ${words}`)).toMatchObject({ code: 0 });
    expect(read(path)).toBe('aaa');
  });

  test.each(['-r src copy', '-r src/ copy', '-r src copy/', 'src/ copy', '-r src/. copy'])(
    'copies what is in a folder with %s, however often',
    async (words) => {
      for (let time = 0; time < 2; time += 1) {
        expect((await run(`cp ${words}`)).code).toBe(0);
        expect(await objects('copy')).toEqual(['a.txt', 'sub/b.jpg', 'sub/deep/c.txt']);
      }
    },
  );

  test('copies several objects into a folder', async () => {
    expect((await run('cp src/a.txt src/sub/b.jpg into')).code).toBe(0);
    expect(await objects('into')).toEqual(['a.txt', 'b.jpg']);
  });

  test('copies in a store by itself', async () => {
    await run('cp -r src store');
    expect((await run('cp -r store/sub store/other')).code).toBe(0);
    expect(await objects('store/other')).toEqual(['b.jpg', 'deep/c.txt']);
    expect(existsSync(at('store/other/.granary'))).toBe(false);
  });

  test.each([
    ['cp src copy', 'src is a folder.'],
    ['cp src', 'there is no target.'],
    ['cp -r src src/inner', 'src/inner is in src.'],
    ['cp -r src src', 'src is in src.'],
    ['cp src/a.txt src/a.txt', 'src/a.txt is the source and the target.'],
    ['cp src/a.txt src/', 'src/a.txt is the source and the target.'],
    ['cp src/ src/a.txt x', 'a folder goes alone.'],
    ['cp -r src/a.txt src/sub x', 'a folder goes alone.'],
    ['cp --concurrency 0 src/a.txt x', '--concurrency: "0" is not a whole number'],
  ])('refuses %s', async (words, message) => {
    expect(await run(words)).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringContaining(message),
    });
  });

  test('ends with 3 for what does not exist', async () => {
    expect((await run('cp nowhere x')).code).toBe(3);
    expect((await run('cp -r nowhere/ x')).code).toBe(3);
    expect(existsSync(at('x'))).toBe(false);
  });

  test('says nothing of an empty folder', async () => {
    mkdirSync(at('empty'));
    expect(await run('cp -r empty x')).toMatchObject({ code: 0, out: '' });
  });
});

describe('granary cp, what goes along', () => {
  beforeEach(() =>
    run('put src/a.txt s/a.txt --type text/x-note --tag one -m n:=1 --cache-control no-store'),
  );

  test('is content type, metadata, tags and headers', async () => {
    await run(['cp', '-r', 's', `parts:${at('p')}`, ...PARTS]);
    await run(['cp', '-r', `parts:${at('p')}`, 'back', ...PARTS]);
    const { records } = await run('stat back/a.txt --json');
    expect(records[0]).toMatchObject({
      contentType: 'text/x-note',
      tags: ['one'],
      metadata: { n: 1 },
      cacheControl: 'no-store',
    });
  });

  test('is nothing but the content with --content-only', async () => {
    await run('cp --content-only s/a.txt t/a.txt');
    const [info] = (await run('stat t/a.txt --json')).records;
    expect(info).not.toHaveProperty('tags');
    expect(info).not.toHaveProperty('metadata');
    expect(info?.['size']).toBe(3);
  });

  test('is a checksum when asked for', async () => {
    await run('cp -r --keep-checksum src t');
    expect((await run('verify t --json')).records.at(-1)).toMatchObject({ ok: 3, unchecked: 0 });
  });
});

describe('granary cp, which objects', () => {
  test('are those that match', async () => {
    await run(['cp', '-r', 'src', 'x', '--include', '*.txt', '--exclude', 'sub/**']);
    expect(await objects('x')).toEqual(['a.txt']);
  });

  test('are all without --update, and those that differ with it', async () => {
    await run('cp -r src copy');
    put('src/sub/b.jpg', 'changed');
    const again = await run('cp -r --update src copy --json');
    expect(statusOf(again, 'sub/b.jpg')).toMatchObject({ status: 'done', size: 7 });
    expect(statusOf(again, 'a.txt')).toMatchObject({ status: 'skipped', reason: 'same' });
    expect(summary(again)).toMatchObject({ done: 1, skipped: 2, failed: 0, bytes: 7 });
    expect(read('copy/sub/b.jpg')).toBe('changed');
    expect(summary(await run('cp -r src copy --json'))).toMatchObject({ done: 3, skipped: 0 });
  });

  test('with --update include a source that is newer, though of equal size', async () => {
    await run('cp -r src copy');
    put('src/a.txt', 'AAA');
    const late = new Date(Date.now() + 60_000);
    utimesSync(at('src/a.txt'), late, late);
    expect(summary(await run('cp -ru src copy --json'))).toMatchObject({ done: 1 });
    expect(read('copy/a.txt')).toBe('AAA');
  });

  test('with --update go by checksums where both sides have one', async () => {
    await run('cp -r --keep-checksum src one');
    await run('cp -r --keep-checksum src two');
    const early = new Date('2020-01-01');
    utimesSync(at('two/a.txt'), early, early);
    await run('put src/sub/b.jpg two/sub/b.jpg --checksum');
    expect(summary(await run('cp -ru one two --json'))).toMatchObject({ done: 1, skipped: 2 });
  });

  test('with --checksum go by content, not by time', async () => {
    await run('cp -r src copy');
    const early = new Date('2020-01-01');
    for (const file of ['a.txt', 'sub/b.jpg', 'sub/deep/c.txt']) {
      utimesSync(at(`copy/${file}`), early, early);
    }
    put('copy/a.txt', 'xxx');
    const again = await run('cp -r --checksum src copy --json');
    expect(summary(again)).toMatchObject({ done: 1, skipped: 2 });
    expect(read('copy/a.txt')).toBe('aaa');
  });

  test('with --if-absent are those that are not there', async () => {
    put('copy/a.txt', 'mine');
    const again = await run('cp -r --if-absent src copy --json');
    expect(statusOf(again, 'a.txt')).toMatchObject({ status: 'skipped', reason: 'exists' });
    expect(summary(again)).toMatchObject({ done: 2, skipped: 1 });
    expect(read('copy/a.txt')).toBe('mine');
    expect(summary(await run('cp --if-absent src/a.txt copy/ --json'))).toMatchObject({
      done: 0,
      skipped: 1,
    });
    expect(summary(await run('cp --if-absent src/a.txt copy/new.txt --json'))).toMatchObject({
      done: 1,
    });
  });

  test('with --update of single objects too', async () => {
    await run('cp src/a.txt copy/');
    expect(summary(await run('cp -u src/a.txt copy/ --json'))).toMatchObject({ skipped: 1 });
    expect(summary(await run('cp -u src/sub/b.jpg copy/ --json'))).toMatchObject({ done: 1 });
  });

  test('are only named with --dry-run', async () => {
    const dry = await run('cp -r --dry-run src copy');
    expect(dry.out).toBe('a.txt (3 B)\nsub/b.jpg (4 B)\nsub/deep/c.txt (5 B)\n');
    expect(dry.err).toBe('Would have copied 3 objects, 12 B.\n');
    expect(existsSync(at('copy'))).toBe(false);
  });

  test('are found in unordered listings and those without sizes as well', async () => {
    const bare = `parts:${at('p')}?bare=true`;
    await run(['cp', '-r', 'src', `parts:${at('p')}`, ...PARTS]);
    expect(summary(await run(['cp', '-ru', 'src', bare, '--json', ...PARTS]))).toMatchObject({
      done: 0,
      skipped: 3,
    });
    expect(summary(await run(['cp', '-r', bare, 'copy', '--json', ...PARTS]))).toMatchObject({
      done: 3,
      bytes: 12,
    });
  });
});

describe('granary cp, what it says', () => {
  test('is a line for each object and a sum', async () => {
    const { out, err } = await run('cp src/a.txt src/sub/b.jpg into');
    expect(out.split('\n').sort().join('\n')).toBe(
      '\nsrc/a.txt -> into/a.txt (3 B)\nsrc/sub/b.jpg -> into/b.jpg (4 B)',
    );
    expect(err).toMatch(/^Copied 2 objects, 7 B in \S+ m?s, \S+ k?B\/s\.\n$/);
  });

  test('is nothing with --quiet', async () => {
    expect(await run('cp -r src copy --quiet')).toMatchObject({ code: 0, out: '', err: '' });
  });

  test('names what is the same with --verbose', async () => {
    await run('cp -r src copy');
    const { out, err } = await run('cp -ruv src copy');
    expect(out).toContain('a.txt is the same\n');
    expect(err).toContain('; 3 the same already.');
  });

  test('is drawn on a terminal, and then only the sum stays', async () => {
    const { out, err } = await run('cp -r src copy --no-color', { isTTY: true });
    expect(out).toBe('');
    expect(err).toMatch(/Copied 3 objects, 12 B in .*\.\n$/);
  });

  test('is JSON with a fixed shape', async () => {
    const { records } = await run('cp src/a.txt x.txt --json');
    expect(records).toEqual([
      {
        type: 'object',
        action: 'copy',
        status: 'done',
        source: 'src/a.txt',
        target: 'x.txt',
        size: 3,
      },
      {
        type: 'summary',
        action: 'copy',
        dryRun: false,
        interrupted: false,
        done: 1,
        planned: 0,
        skipped: 0,
        failed: 0,
        bytes: 3,
        ms: expect.any(Number),
      },
    ]);
  });
});

describe('granary cp, what fails', () => {
  const failing = (code: string): string => `parts:${at('p')}?failing=b.jpg&failCode=${code}`;

  test('leaves the others alone and ends with 1', async () => {
    const result = await run(['cp', '-r', 'src', failing('unavailable'), '--json', ...PARTS]);
    expect(result.code).toBe(1);
    expect(statusOf(result, 'sub/b.jpg')).toMatchObject({
      status: 'failed',
      error: { code: 'unavailable', message: expect.stringContaining('sub/b.jpg') },
    });
    expect(summary(result)).toMatchObject({ done: 2, failed: 1 });
    expect(result.err).toContain('error unavailable: ');
  });

  test('alone ends with the code of its kind', async () => {
    const only = ['cp', 'src/sub/b.jpg'];
    expect((await run([...only, failing('unavailable').replace('?', '/?'), ...PARTS])).code).toBe(
      5,
    );
    expect(
      (await run([...only, failing('quota-exceeded').replace('?', '/?'), ...PARTS])).code,
    ).toBe(6);
    expect(
      (await run([...only, failing('permission-denied').replace('?', '/?'), ...PARTS])).code,
    ).toBe(4);
  });

  test('for want of room stops the rest', async () => {
    const result = await run([
      ...['cp', '-r', 'src', failing('quota-exceeded').replace('b.jpg', 'a.txt')],
      ...['--concurrency', '1', '--json', ...PARTS],
    ]);
    expect(result.code).toBe(6);
    expect(summary(result)).toMatchObject({ done: 0, failed: 1 });
  });

  test('among several objects does not keep the others back', async () => {
    const result = await run('cp src/a.txt nowhere src/sub/b.jpg into/');
    expect(result.code).toBe(1);
    expect(result.err).toContain('nowhere');
    expect(await objects('into')).toEqual(['a.txt', 'b.jpg']);
  });

  test('is copied when the same command runs again, and what was done is not', async () => {
    const words = ['cp', '-r', 'src', failing('unavailable'), '--json', ...PARTS];
    await run(words);
    const again = await run(words);
    expect(summary(again)).toMatchObject({ done: 0, skipped: 2, failed: 1 });
    expect(statusOf(again, 'a.txt')).toMatchObject({ reason: 'done-before' });
    put('src/a.txt', 'changed since');
    expect(summary(await run(words))).toMatchObject({ done: 1, skipped: 1, failed: 1 });
    expect(summary(await run([...words, '--restart']))).toMatchObject({ done: 2, failed: 1 });
  });

  test('leaves no trace in the state folder once all is copied', async () => {
    await run(['cp', '-r', 'src', failing('unavailable'), ...PARTS]);
    const state = join(sandbox.folder, '../state/granary/transfers');
    expect(readdirSync(state)).toHaveLength(1);
    const again = failing('unavailable').replace('failing=b.jpg', 'failing=none');
    await run(['cp', '-r', 'src', again, ...PARTS]);
    expect(readdirSync(state)).toHaveLength(1);
    await run(['cp', '-r', '--exclude', 'b.jpg', 'src', failing('unavailable'), ...PARTS]);
    expect(readdirSync(state)).toHaveLength(0);
  });

  test('is not taken over from a run that is still going', async () => {
    const words = ['cp', '-r', 'src', failing('unavailable'), '--json', ...PARTS];
    await run(words, { pid: process.ppid });
    expect(summary(await run(words, { pid: 2 ** 22 + 1 }))).toMatchObject({ done: 2, skipped: 0 });
    expect(summary(await run(words, { pid: 2 ** 22 + 2 }))).toMatchObject({ done: 0, skipped: 2 });
  });

  test('warns when there can be no journal, and copies all the same', async () => {
    writeFileSync(at('../state'), 'no folder');
    const result = await run('cp -r src copy');
    expect(result.code).toBe(0);
    expect(result.err).toMatch(/^Cannot keep a journal \(.*\); if interrupted/);
    expect(await objects('copy')).toHaveLength(3);
    rmSync(at('../state'));
  });
});

describe('granary mv', () => {
  test('moves an object', async () => {
    expect((await run('mv src/a.txt b.txt')).code).toBe(0);
    expect(read('b.txt')).toBe('aaa');
    expect(existsSync(at('src/a.txt'))).toBe(false);
  });

  test('renames in a store by itself', async () => {
    await run('put src/a.txt s/a.txt --tag one');
    expect(summary(await run('mv s/a.txt s/b.txt --json'))).toMatchObject({ done: 1 });
    const [info] = (await run('stat s/b.txt --json')).records;
    expect(info).toMatchObject({ tags: ['one'] });
    expect((await run('stat s/a.txt')).code).toBe(3);
  });

  test('moves a folder to another store and back', async () => {
    const url = `parts:${at('p')}`;
    expect((await run(['mv', '-r', 'src', url, ...PARTS])).code).toBe(0);
    expect(await objects('src')).toEqual([]);
    const back = await run(['mv', '-r', url, 'again', '--json', ...PARTS]);
    expect(summary(back)).toMatchObject({ action: 'move', done: 3, bytes: 12 });
    expect(await objects('again')).toEqual(['a.txt', 'sub/b.jpg', 'sub/deep/c.txt']);
    expect((await run(['ls', url, ...PARTS])).out).toBe('');
  });

  test('keeps a source whose copy failed', async () => {
    const url = `parts:${at('p')}?failing=b.jpg`;
    expect((await run(['mv', '-r', 'src', url, ...PARTS])).code).toBe(1);
    expect(await objects('src')).toEqual(['sub/b.jpg']);
  });

  test('with --if-absent keeps both where the target exists', async () => {
    put('there/a.txt', 'mine');
    expect(summary(await run('mv --if-absent src/a.txt there/ --json'))).toMatchObject({
      skipped: 1,
    });
    expect(read('src/a.txt')).toBe('aaa');
    expect(read('there/a.txt')).toBe('mine');
  });

  test('names what it would do with --dry-run', async () => {
    const { out, err } = await run('mv -r --dry-run --include *.jpg src x');
    expect(out).toBe('sub/b.jpg (4 B)\n');
    expect(err).toBe('Would have moved 1 object, 4 B.\n');
    expect(existsSync(at('src/sub/b.jpg'))).toBe(true);
  });

  test('refuses to move a folder into itself', async () => {
    expect((await run('mv -r src src/inner')).code).toBe(2);
    expect(await objects('src')).toHaveLength(3);
  });
});
