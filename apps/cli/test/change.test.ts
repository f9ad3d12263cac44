import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { memorySink } from './memory-host.ts';
import { useSandbox } from './run-granary.ts';

const sandbox = useSandbox();
const { run } = sandbox;
const PARTS = ['--backend', join(import.meta.dirname, 'fixtures/parts-backend.ts')];

const at = (path: string): string => join(sandbox.folder, path);
const read = (path: string): string => readFileSync(at(path), 'utf8');
function put(path: string, content: string): void {
  mkdirSync(join(at(path), '..'), { recursive: true });
  writeFileSync(at(path), content);
}
const objects = async (place: string): Promise<string[]> =>
  (await run(['ls', '-r', place])).out.split('\n').filter(Boolean);

beforeEach(() => put('a.txt', 'aaa'));

describe('granary put', () => {
  test('stores a file', async () => {
    const { out, err } = await run('put a.txt s/b.txt');
    expect({ out, err }).toEqual({ out: 's/b.txt (3 B)\n', err: '' });
    expect(read('s/b.txt')).toBe('aaa');
  });

  test('stores the input', async () => {
    expect((await run('put - s/b.txt', { input: 'from a pipe' })).code).toBe(0);
    expect(read('s/b.txt')).toBe('from a pipe');
    expect((await run('put - s/empty.txt')).code).toBe(0);
    expect(read('s/empty.txt')).toBe('');
  });

  test('replaces metadata with content', async () => {
    await run('put a.txt s/b.txt --tag one');
    await run('put a.txt s/b.txt');
    expect((await run('stat s/b.txt --json')).records[0]).not.toHaveProperty('tags');
  });

  test('prints JSON', async () => {
    const { records } = await run('put a.txt s/b.txt --json');
    expect(records).toMatchObject([{ type: 'object', key: 'b.txt', size: 3 }]);
    expect((await run('put a.txt s/b.txt --quiet')).out).toBe('');
  });

  test('with --if-absent ends with 8 where there is an object', async () => {
    expect((await run('put --if-absent a.txt s/b.txt')).code).toBe(0);
    put('a.txt', 'other');
    expect(await run('put --if-absent a.txt s/b.txt')).toMatchObject({
      code: 8,
      err: expect.stringContaining('precondition-failed'),
    });
    expect(read('s/b.txt')).toBe('aaa');
  });

  test('with --if-match replaces that write alone', async () => {
    const [info] = (await run('put a.txt s/b.txt --json')).records;
    const etag = String(info?.['etag']);
    expect((await run(['put', '--if-match', etag, 'a.txt', 's/b.txt'])).code).toBe(0);
    expect((await run(['put', '--if-match', etag, 'a.txt', 's/b.txt'])).code).toBe(8);
  });

  test('keeps the encoding it was told', async () => {
    await run('put a.txt s/b.txt --encoding gzip');
    expect((await run('stat s/b.txt')).out).toMatch(/^encoding +gzip$/m);
  });

  test.each([
    ['put . s/b.txt', 2, '. is a folder.'],
    ['put a.txt /dev/null', 2, '/dev/null is no file.'],
    ['cp a.txt /dev/null', 2, '/dev/null is no file.'],
    ['put a.txt s/', 2, 's/ is a folder.'],
    ['put nowhere s/b.txt', 3, 'nowhere: there is no such file or folder.'],
    ['put a.txt/x s/b.txt', 3, 'a.txt/x: a part of the path is no folder.'],
    ['put a.txt s/b.txt -m x', 2, '"x" is not metadata.'],
    ['put a.txt s/b.txt --expires soon', 2, '"soon" is not a time.'],
    ['put a.txt s/b.txt --if-absent --if-match x', 2, 'cannot both hold'],
    ['put a.txt s/b.txt --type nonsense', 2, 'invalid-argument'],
  ])('refuses %s', async (words, code, message) => {
    expect(await run(words)).toMatchObject({ code, err: expect.stringContaining(message) });
    expect(existsSync(at('s/b.txt'))).toBe(false);
  });

  test('does not read from a terminal', async () => {
    expect((await run('put - s/b.txt', { isTTY: true })).code).toBe(2);
  });

  test('leaves nothing behind when its source breaks off', async () => {
    const stdin = new PassThrough();
    stdin.on('error', () => {});
    stdin.write('the beginning');
    setTimeout(() => stdin.destroy(new Error('the pipe broke')), 20);
    const result = await run('put - s/b.txt', { stdin });
    expect(result.code).toBe(1);
    expect(result.err).toContain('cause: the pipe broke\n');
    expect(await objects('s').catch(() => [])).toEqual([]);
  });
});

