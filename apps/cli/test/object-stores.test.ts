import './fixtures/google-tokens.ts';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { startFaultProxy } from '@granary/storage-conformance/fault-proxy';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  addressOf,
  type ObjectStores,
  SCHEMES,
  startObjectStores,
  urlVia,
} from './object-stores.ts';
import { type RunResult, useSandbox } from './run-granary.ts';

/** How the services name the content of an object, and not what is known of it. */
const CONTENT_OF_ONE: RegExp =
  /^(?!.*\/info\/).*in(\/|%2F)one\.txt($|\?(x-id=GetObject|alt=media)$)/;

const sandbox = useSandbox();
let stores: ObjectStores;
let count = 0;
let bucket = '';

beforeAll(async () => {
  stores = await startObjectStores();
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await stores[Symbol.asyncDispose]();
});
beforeEach(async () => {
  for (const [name, value] of Object.entries(stores.env)) vi.stubEnv(name, value);
  count += 1;
  bucket = `bucket-${count}`;
  await stores.addBucket(bucket);
});

/** Google's address has no variable. */
const urlOf = (scheme: string, path = ''): string =>
  `${scheme}://${bucket}${path}${scheme === 'gs' ? `?endpoint=${stores.gcs.url}` : ''}`;

const at = (path: string): string => join(sandbox.folder, path);

/** Runs the program, and looks for secrets in what it says. */
async function run(...words: readonly string[]): Promise<RunResult> {
  const result = await sandbox.run(words, { env: stores.env });
  for (const secret of stores.secrets) expect(result.out + result.err).not.toContain(secret);
  return result;
}

function makePhotos(): void {
  mkdirSync(at('photos/2026'), { recursive: true });
  writeFileSync(at('photos/2026/hill.jpg'), Buffer.alloc(70_000, 7));
  writeFileSync(at('photos/todo.txt'), 'Buy film.');
}

const keys = ({ out }: RunResult): string[] => out.split('\n').filter(Boolean);

describe.each(SCHEMES)('%s', (scheme) => {
  const photos = (path = ''): string => urlOf(scheme, `/photos${path}`);

  test('takes a folder, shows it, and gives it back', async () => {
    makePhotos();
    expect(await run('cp', '-r', './photos', photos())).toMatchObject({ code: 0 });
    expect(keys(await run('ls', photos()))).toEqual(['2026/', 'todo.txt']);
    expect(keys(await run('ls', '-r', urlOf(scheme)))).toEqual([
      'photos/2026/hill.jpg',
      'photos/todo.txt',
    ]);
    expect((await run('cat', photos('/todo.txt'))).out).toBe('Buy film.');
    expect((await run('cat', '--range', '-5', photos('/todo.txt'))).out).toBe('film.');
    const [info] = (await run('stat', '--json', photos('/todo.txt'))).records;
    expect(info).toMatchObject({ type: 'object', size: 9, contentType: 'text/plain' });
    expect((await run('du', photos())).out).toMatch(/^70\.0 kB +1 object +2026\//);
    const found = await run('find', photos(), '--larger', '1k');
    expect(keys(found).join()).toContain('2026/hill.jpg');
    expect((await run('cp', '-r', photos(), 'back')).code).toBe(0);
    expect(readFileSync(at('back/2026/hill.jpg'))).toEqual(
      readFileSync(at('photos/2026/hill.jpg')),
    );
    expect((await run('check', 'photos', photos())).code).toBe(0);
  });

  test('moves and deletes', async () => {
    makePhotos();
    await run('cp', '-r', 'photos', photos());
    expect((await run('mv', photos('/todo.txt'), photos('/done.txt'))).code).toBe(0);
    expect(keys(await run('ls', '-r', photos()))).toEqual(['2026/hill.jpg', 'done.txt']);
    expect((await run('mv', photos('/done.txt'), 'mine.txt')).code).toBe(0);
    expect(readFileSync(at('mine.txt'), 'utf8')).toBe('Buy film.');
    expect((await run('rm', '-r', '--yes', photos())).code).toBe(0);
    expect(keys(await run('ls', '-r', urlOf(scheme)))).toEqual([]);
    expect((await run('cat', photos('/todo.txt'))).code).toBe(3);
  });

  test('keeps metadata when it goes to each other service', async () => {
    writeFileSync(at('a.txt'), 'text');
    const attributes = ['--type', 'text/plain', '-m', 'place=Zürich', '-m', 'stars:=3', '-t', 'x'];
    await run('put', 'a.txt', photos('/a.txt'), ...attributes);
    for (const other of SCHEMES) {
      const copy = urlOf(other, `/from-${scheme}/a.txt`);
      expect(await run('cp', photos('/a.txt'), copy)).toMatchObject({ code: 0 });
      const [info] = (await run('stat', '--json', copy)).records;
      expect(info).toMatchObject({
        metadata: { place: 'Zürich', stars: 3 },
        tags: ['x'],
        contentType: 'text/plain',
      });
    }
  });

  test('copies and moves within a bucket by itself', async () => {
    await using proxy = await startFaultProxy({ target: addressOf(stores, scheme) });
    const via = (path: string): string => urlVia(stores, scheme, proxy.url, `${bucket}/${path}`);
    writeFileSync(at('one.txt'), 'text');
    expect(await run('cp', 'one.txt', via('in/one.txt'))).toMatchObject({ code: 0 });
    const read: string[] = [];
    proxy.set({
      kind: 'refuse',
      match: ({ method, path }) => {
        if (method === 'GET' && CONTENT_OF_ONE.test(path)) read.push(path);
        return false;
      },
    });
    expect(await run('cp', '-r', via('in'), via('out'))).toMatchObject({ code: 0 });
    expect(await run('mv', via('out/one.txt'), via('out/two.txt'))).toMatchObject({ code: 0 });
    expect(read).toEqual([]);
    expect((await run('cat', via('in/one.txt'))).out).toBe('text');
    expect(read).toHaveLength(1);
    expect((await run('cat', via('out/two.txt'))).out).toBe('text');
  });

  test('says that a bucket is not there', async () => {
    const missing = urlOf(scheme, '/a.txt').replace(bucket, 'not-there');
    const { code, err } = await run('cat', missing);
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('store-not-found') });
  });
});

