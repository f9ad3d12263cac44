import { gzipSync } from 'node:zlib';
import type { Storage } from '@google-cloud/storage';
import { toBody } from '@granary/storage-core/provider';
import { startFakeGcs } from '@granary-tools/fake-gcs';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { gcsProvider } from '../src/gcs-provider.ts';
import { createGcs, type GcsOptions } from '../src/index.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs();
const client = fakeClient(fake);
afterAll(() => fake.stop());
afterEach(() => {
  fake.fault(undefined);
  fake.deny(undefined);
});

const MIB = 1024 * 1024;
const FUTURE = new Date('2030-01-01T00:00:00Z');
const LATER = new Date('2031-01-01T00:00:00Z');
let buckets = 0;

function open(options: Partial<GcsOptions> = {}, settings: { versioning?: boolean } = {}) {
  buckets += 1;
  const bucket = `bucket-${buckets}`;
  fake.createBucket(bucket, settings);
  const storage = createGcs({ bucket, client, retry: false, ...options });
  return { bucket, storage, provider: gcsProvider({ bucket, client, ...options }) };
}

async function metadataOf(bucket: string, key: string, own: Storage = client) {
  const [metadata] = await own.bucket(bucket).file(key).getMetadata();
  return metadata;
}

describe('put', () => {
  test('passes the service its own fields, and those of the options to every put', async () => {
    const { bucket, storage } = open({ native: { storageClass: 'NEARLINE' } });
    await storage.put('a', 'x');
    expect(await metadataOf(bucket, 'a')).toMatchObject({ storageClass: 'NEARLINE' });
    const kmsKeyName = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
    await storage.put('b', 'x', { native: { storageClass: 'ARCHIVE', kmsKeyName } });
    expect(await metadataOf(bucket, 'b')).toMatchObject({ storageClass: 'ARCHIVE', kmsKeyName });
    await expect(storage.put('c', 'x', { native: { region: 'x' } })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('takes a stream of unknown length in one request', async () => {
    const { provider } = open();
    async function* pieces() {
      for (let piece = 0; piece < 40; piece += 1) yield new Uint8Array(100_000).fill(piece);
    }
    const before = fake.requests();
    const info = await provider.put('a', toBody(pieces()), {});
    expect(fake.requests() - before).toBe(1);
    expect(info.size).toBe(4_000_000);
  });

  test('stops sending when the service has refused', async () => {
    const { provider } = open();
    await provider.put('a', toBody('x'), {});
    let sent = 0;
    const source = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
        if (sent === 100) controller.close();
      },
    });
    const putting = provider.put('a', toBody(source), { ifNoneMatch: '*' });
    await expect(putting).rejects.toMatchObject({ code: 'precondition-failed' });
  });

  test('keeps a checksum of a small stream, and refuses one of a large stream', async () => {
    const { storage } = open();
    const small = new Blob(['content']).stream();
    const { checksums } = await storage.put('a', small, { size: 7, checksum: true });
    expect(checksums?.['sha256']).toMatch(/^sha256-/);
    expect((await storage.stat('a')).checksums).toEqual(checksums);
    const again = await storage.put('b', new Blob(['content']), { checksum: true });
    expect(again.checksums?.['sha256']).toBe(checksums?.['sha256']);
    const large = new Blob([new Uint8Array(9 * MIB)]).stream();
    const putting = storage.put('c', large, { size: 9 * MIB, checksum: true });
    await expect(putting).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('says what broke in the source, also while it is hashed', async () => {
    const { provider } = open();
    const failure = new Error('the disk broke');
    const broken = () => new ReadableStream({ pull: (controller) => controller.error(failure) });
    const putting = provider.put('a', toBody(broken(), { size: 3 }), { checksum: 'sha256' });
    await expect(putting).rejects.toMatchObject({ cause: failure, outcome: 'not-applied' });
    const body = toBody('abc');
    const twice = { ...body, buffered: undefined, size: 3, replayable: true, stream: broken };
    const { buffered: _none, ...replayable } = twice;
    const hashing = provider.put('a', replayable, { checksum: 'sha256' });
    await expect(hashing).rejects.toMatchObject({ cause: failure, outcome: 'not-applied' });
  });
});

describe('get', () => {
  test('hands out gzip as it is stored', async () => {
    const { storage } = open();
    const bytes = new Uint8Array(gzipSync('content'));
    await storage.put('a', bytes, { contentEncoding: 'gzip' });
    const object = await storage.get('a');
    expect(object.info).toMatchObject({ contentEncoding: 'gzip', size: bytes.byteLength });
    expect(await object.bytes()).toEqual(bytes);
  });

  test('lets go of a large body that nobody wants', async () => {
    const { storage } = open();
    const { etag } = await storage.put('a', new Uint8Array(MIB));
    const getting = storage.get('a', { ifNoneMatch: etag });
    await expect(getting).rejects.toMatchObject({ code: 'not-modified' });
    const object = await storage.get('a');
    await object.cancel();
    const aborted = new AbortController();
    const late = await storage.get('a', { signal: aborted.signal });
    const reading = late.bytes();
    aborted.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  });

  test('tells a missing object from another write, whatever the etag', async () => {
    const { storage } = open();
    await expect(storage.get('a', { ifMatch: '1.1' })).rejects.toMatchObject({ code: 'not-found' });
    await expect(storage.get('a', { ifMatch: 'x' })).rejects.toMatchObject({ code: 'not-found' });
    await storage.put('a', 'x');
    const getting = storage.get('a', { ifMatch: 'x' });
    await expect(getting).rejects.toMatchObject({ code: 'precondition-failed' });
  });
});

describe('deleteMany', () => {
  test('sends a hundred with each request and tells what became of each', async () => {
    const { bucket, provider } = open();
    const keys = Array.from({ length: 205 }, (_, index) => `key ${index}/ä`);
    await Promise.all(keys.slice(0, 200).map((key) => provider.put(key, toBody('x'), {})));
    await client.bucket(bucket).file('key 7/ä').setMetadata({ temporaryHold: true });
    const before = fake.requests();
    const results = await provider.deleteMany?.(keys, {});
    expect(fake.requests() - before).toBe(3);
    expect(results?.map(({ key }) => key)).toEqual(keys);
    expect(results?.[0]).toEqual({ key: 'key 0/ä', ok: true, value: { existed: true } });
    expect(results?.[204]).toEqual({ key: 'key 204/ä', ok: true, value: { existed: false } });
    expect(results?.[7]).toMatchObject({
      ok: false,
      error: { code: 'permission-denied', hint: expect.stringMatching(/hold/) },
    });
  });

  test('names the missing bucket for every key', async () => {
    const provider = gcsProvider({ bucket: 'nowhere', client });
    expect(await provider.deleteMany?.(['a'], {})).toMatchObject([
      { ok: false, error: { code: 'store-not-found' } },
    ]);
  });
});

describe('copy', () => {
  test('calls again until everything is copied', async () => {
    const { storage } = open();
    const content = new Uint8Array(3 * MIB + 7).fill(5);
    await storage.put('a', content, { metadata: { n: 1 } });
    const before = fake.requests();
    const info = await storage.copy('a', 'b');
    expect(fake.requests() - before).toBe(4);
    expect(info).toMatchObject({ size: content.byteLength, metadata: { n: 1 } });
    expect(await (await storage.get('b')).bytes()).toEqual(content);
  });

  test('copies only the write that was asked for', async () => {
    const { storage, provider } = open();
    const { etag } = await storage.put('a', 'one');
    await storage.put('a', 'two');
    for (const sourceIfMatch of [etag, 'x']) {
      for (const attributes of [{}, { attributes: { cacheControl: 'no-store' } }]) {
        const copying = provider.copy?.('a', 'b', { sourceIfMatch, ...attributes });
        await expect(copying).rejects.toMatchObject({ code: 'precondition-failed' });
        const missing = provider.copy?.('missing', 'b', { sourceIfMatch, ...attributes });
        await expect(missing).rejects.toMatchObject({ code: 'not-found' });
      }
    }
  });
});

describe('setMetadata', () => {
  test('is tried again when others change the object, and gives up some time', async () => {
    const { provider, storage } = open();
    await storage.put('a', 'x');
    const changing = Array.from({ length: 4 }, (_, n) =>
      provider.setMetadata?.('a', { [n % 2 ? 'tags' : 'cacheControl']: n % 2 ? ['t'] : 'x' }, {}),
    );
    const results = await Promise.allSettled(changing);
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' });
    }
    expect(await storage.stat('a')).toMatchObject({ tags: ['t'], cacheControl: 'x' });
  });
});

describe('lifecycleExpiry', () => {
  test('sets the custom time to the expiry, and keeps the two together', async () => {
    const { bucket, storage, provider } = open({ lifecycleExpiry: true });
    const timeOf = async (key: string) => (await metadataOf(bucket, key)).customTime;
    await provider.put('a', toBody('x'), { expiresAt: FUTURE, metadata: { n: 1 } });
    expect(await timeOf('a')).toBe(FUTURE.toISOString());
    await provider.setMetadata?.('a', { expiresAt: LATER }, {});
    expect(await timeOf('a')).toBe(LATER.toISOString());
    await provider.setMetadata?.('a', { expiresAt: FUTURE }, {});
    expect(await timeOf('a')).toBe(FUTURE.toISOString());
    await provider.copy?.('a', 'b', { attributes: { tags: ['t'] } });
    expect(await timeOf('b')).toBe(FUTURE.toISOString());
    await provider.setMetadata?.('a', { expiresAt: null }, {});
    expect(await timeOf('a')).toBeUndefined();
    expect(await (await storage.get('a')).text()).toBe('x');
    expect(await storage.stat('a')).toMatchObject({ metadata: { n: 1 } });
  });

  test('leaves a custom time alone that is not the expiry', async () => {
    const { bucket, provider } = open();
    const customTime = FUTURE.toISOString();
    await provider.put('a', toBody('x'), { native: { customTime } });
    await provider.setMetadata?.('a', { expiresAt: LATER }, {});
    await provider.setMetadata?.('a', { expiresAt: null }, {});
    expect((await metadataOf(bucket, 'a')).customTime).toBe(customTime);
  });

  test('goes with uploads, too', async () => {
    const { bucket, provider } = open({ lifecycleExpiry: true });
    const attributes = { expiresAt: FUTURE };
    const session = await provider.upload?.('a', { totalBytes: 1, attributes });
    await session?.write(0, Uint8Array.of(1));
    await session?.complete();
    expect((await metadataOf(bucket, 'a')).customTime).toBe(FUTURE.toISOString());
  });
});

describe('upload', () => {
  test('refuses parts that do not fit its grid, and ones that overlap', async () => {
    const { provider } = open();
    const session = await provider.upload?.('a', { totalBytes: 20 * MIB });
    const refused = { code: 'invalid-argument' };
    const part = new Uint8Array(8 * MIB);
    await expect(session?.write(MIB, part)).rejects.toMatchObject(refused);
    await expect(session?.write(16 * MIB, part)).rejects.toMatchObject(refused);
    await expect(session?.write(0, part.subarray(1))).rejects.toMatchObject(refused);
    await session?.write(0, new Uint8Array(16 * MIB));
    await session?.write(8 * MIB, part);
    await expect(session?.complete()).rejects.toMatchObject(refused);
    await session?.abort();
  });

  test('lists more uploads than one page holds, of keys that XML cannot hold', async () => {
    const { provider } = open();
    const keys = Array.from({ length: 1003 }, (_, index) => `a\u0001 b+${index}\n`);
    for (const key of keys) await provider.upload?.(key, {});
    const found: string[] = [];
    for await (const { key, token, startedAt } of provider.uploads?.({}) ?? []) {
      found.push(key);
      expect(startedAt.getTime()).toBeGreaterThan(0);
      if (found.length === 1) await (await provider.upload?.(key, { token }))?.abort();
    }
    expect(found.toSorted()).toEqual(keys.toSorted());
  });

  test('goes on with more parts than one page holds', async () => {
    const { provider } = open();
    const session = await provider.upload?.('a', {});
    const [one, last] = [1, 1200];
    await session?.write(0, Uint8Array.of(one));
    for (let part = 1; part <= 1000; part += 1) {
      await session?.write(part * 8 * MIB, Uint8Array.of(1));
    }
    await session?.write(last * 8 * MIB, Uint8Array.of(1));
    expect((await session?.status())?.held).toHaveLength(1002);
  });
});

describe('presign', () => {
  test('is for seven days at most', async () => {
    const { provider } = open();
    const signing = provider.presign?.('a', { expiresInMs: 8 * 86_400_000 });
    await expect(signing).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('says what credentials need that cannot sign', async () => {
    const { bucket } = open();
    const own = fakeClient(fake, {
      credentials: { client_email: 'a@b.example', private_key: 'no key' },
    });
    const provider = gcsProvider({ bucket, client: own });
    await expect(provider.presign?.('a', {})).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringMatching(/signBlob/),
    });
    const gone = provider.presign?.('a', { signal: AbortSignal.abort(new Error('gone')) });
    await expect(gone).rejects.toThrow('gone');
  });
});

describe('open', () => {
  test('finds out whether the bucket keeps old generations, where it may ask', async () => {
    const versions = async (options: Partial<GcsOptions>, versioning = true) => {
      const { storage } = open(options, { versioning });
      await storage.ready();
      return storage.getCapabilities().versions ?? false;
    };
    expect(await versions({})).toBe(true);
    expect(await versions({}, false)).toBe(false);
    expect(await versions({ versions: false })).toBe(false);
    expect(await versions({ versions: true }, false)).toBe(true);
    fake.deny('storage.buckets.get');
    expect(await versions({})).toBe(false);
    fake.deny(undefined);
    fake.fault('unavailable');
    await expect(versions({})).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('restores no version that is none', async () => {
    const { provider } = open({ versions: true }, { versioning: true });
    const restoring = provider.versions?.restore('a', 'nonsense', {});
    await expect(restoring).rejects.toMatchObject({ code: 'not-found' });
    expect(await provider.delete('a', { version: 'nonsense' })).toEqual({ existed: false });
  });
});

describe('health', () => {
  const health = async (options: Partial<GcsOptions>) => {
    const { storage } = open(options);
    return (await storage.health()) as { ok: boolean; error?: unknown };
  };

  test('is good when everything is', async () => {
    expect(await health({})).toMatchObject({ ok: true });
  });

  test('tells wrong credentials', async () => {
    const wrong = fakeClient(fake, { credentials: fake.wrongCredentials });
    expect(await health({ client: wrong })).toMatchObject({
      ok: false,
      error: { code: 'unauthenticated' },
    });
  });

  test('tells a token that is no longer good', async () => {
    const own = fakeClient(fake);
    const { storage } = open({ client: own });
    await storage.put('a', 'x');
    fake.revokeTokens();
    await expect(storage.put('a', 'y')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  test('tells a wrong clock', async () => {
    fake.advance(7_200_000);
    const { error } = await health({ client: fakeClient(fake) });
    fake.advance(-7_200_000);
    expect(error).toMatchObject({ code: 'unauthenticated', hint: expect.stringMatching(/clock/) });
  });

  test('tells a missing bucket', async () => {
    const storage = createGcs({ bucket: 'nowhere', client: fakeClient(fake), retry: false });
    expect(await storage.health()).toMatchObject({ error: { code: 'store-not-found' } });
  });

  test('tells a permission that is lacking, by its name', async () => {
    fake.deny('storage.objects.list');
    expect(await health({ client: fakeClient(fake) })).toMatchObject({
      error: {
        code: 'permission-denied',
        message: expect.stringMatching(/storage\.objects\.list/),
      },
    });
  });

  test('tells a service that is not there', async () => {
    const own = fakeClient(fake, { endpoint: 'http://127.0.0.1:9' });
    expect(await health({ client: own })).toMatchObject({ error: { code: 'unavailable' } });
  });
});

test('a refusal names the permission', async () => {
  const { storage } = open({ client: fakeClient(fake) });
  fake.deny('storage.objects.create');
  await expect(storage.put('a', 'x')).rejects.toMatchObject({
    code: 'permission-denied',
    hint: expect.stringMatching(/^Grant storage\.objects\.create/),
  });
});

test('a project that pays is named with every request', async () => {
  const { storage } = open({ userProject: 'other-project', client: fakeClient(fake) });
  await storage.put('a', 'x');
  expect(await (await storage.get('a')).text()).toBe('x');
});

test('a request that waits for a token ends with its signal', async () => {
  const { bucket } = open();
  const own = fakeClient(fake);
  own.authClient.getRequestHeaders = () => new Promise(() => {});
  const provider = gcsProvider({ bucket, client: own });
  const controller = new AbortController();
  const reason = new Error('gave up');
  const waiting = provider.stat('a', { signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});
