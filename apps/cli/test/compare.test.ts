import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const PARTS = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];

const at = (path: string): string => join(sandbox.folder, path);
function put(path: string, content: string): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
}

beforeEach(() => {
  for (const side of ['one', 'two']) {
    put(`${side}/same.txt`, 'same');
    put(`${side}/deep/same.txt`, 'same');
  }
});

describe('granary check', () => {
  test('ends with 0 where both sides are the same', async () => {
    expect(await run('check one two')).toEqual({
      code: 0,
      out: '',
      err: '2 objects the same on both sides.\n',
      records: [],
    });
  });

  test('finds what is different, missing and extra, and ends with 1', async () => {
    put('one/size.txt', 'longer');
    put('two/size.txt', 'short');
    put('one/content.txt', 'AAAA');
    put('two/content.txt', 'BBBB');
    put('one/only.txt', 'x');
    put('two/extra.txt', 'x');
    const { code, out, err } = await run('check one two');
    expect(code).toBe(1);
    expect(out.split('\n').filter(Boolean).sort()).toEqual([
      'different  content.txt',
      'different  size.txt (6 B, 5 B)',
      'extra      extra.txt',
      'missing    only.txt',
    ]);
    expect(err).toBe(
      '2 objects the same on both sides, 2 different, 1 missing in the target, 1 only in the target.\n',
    );
  });

  test('does not mind what only the target has with --one-way', async () => {
    put('two/extra.txt', 'x');
    expect((await run('check --one-way one two')).code).toBe(0);
    expect((await run('check one two')).code).toBe(1);
  });

  test('looks at sizes alone with --size-only', async () => {
    put('two/same.txt', 'SAME');
    expect((await run('check --size-only one two')).code).toBe(0);
    expect((await run('check one two')).code).toBe(1);
  });

  test('goes by checksums where both sides have them', async () => {
    await run('cp -r --keep-checksum one three');
    await run('cp -r --keep-checksum one four');
    const { records } = await run('check three four --json');
    expect(records[0]).toMatchObject({ status: 'same', by: 'checksum' });
  });

  test('compares two objects', async () => {
    expect((await run('check one/same.txt two/deep/same.txt')).code).toBe(0);
    put('two/other.txt', 'other');
    expect(await run('check one/same.txt two/other.txt')).toMatchObject({
      code: 1,
      out: 'different  one/same.txt (4 B, 5 B)\n',
    });
    expect((await run('check one/same.txt two/none.txt')).code).toBe(3);
  });

  test('compares what matches', async () => {
    put('two/extra.jpg', 'x');
    expect((await run(['check', 'one', 'two', '--exclude', '*.jpg'])).code).toBe(0);
    expect((await run(['check', 'one', 'two', '--include', '*.jpg'])).code).toBe(1);
  });

  test('names what is the same with --verbose', async () => {
    expect((await run('check -v one two')).out).toMatch(/same {7}deep\/same\.txt\n/);
  });

  test('prints JSON with a fixed shape', async () => {
    const { records } = await run('check one two --json --concurrency 1');
    expect(records).toEqual([
      {
        ...{ type: 'object', action: 'check', key: 'deep/same.txt', status: 'same', by: 'content' },
        ...{ sourceSize: 4, targetSize: 4 },
      },
      {
        ...{ type: 'object', action: 'check', key: 'same.txt', status: 'same', by: 'content' },
        ...{ sourceSize: 4, targetSize: 4 },
      },
      { type: 'summary', action: 'check', same: 2, different: 0, missing: 0, extra: 0, failed: 0 },
    ]);
  });

  test('says what could not be compared', async () => {
    await run(['cp', '-r', 'one', `parts:${at('p')}`, ...PARTS]);
    const failing = `parts:${at('p')}?failing=deep/same.txt`;
    const result = await run(['check', 'one', failing, '--json', ...PARTS]);
    expect(result.code).toBe(1);
    expect(result.records.at(-1)).toMatchObject({ same: 1, failed: 1 });
    expect(result.err).toContain('1 could not be compared');
  });

  test('compares with an unordered listing without sizes', async () => {
    const bare = `parts:${at('p')}?bare=true`;
    await run(['cp', '-r', 'one', `parts:${at('p')}`, ...PARTS]);
    expect((await run(['check', 'one', bare, ...PARTS])).code).toBe(0);
  });

  test('finds everything missing where the target is not there, and nothing to compare where the source is not', async () => {
    expect((await run('check one nowhere --json')).records.at(-1)).toMatchObject({ missing: 2 });
    expect((await run('check nowhere one')).code).toBe(3);
    expect((await run('check nowhere/ one')).code).toBe(3);
  });
});