describe('cp --update between services', () => {
  const pairs = SCHEMES.flatMap((one) => SCHEMES.map((other) => [one, other] as const));

  test.each(pairs.filter(([one, other]) => one !== other))('%s to %s', async (one, other) => {
    makePhotos();
    const [from, to] = [urlOf(one, '/from'), urlOf(other, '/to')];
    await run('cp', '-r', 'photos', from);
    const planned = await run('cp', '-r', '--update', from, to, '--dry-run', '--json');
    expect(planned.records.at(-1)).toMatchObject({ planned: 2, done: 0 });
    expect((await run('ls', '-r', to)).out).toBe('');
    const done = await run('cp', '-r', '--update', from, to, '--json');
    expect(done.records.at(-1)).toMatchObject({ done: 2, failed: 0 });
    const again = await run('cp', '-r', '--update', from, to, '--json');
    expect(again.records.at(-1)).toMatchObject({ done: 0, skipped: 2 });
    expect((await run('check', from, to)).code).toBe(0);
    expect((await run('check', '--size-only', from, to)).code).toBe(0);
  });

  test('notices other content of equal size by checksum, whichever is newer', async () => {
    writeFileSync(at('one.txt'), 'one');
    writeFileSync(at('two.txt'), 'two');
    const [from, to] = [urlOf('az', '/f'), urlOf('gs', '/t')];
    await run('put', 'one.txt', `${from}/a`);
    await run('put', 'two.txt', urlOf('gs', '/t/a'));
    const checked = await run('check', from, to, '--json');
    expect(checked).toMatchObject({ code: 1 });
    expect(checked.records[0]).toMatchObject({ status: 'different', by: 'checksum' });
    expect((await run('check', '--size-only', from, to)).code).toBe(0);
    const copied = await run('cp', '-r', '--update', from, to, '--json');
    expect(copied.records.at(-1)).toMatchObject({ done: 1 });
    expect((await run('cat', urlOf('gs', '/t/a'))).out).toBe('one');
  });

  test('reads content where no checksum tells, if asked to', async () => {
    writeFileSync(at('one.txt'), 'one');
    writeFileSync(at('two.txt'), 'two');
    const to = urlOf('s3', '/t');
    await run('put', 'one.txt', urlOf('supabase', '/f/a'));
    await run('put', 'two.txt', urlOf('s3', '/t/a'));
    const words = ['cp', '-r', '--update', '--checksum', urlOf('supabase', '/f'), to, '--json'];
    expect((await run(...words)).records.at(-1)).toMatchObject({ done: 1 });
    expect((await run(...words)).records.at(-1)).toMatchObject({ done: 0, skipped: 1 });
    expect((await run('check', urlOf('supabase', '/f'), to)).code).toBe(0);
  });
});

