import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { startFakeGcs } from '../src/index.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs({ buckets: ['bucket-one'], anonymousUploads: true });
const storage = fakeClient(fake);
const bucket = storage.bucket('bucket-one');
afterAll(() => fake.stop());
afterEach(() => {
  fake.fault(undefined);
  fake.deny(undefined);
});

const MIB = 1024 * 1024;
let files = 0;
const newFile = (name = `file ${++files}/ä`) => bucket.file(name);
const failsWith = (code: number) => expect.objectContaining({ code });

describe('buckets', () => {
  test('are made, listed, changed and deleted', async () => {
    const [made] = await storage.createBucket('bucket-two', { versioning: { enabled: true } });
    const [metadata] = await made.getMetadata();
    expect(metadata).toMatchObject({ name: 'bucket-two', versioning: { enabled: true } });
    const [all] = await storage.getBuckets({ prefix: 'bucket-t' });
    expect(all.map(({ name }) => name)).toEqual(['bucket-two']);
    await made.setMetadata({ versioning: { enabled: false } });
    expect((await made.getMetadata())[0].versioning).toBeUndefined();
    await made.file('a').save('x', { resumable: false });
    await expect(made.delete()).rejects.toThrow(failsWith(409));
    await made.file('a').delete();
    await made.delete();
    expect(await made.exists()).toEqual([false]);
    await expect(storage.createBucket('bucket-one')).rejects.toThrow(failsWith(409));
    await expect(storage.createBucket('Bad_')).rejects.toThrow(failsWith(400));
  });

  test('tell which permissions the caller has', async () => {
    fake.deny('storage.objects.list');
    const names = ['storage.objects.get', 'storage.objects.list'];
    const [held] = await bucket.iam.testPermissions(names);
    expect(held).toEqual({ 'storage.objects.get': true, 'storage.objects.list': false });
    await expect(bucket.getFiles()).rejects.toThrow(failsWith(403));
  });
});