describe('granary get', () => {
  beforeEach(() => run('put a.txt s/b.txt --tag one'));

  test('writes a file of exactly that name, with nothing beside it', async () => {
    mkdirSync(at('out'));
    const { out } = await run('get s/b.txt out/con');
    expect(out).toBe(`${at('out/con')} (3 B)\n`);
    expect(readdirSync(at('out'))).toEqual(['con']);
    expect(read('out/con')).toBe('aaa');
  });

  test('writes into the current folder or a named one', async () => {
    mkdirSync(at('out'));
    await run('get s/b.txt');
    await run('get s/b.txt out');
    expect([read('b.txt'), read('out/b.txt')]).toEqual(['aaa', 'aaa']);
  });

  test('writes to the output', async () => {
    expect((await run('get s/b.txt -')).out).toBe('aaa');
  });

  test('prints JSON, or nothing with --quiet', async () => {
    const { records } = await run('get s/b.txt x --json');
    expect(records).toEqual([{ type: 'file', path: at('x'), size: 3 }]);
    expect((await run('get s/b.txt x --quiet')).out).toBe('');
  });

  test('replaces a file all at once, and keeps it when the read fails', async () => {
    put('x', 'old');
    const failing = `parts:${at('p')}/b.txt?failing=b.txt`;
    expect((await run(['get', failing, 'x', ...PARTS])).code).toBe(5);
    expect(read('x')).toBe('old');
    await run('get s/b.txt x');
    expect(read('x')).toBe('aaa');
    expect(readdirSync(at('.')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test.each([
    ['get s/none', 3],
    ['get s/b.txt no/such/folder/', 3],
  ])('refuses %s', async (words, code) => {
    expect((await run(words)).code).toBe(code);
  });

  test('refuses to replace a folder', async () => {
    mkdirSync(at('out/b.txt'), { recursive: true });
    const result = await run('get s/b.txt out');
    expect(result.code).not.toBe(0);
    expect(readdirSync(at('out'))).toEqual(['b.txt']);
  });
});

describe('granary rm', () => {
  beforeEach(async () => {
    put('t/a.txt', '1');
    put('t/sub/b.jpg', '22');
    put('t/sub/c.txt', '333');
  });

  test('deletes objects', async () => {
    const { code, err } = await run('rm t/a.txt t/sub/b.jpg');
    expect({ code, err }).toEqual({ code: 0, err: 'Deleted 2 objects.\n' });
    expect(await objects('t')).toEqual(['sub/c.txt']);
  });

  test('ends with 3 for what does not exist, and with 0 with --force', async () => {
    expect((await run('rm t/none')).code).toBe(3);
    expect((await run('rm -f t/none')).code).toBe(0);
    expect((await run('rm -r -y nowhere')).code).toBe(3);
    expect((await run('rm -r -y -f nowhere')).code).toBe(0);
  });

  test('refuses a folder without -r', async () => {
    expect(await run('rm t')).toMatchObject({
      code: 2,
      err: expect.stringContaining('t is a folder.'),
    });
    expect((await run('rm memory:x/')).code).toBe(2);
    expect((await run('rm t/a.txt --include x')).code).toBe(2);
    expect(await objects('t')).toHaveLength(3);
  });

  test('refuses -r where nobody can be asked', async () => {
    expect(await run('rm -r t')).toMatchObject({
      code: 2,
      err: 'error: 3 objects (6 B) below t would go, and nobody can be asked.\nhint: Add --yes, or --dry-run.\n',
    });
    expect((await run('rm -r t --json', { isTTY: true })).code).toBe(2);
    expect(await objects('t')).toHaveLength(3);
  });

  test('deletes a folder with --yes', async () => {
    expect(await run('rm -r --yes t')).toMatchObject({ code: 0, err: 'Deleted 3 objects.\n' });
    expect(await objects('t')).toEqual([]);
  });

  test('deletes what matches', async () => {
    await run(['rm', '-ry', 't', '--include', '*.txt', '--exclude', 'a.*']);
    expect(await objects('t')).toEqual(['a.txt', 'sub/b.jpg']);
  });

  test('names what it would do with --dry-run', async () => {
    const { out, err } = await run('rm -r --dry-run t');
    expect(out).toBe('t/a.txt\nt/sub/b.jpg\nt/sub/c.txt\n');
    expect(err).toBe('Would have deleted 3 objects.\n');
    expect(await objects('t')).toHaveLength(3);
  });

  test.each([
    ['y\n', 0],
    ['YES\n', 0],
    ['n\n', 3],
    ['\n', 3],
    [null, 3],
  ])('asks, and takes %j for an answer', async (answer, left) => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    const stderr = Object.assign(new PassThrough(), { isTTY: true });
    stderr.on('data', (chunk: Buffer) => {
      if (!chunk.toString().includes('[y/N]')) return;
      if (answer === null) stdin.end();
      else stdin.write(answer);
    });
    const result = await run('rm -r t', { stdin, stderr, stdout: memorySink().sink });
    expect(result.code).toBe(0);
    expect(await objects('t')).toHaveLength(left);
  });

  test('prints JSON', async () => {
    const { records } = await run('rm -ry t/sub --json --concurrency 1');
    expect(records).toEqual([
      { type: 'object', action: 'delete', key: 't/sub/b.jpg', status: 'done' },
      { type: 'object', action: 'delete', key: 't/sub/c.txt', status: 'done' },
      {
        type: 'summary',
        action: 'delete',
        dryRun: false,
        interrupted: false,
        done: 2,
        planned: 0,
        failed: 0,
      },
    ]);
  });

  test('goes on where one fails, and ends with 1', async () => {
    const url = `parts:${at('p')}`;
    await run(['cp', '-r', 't', url, ...PARTS]);
    const result = await run(['rm', '-ryv', `${url}?failing=b.jpg`, '--json', ...PARTS]);
    expect(result.code).toBe(1);
    expect(result.records.at(-1)).toMatchObject({ done: 2, failed: 1 });
    expect(result.err).toContain('it was told to fail');
    expect((await run(['rm', `${url}/sub/b.jpg?failing=b.jpg`, ...PARTS])).code).not.toBe(0);
  });
});