test('search names the option that allows a request for each object', async () => {
  writeFileSync(at('a.txt'), 'text');
  await run('put', 'a.txt', urlOf('s3', '/a.txt'), '--tag', 'x');
  const { code, err } = await run('search', urlOf('s3'), '--tag', 'x');
  expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('hint: Add --scan') });
  const found = await run('search', urlOf('s3'), '--tag', 'x', '--scan');
  expect(found.out).toContain('a.txt  #x');
});

test('folders that the console of a service has made are no objects', async () => {
  for (const Key of ['made/', 'made/sub/']) {
    const mark = new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.alloc(0) });
    await stores.s3.client.send(mark);
  }
  writeFileSync(at('a.txt'), 'text');
  await run('cp', 'a.txt', urlOf('s3', '/made/sub/a.txt'));
  expect((await run('ls', '-r', urlOf('s3'))).out).toBe('made/sub/a.txt\n');
  expect(keys(await run('ls', urlOf('s3', '/made')))).toEqual(['sub/']);
  const copied = await run('cp', '-r', urlOf('s3', '/made'), 'back', '--json');
  expect(copied.code).toBe(0);
  expect(copied.records.at(-1)).toMatchObject({ done: 1, failed: 0 });
  expect((await run('check', urlOf('s3', '/made'), 'back')).code).toBe(0);
});

test('rm deletes several at once, and leaves alone what is no key', async () => {
  const names = ['made/a.txt', 'made/b.txt', 'made/../up.txt'];
  const { client } = stores.s3;
  for (const Key of names) {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key, Body: 'text' }));
  }
  const removed = await run('rm', '-ry', urlOf('s3', '/made'), '--json');
  expect(removed.code).toBe(0);
  expect(removed.records.at(-1)).toMatchObject({ done: 2, failed: 0 });
  const { Contents = [] } = await client.send(
    new ListObjectsV2Command({ Bucket: bucket, Prefix: 'made/' }),
  );
  expect(Contents.map(({ Key }) => Key)).toEqual(['made/../up.txt']);
});

describe('secrets in URLs', () => {
  test('are neither shown nor kept', async () => {
    writeFileSync(at('big.bin'), Buffer.alloc(33 * 2 ** 20));
    writeFileSync(at('a.txt'), 'text');
    const { endpoint, accessKeyId, secretAccessKey } = stores.s3.service;
    const url = (key: string, secret = secretAccessKey): string =>
      `s3://${accessKeyId}:${secret}@${bucket}/${key}?endpoint=${endpoint}`;
    const copied = await run('cp', 'a.txt', 'big.bin', url('in/'), '--verbose');
    expect(copied).toMatchObject({ code: 0, out: expect.stringContaining(':***@') });
    expect((await run('stat', url('in/a.txt'), '--json')).code).toBe(0);
    expect((await run('check', 'a.txt', url('in/a.txt'), '--verbose')).code).toBe(0);
    expect((await run('cat', url('in/none'), '--debug')).code).toBe(3);
    const wrong = await run('cp', 'a.txt', url('b', 'wrong-secret'), '--json', '--debug');
    expect(wrong.code).toBe(4);
    expect(wrong.out + wrong.err).not.toContain('wrong-secret');

    const { azure, supabase } = stores;
    const connection = encodeURIComponent(azure.service.connectionString);
    expect((await run('ls', `az://not-there?connectionString=${connection}`)).code).toBe(3);
    const project = `url=${supabase.url}&key=${supabase.serviceKey}`;
    expect((await run('cat', `supabase://${bucket}/none?${project}`, '--debug')).code).toBe(3);
  });
});