describe('objects', () => {
  test.each([false, true])('are saved and downloaded, resumable: %s', async (resumable) => {
    const file = newFile();
    const content = Buffer.alloc(600_000, 'abc');
    await file.save(content, {
      resumable,
      validation: 'crc32c',
      metadata: { contentType: 'image/png', metadata: { Town: 'Köln' } },
    });
    expect((await file.download())[0].equals(content)).toBe(true);
    const [metadata] = await file.getMetadata();
    expect(metadata).toMatchObject({
      size: '600000',
      contentType: 'image/png',
      metadata: { Town: 'Köln' },
      metageneration: '1',
      storageClass: 'STANDARD',
      md5Hash: createHash('md5').update(content).digest('base64'),
    });
    expect(Number(metadata.generation)).toBeGreaterThan(1_700_000_000_000_000);
  });

  test('go up in chunks of a resumable upload', async () => {
    const file = newFile();
    const content = Buffer.alloc(MIB + 5, 'xyz');
    await file.save(content, { resumable: true, chunkSize: 256 * 1024 });
    expect((await file.download())[0].equals(content)).toBe(true);
  });

  test('are read in ranges', async () => {
    const file = newFile();
    await file.save('0123456789', { resumable: false });
    expect(String((await file.download({ start: 2, end: 4, validation: false }))[0])).toBe('234');
    const beyond = file.download({ start: 10, end: 11, validation: false });
    await expect(beyond).rejects.toThrow(failsWith(416));
  });

  test('of gzip come as they are where gzip is accepted, else decoded', async () => {
    const file = newFile();
    const content = gzipSync('content');
    await file.save(content, { resumable: false, metadata: { contentEncoding: 'gzip' } });
    const [kept] = await file.download({ decompress: false });
    expect(kept.equals(content)).toBe(true);
    const [url] = await file.getSignedUrl({ version: 'v4', action: 'read', expires: inAMinute() });
    const decoded = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
    expect(await decoded.text()).toBe('content');
    await newFile('broken').save('no gzip', {
      resumable: false,
      metadata: { contentEncoding: 'gzip' },
    });
    const [broken] = await newFile('broken').getSignedUrl({
      version: 'v4',
      action: 'read',
      expires: inAMinute(),
    });
    expect((await fetch(broken, { headers: { 'accept-encoding': 'identity' } })).status).toBe(503);
  });

  test('are written, read, changed and deleted under conditions', async () => {
    const file = newFile();
    const create = { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } };
    await file.save('one', create);
    await expect(file.save('two', create)).rejects.toThrow(failsWith(412));
    const [{ generation, metageneration }] = await file.getMetadata();
    const ifMetagenerationMatch = Number(metageneration);
    await file.setMetadata({ cacheControl: 'no-store' }, { ifMetagenerationMatch });
    await expect(
      file.setMetadata({ cacheControl: 'no-cache' }, { ifMetagenerationMatch }),
    ).rejects.toThrow(failsWith(412));
    await expect(file.delete({ ifGenerationMatch: 7 })).rejects.toThrow(failsWith(412));
    await file.delete({ ifGenerationMatch: Number(generation) });
    await expect(file.delete()).rejects.toThrow(failsWith(404));
    await expect(file.delete({ ifGenerationMatch: 7 })).rejects.toThrow(failsWith(412));
  });

  test('are patched: metadata is merged, null removes', async () => {
    const file = newFile();
    await file.save('x', { resumable: false, metadata: { metadata: { a: '1', b: '2' } } });
    await file.setMetadata({ metadata: { a: null, c: '3' }, contentType: 'text/css' });
    expect((await file.getMetadata())[0]).toMatchObject({
      metadata: { b: '2', c: '3' },
      contentType: 'text/css',
      metageneration: '2',
    });
  });

  test('have a custom time that only goes forward', async () => {
    const file = newFile();
    const customTime = '2030-01-01T00:00:00.000Z';
    await file.save('x', { resumable: false, metadata: { customTime } });
    const back = file.setMetadata({ customTime: '2029-01-01T00:00:00.000Z' });
    await expect(back).rejects.toThrow(failsWith(400));
    await file.setMetadata({ customTime: '2031-01-01T00:00:00.000Z' });
  });

  test('under a hold are neither deleted nor overwritten', async () => {
    const file = newFile();
    await file.save('x', { resumable: false, metadata: { temporaryHold: true } });
    await expect(file.delete()).rejects.toThrow(failsWith(403));
    await expect(file.save('y', { resumable: false })).rejects.toThrow(failsWith(403));
    await file.setMetadata({ temporaryHold: false });
    await file.delete();
  });

  test('are copied in several calls, with their attributes or others', async () => {
    const file = newFile();
    const content = Buffer.alloc(2 * MIB + 3, 'q');
    await file.save(content, { resumable: false, metadata: { metadata: { a: '1' } } });
    const before = fake.requests();
    const [copy] = await file.copy(newFile());
    expect(fake.requests() - before).toBe(3);
    expect((await copy.getMetadata())[0]).toMatchObject({ metadata: { a: '1' } });
    const [other] = await file.copy(newFile(), { metadata: { b: '2' } });
    expect((await other.getMetadata())[0].metadata).toEqual({ b: '2' });
    await expect(newFile().copy(newFile())).rejects.toThrow(failsWith(404));
  });

  test('are composed of others', async () => {
    const [one, two] = [newFile(), newFile()];
    await one.save('one ', { resumable: false });
    await two.save('two', { resumable: false });
    const [whole] = await bucket.combine([one, two], newFile());
    expect(String((await whole.download({ validation: false }))[0])).toBe('one two');
    const [metadata] = await whole.getMetadata();
    expect(metadata).toMatchObject({ componentCount: 2 });
    expect(metadata.md5Hash).toBeUndefined();
  });

  test('are listed in order, in pages and in groups', async () => {
    const keys = ['l/a', 'l/b/1', 'l/b/2', 'l/c', 'l/\u{1f600}', 'l/\uffff'];
    await Promise.all(keys.map((name) => newFile(name).save('x', { resumable: false })));
    const [all] = await bucket.getFiles({ prefix: 'l/' });
    const names = all.map(({ name }) => name);
    expect(names).toEqual(keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
    const [page, next, answer] = await bucket.getFiles({
      prefix: 'l/',
      delimiter: '/',
      maxResults: 2,
      autoPaginate: false,
    });
    expect(page.map(({ name }) => name)).toEqual(['l/a']);
    expect(answer).toMatchObject({ prefixes: ['l/b/'] });
    const [rest] = await bucket.getFiles({ ...next, autoPaginate: false });
    expect(rest.map(({ name }) => name)).toEqual(['l/c', 'l/\uffff']);
    const range = { startOffset: 'l/b', endOffset: 'l/c' };
    const [between] = await bucket.getFiles(range);
    expect(between.map(({ name }) => name)).toEqual(['l/b/1', 'l/b/2']);
  });

  test('keep old generations where the bucket does', async () => {
    fake.createBucket('bucket-versioned', { versioning: true });
    const versioned = storage.bucket('bucket-versioned');
    const file = versioned.file('a');
    await file.save('one', { resumable: false });
    const [{ generation }] = await file.getMetadata();
    await file.save('two', { resumable: false });
    const [versions] = await versioned.getFiles({ versions: true });
    expect(versions).toHaveLength(2);
    const old = versioned.file('a', { generation: Number(generation) });
    expect(String((await old.download())[0])).toBe('one');
    await file.delete();
    expect(await file.exists()).toEqual([false]);
    expect((await versioned.getFiles({ versions: true }))[0]).toHaveLength(2);
    await old.copy(file);
    expect(String((await file.download())[0])).toBe('one');
    await old.delete();
    expect((await versioned.getFiles({ versions: true }))[0]).toHaveLength(2);
  });
});

const inAMinute = () => Date.now() + 60_000;