describe('granary verify', () => {
  beforeEach(() => run('cp -r --keep-checksum one safe'));

  test('ends with 0 where everything is what it was', async () => {
    expect(await run('verify safe')).toEqual({
      code: 0,
      out: '',
      err: 'Read 2 objects, 8 B: 2 verified.\n',
      records: [],
    });
  });

  test('says what has no checksum', async () => {
    expect((await run('verify one')).err).toBe(
      'Read 2 objects, 8 B: 2 without a checksum to compare.\n',
    );
    expect((await run('verify one/same.txt')).err).toMatch(/^Read 1 object, 4 B/);
  });

  test('takes the current folder without a place', async () => {
    expect((await run('verify')).err).toMatch(/^Read 6 objects, 24 B/);
  });

  test('finds what is damaged and ends with 1', async () => {
    const url = `parts:${at('p')}`;
    await run(['cp', '-r', 'one', url, ...PARTS]);
    const file = at(`p/objects/${encodeURIComponent('deep/same.txt')}`);
    const info = { key: 'deep/same.txt', etag: 'e', modifiedAt: new Date() };
    writeFileSync(
      file,
      `${JSON.stringify({ ...info, size: 5, checksums: { md5: 'md5-x' } })}\nrot!!`,
    );
    const { code, out, err } = await run(['verify', url, ...PARTS]);
    expect(code).toBe(1);
    expect(out).toMatch(/^damaged {2}deep\/same\.txt {2}md5-x expected, md5-\S+ found\n$/);
    expect(err).toContain('1 damaged');

    writeFileSync(file, `${JSON.stringify({ ...info, size: 9 })}\nrot!!`);
    const shortened = await run(['verify', url, '--json', '--concurrency', '1', ...PARTS]);
    expect(shortened.code).toBe(1);
    expect(shortened.records[0]).toMatchObject({ status: 'failed' });
  });

  test('finds what cannot be read and ends with 1', async () => {
    const url = `parts:${at('p')}`;
    await run(['cp', '-r', 'one', url, ...PARTS]);
    const result = await run(['verify', `${url}?failing=deep/same.txt`, '--json', ...PARTS]);
    expect(result.code).toBe(1);
    expect(result.records.at(-1)).toMatchObject({ unchecked: 1, failed: 1 });
    expect(result.err).toContain('1 that cannot be read');
  });

  test('reads what matches', async () => {
    const { records } = await run(['verify', 'safe', '--exclude', 'deep/**', '--json']);
    expect(records).toEqual([
      {
        type: 'object',
        action: 'verify',
        key: 'same.txt',
        status: 'ok',
        size: 4,
      },
      { type: 'summary', action: 'verify', ok: 1, unchecked: 0, damaged: 0, failed: 0, bytes: 4 },
    ]);
  });

  test('ends with 3 for what does not exist', async () => {
    expect((await run('verify nowhere')).code).toBe(3);
    expect((await run('verify nowhere/')).code).toBe(3);
  });

  test('says nothing of nothing', async () => {
    expect((await run('verify memory:')).err).toBe('Read 0 objects, 0 B.\n');
  });
});