describe('signed URLs', () => {
  test('give what was signed, and nothing else', async () => {
    const file = newFile();
    const responseDisposition = 'attachment; filename="a b.txt"';
    const [put] = await file.getSignedUrl({
      version: 'v4',
      action: 'write',
      expires: inAMinute(),
      contentType: 'text/plain',
      extensionHeaders: { 'x-goog-content-length-range': '3,3', 'x-goog-meta-a': 'b' },
    });
    const headers = {
      'content-type': 'text/plain',
      'x-goog-content-length-range': '3,3',
      'x-goog-meta-a': 'b',
    };
    const send = (body: string, sent: Record<string, string> = headers) =>
      fetch(put, { method: 'PUT', body, headers: sent });
    expect((await send('abcd')).status).toBe(400);
    expect((await send('ab')).status).toBe(400);
    expect((await send('abc', { ...headers, 'content-type': 'text/html' })).status).toBe(403);
    expect((await send('abc', { ...headers, 'x-goog-acl': 'public-read' })).status).toBe(400);
    expect((await send('abc', { 'content-type': 'text/plain' })).status).toBe(400);
    expect((await send('abc')).status).toBe(200);
    const [get] = await file.getSignedUrl({
      version: 'v4',
      action: 'read',
      expires: inAMinute(),
      responseDisposition,
    });
    const answer = await fetch(get);
    expect(await answer.text()).toBe('abc');
    expect(answer.headers.get('content-disposition')).toBe(responseDisposition);
    expect(answer.headers.get('x-goog-meta-a')).toBe('b');
    expect((await fetch(get, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(get.replace(/.$/, (end) => (end === '0' ? '1' : '0')))).status).toBe(403);
  });

  test('bind the hash of the content', async () => {
    const digest = createHash('sha256').update('abc').digest('hex');
    const headers = { 'x-goog-content-sha256': digest };
    const [url] = await newFile().getSignedUrl({
      version: 'v4',
      action: 'write',
      expires: inAMinute(),
      extensionHeaders: headers,
    });
    expect((await fetch(url, { method: 'PUT', body: 'abd', headers })).status).toBe(400);
    expect((await fetch(url, { method: 'PUT', body: 'abc', headers })).status).toBe(200);
  });

  test('end', async () => {
    const [url] = await newFile().getSignedUrl({
      version: 'v4',
      action: 'read',
      expires: inAMinute(),
    });
    expect((await fetch(url)).status).toBe(404);
    fake.advance(61_000);
    expect((await fetch(url)).status).toBe(400);
    fake.advance(-61_000);
  });

  test('of a key that the service does not know are refused', async () => {
    const other = fakeClient(fake, fake.wrongCredentials).bucket('bucket-one').file('a');
    const [url] = await other.getSignedUrl({ version: 'v4', action: 'read', expires: inAMinute() });
    expect((await fetch(url)).status).toBe(403);
  });
});

describe('sign-in', () => {
  test('refuses a key that the service does not know', async () => {
    const other = fakeClient(fake, fake.wrongCredentials);
    await expect(other.bucket('bucket-one').getMetadata()).rejects.toThrow(/invalid_grant/);
  });

  test('refuses an account that the service does not know', async () => {
    const unknown = { ...fake.credentials, client_email: 'a@b.example' };
    const other = fakeClient(fake, unknown);
    await expect(other.bucket('bucket-one').getMetadata()).rejects.toThrow(/invalid_grant/);
  });

  test('refuses a clock that is far off, and tokens that were revoked', async () => {
    const own = fakeClient(fake).bucket('bucket-one');
    await own.getMetadata();
    fake.revokeTokens();
    const [url] = [`${fake.url}/storage/v1/b/bucket-one`];
    const answer = await fetch(url, { headers: { authorization: 'Bearer ya29.x' } });
    expect(answer.status).toBe(401);
    fake.advance(7_200_000);
    const late = fakeClient(fake).bucket('bucket-one').getMetadata();
    await expect(late).rejects.toThrow(/invalid_grant/);
    fake.advance(-7_200_000);
  });
});

describe('faults', () => {
  test('are made until they end', async () => {
    const own = fakeClient(fake).bucket('bucket-one');
    const file = own.file('faulty');
    await file.save('0123456789', { resumable: false });
    fake.fault('unavailable');
    await expect(file.getMetadata()).rejects.toThrow(failsWith(503));
    fake.fault('ignore-range');
    const whole = await file.download({ start: 2, end: 4, validation: false });
    expect(String(whole[0])).toBe('0123456789');
    fake.fault('cut-body');
    await expect(file.download({ validation: false })).rejects.toThrow();
    fake.fault('lost-reply');
    await expect(file.setMetadata({ cacheControl: 'no-store' })).rejects.toThrow();
    fake.fault('last-step-of-write');
    await expect(file.delete()).rejects.toThrow(failsWith(503));
    fake.fault('second-page');
    const [, second] = await own.getFiles({ maxResults: 1, autoPaginate: false });
    await expect(own.getFiles({ ...second, autoPaginate: false })).rejects.toThrow(failsWith(503));
    fake.fault(undefined);
    expect((await file.getMetadata())[0].cacheControl).toBe('no-store');
    expect(await fake.connections()).toBeGreaterThan(0);
    expect(fake.requests({ tokens: true })).toBeGreaterThan(fake.requests());
  });
});
