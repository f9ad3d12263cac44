import './fixtures/google-tokens.ts';
import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { createAzure } from '@granary/storage-azure';
import type { OpenStore } from '@granary/storage-conformance';
import { describeConformance } from '@granary/storage-conformance/vitest';
import { createStorage, isStorageError, type StorageEngine } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';
import { createVault, memoryDriver } from '@granary/storage-credentials';
import { createGcs } from '@granary/storage-gcs';
import { withCompress } from '@granary/storage-layers/compress';
import {
  createEncrypted,
  type EncryptOptions,
  keyRing,
  rewrap,
  vaultKeys,
  withEncrypt,
} from '@granary/storage-layers/encrypt';
import { verifyStore, withIntegrity } from '@granary/storage-layers/integrity';
import { createSignIn, openId } from '@granary/storage-oauth';
import { createS3 } from '@granary/storage-s3';
import { createSupabase } from '@granary/storage-supabase';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type ObjectStores, SCHEMES, type Scheme, startObjectStores } from './object-stores.ts';

const BUCKET = 'sealed';
const KEY: Uint8Array = new Uint8Array(32).fill(7);
/** A chunk of the format. Units: bytes. */
const CHUNK_BYTES = 2 ** 20;
/** Goes up in parts everywhere, and ends amid a chunk. Units: bytes. */
const LONG_BYTES: number = 8 * CHUNK_BYTES + 4321;
/** What of the kit is about the ways of a service: ranges, attributes, copies, conditions, parts. */
const RULES: readonly string[] = [
  ...['GET-2', 'GET-3', 'PUT-1', 'META-1', 'META-2', 'META-3', 'COPY-1', 'COPY-2'],
  ...['LIST-7', 'LIST-10', 'LIST-11', 'COND-1', 'COND-2', 'UP-2'],
];

const ISSUER = 'https://id.example';
const ENDPOINTS: Readonly<Record<'authorization' | 'token', string>> = {
  authorization: `${ISSUER}/authorize`,
  token: `${ISSUER}/token`,
};

let stores: ObjectStores;
let client: S3Client;

beforeAll(async () => {
  stores = await startObjectStores();
  for (const [name, value] of Object.entries(stores.env)) vi.stubEnv(name, value);
  await stores.addBucket(BUCKET);
  client = cephClient(stores);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  client.destroy();
  await stores[Symbol.asyncDispose]();
});

/** A client for Ceph 16, which compares etags without their quotes. */
function cephClient({ s3: { service } }: ObjectStores): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = service;
  const made = new S3Client({
    endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  made.middlewareStack.add(
    (next) => (args) => {
      const { headers, method } = args.request as {
        readonly headers: Record<string, string>;
        readonly method: string;
      };
      const etag = headers['if-match'];
      if (method === 'PUT' && etag !== undefined) headers['if-match'] = etag.replaceAll('"', '');
      return next(args);
    },
    { step: 'build', name: 'unquotedEtags' },
  );
  return made;
}

/** An empty place in a service, without encryption. */
function placeIn(scheme: Scheme, prefix: string = crypto.randomUUID()): StorageProvider {
  switch (scheme) {
    case 's3':
      return createS3.provider({
        ...{ bucket: BUCKET, client, prefix, versions: false },
        conditions: ['createIfAbsent', 'replaceIfMatch'],
      });
    case 'az': {
      const { connectionString } = stores.azure.service;
      return createAzure.provider({ container: BUCKET, connectionString, prefix });
    }
    case 'gs':
      return createGcs.provider({ bucket: BUCKET, endpoint: stores.gcs.url, prefix });
    case 'supabase': {
      const { url, serviceKey: key } = stores.supabase;
      return createSupabase.provider({ bucket: BUCKET, url, key, prefix });
    }
  }
}

const sealed = (below: StorageProvider, options: EncryptOptions = { key: KEY }): StorageEngine =>
  createEncrypted({ underlying: below, ...options });

const bytesOf = async (store: StorageEngine, key: string): Promise<Uint8Array> =>
  (await store.get(key)).bytes();

describe.each(SCHEMES)('encryption over %s', (scheme) => {
  test('keeps objects of every size, whole and by parts, and nothing of them can be seen', async () => {
    const below = placeIn(scheme);
    const raw = createStorage(below);
    const store = sealed(below);
    const content = randomBytes(LONG_BYTES);
    const attributes = {
      ...{
        contentType: 'text/x-secret',
        metadata: { owner: 'Ada Lovelace', n: 1 },
        tags: ['private'],
      },
      expiresAt: new Date('2100-01-01T00:00:00.000Z'),
    };
    await store.put('none', new Uint8Array(0));
    await store.save('diary/1', { text: 'Dear diary' }, { tags: ['private'] });
    await store.put('long', new Blob([content]).stream(), attributes);

    expect(await store.load('diary/1')).toEqual({ text: 'Dear diary' });
    expect(await bytesOf(store, 'none')).toHaveLength(0);
    const { info } = await store.get('long', { range: { offset: 0, length: 1 } });
    expect(info).toMatchObject({ size: LONG_BYTES, ...attributes });
    expect(content.equals(await bytesOf(store, 'long'))).toBe(true);
    for (const [offset, length] of [
      [CHUNK_BYTES - 5, 10],
      [5 * CHUNK_BYTES + 77, 300_000],
      [LONG_BYTES - 9, 9],
    ] as const) {
      const part = await store.get('long', { range: { offset, length } });
      expect(content.subarray(offset, offset + length).equals(await part.bytes())).toBe(true);
    }
    const sizes = (await Array.fromAsync(store.list())).map(({ key, size }) => [key, size]);
    expect(sizes).toEqual([
      ...[['diary/1', JSON.stringify({ text: 'Dear diary' }).length]],
      ...[['long', LONG_BYTES]],
      ...[['none', 0]],
    ]);

    for (const [key = ''] of sizes) {
      const stored = await raw.get(String(key));
      const shown = Buffer.concat([Buffer.from(JSON.stringify(stored.info)), await stored.bytes()]);
      const words = ['Ada Lovelace', '"private"', 'x-secret', 'Dear diary', '2100-01-01'];
      expect(words.filter((word) => shown.includes(word))).toEqual([]);
    }
  });

  test('stands over checksums, which are those of what is stored', async () => {
    const checked = withIntegrity(placeIn(scheme), { unchecked: 'allow' });
    const store = sealed(checked);
    const content = randomBytes(3 * CHUNK_BYTES);
    await store.put('blob', new Blob([content]), { metadata: { n: 1 } });
    await store.put('bytes', content);
    await store.put('small', 'content');
    const { ok, withoutChecksum } = await verifyStore(checked);
    expect({ ok, withoutChecksum }).toEqual(
      // It has no way to set what is known only after the content was sent.
      scheme === 'supabase' ? { ok: 1, withoutChecksum: 2 } : { ok: 3, withoutChecksum: 0 },
    );
    for (const key of ['blob', 'bytes']) {
      expect(content.equals(await bytesOf(store, key))).toBe(true);
    }
  });

  test('copies, moves, and changes attributes', async () => {
    const store = sealed(placeIn(scheme));
    const content = randomBytes(CHUNK_BYTES + 4321);
    await store.put('a', content, { metadata: { n: 1 } });
    await store.copy('a', 'b');
    await store.move('b', 'c');
    expect(content.equals(await bytesOf(store, 'c'))).toBe(true);
    await expect(store.stat('b')).rejects.toMatchObject({ code: 'not-found' });
    const change = store.setMetadata('c', { metadata: { n: 2 } });
    if (store.getCapabilities().setMetadata) await change;
    else await expect(change).rejects.toMatchObject({ code: 'unsupported' });
    const changed = store.getCapabilities().setMetadata ? 2 : 1;
    expect((await store.stat('c')).metadata).toEqual({ n: changed });
    expect((await store.stat('a')).metadata).toEqual({ n: 1 });
    expect(content.equals(await bytesOf(store, 'c'))).toBe(true);
  });

  test('refuses what was changed, cut, swapped or put there plain', async () => {
    const below = placeIn(scheme);
    const raw = createStorage(below);
    const store = sealed(below);
    const keys = ['flipped', 'cut', 'swapped', 'plain', 'whole'];
    const content = randomBytes(CHUNK_BYTES + 99);
    for (const key of keys) await store.put(key, content);
    const stored = await bytesOf(raw, 'flipped');
    const at = stored.length - 50;
    stored[at] = (stored[at] ?? 0) ^ 1;
    await raw.put('flipped', stored);
    await raw.put('cut', (await bytesOf(raw, 'cut')).subarray(0, CHUNK_BYTES));
    await raw.put('swapped', await bytesOf(raw, 'whole'));
    await raw.put('plain', content);
    for (const key of keys.slice(0, 4)) {
      await expect(bytesOf(store, key)).rejects.toMatchObject({ code: 'corrupted', key });
    }
    await expect(bytesOf(sealed(below, { key: KEY.map(() => 8) }), 'whole')).rejects.toMatchObject({
      code: 'permission-denied',
      key: 'whole',
    });
    const { damaged, unreadable, withoutChecksum } = await verifyStore(store);
    expect({ damaged, unreadable, withoutChecksum }).toEqual({
      ...{ damaged: 4, unreadable: 0, withoutChecksum: 1 },
    });
  });

  test('puts what is stored under a new key, and a write meanwhile wins', async () => {
    const below = placeIn(scheme);
    const keys = { old: KEY, new: KEY.map(() => 8) };
    const before = sealed(below, { keyProvider: keyRing({ current: 'old', keys }) });
    const keyProvider = keyRing({ current: 'new', keys });
    const content = randomBytes(2 * CHUNK_BYTES + 7);
    await before.put('a', content, { contentType: 'image/x', metadata: { n: 1 } });
    await before.put('b', 'b');
    const { replaceIfMatch = false } = before.getCapabilities();
    const outcomes: string[] = [];
    for await (const { results } of rewrap(below, { keyProvider, isExclusive: !replaceIfMatch })) {
      outcomes.push(...results.map(({ key, outcome }) => `${key} ${outcome}`));
    }
    expect(outcomes).toEqual(['a rewrapped', 'b rewrapped']);
    const after = sealed(below, {
      keyProvider: keyRing({ current: 'new', keys: { new: keys.new } }),
    });
    expect(content.equals(await bytesOf(after, 'a'))).toBe(true);
    expect(await after.stat('a')).toMatchObject({ contentType: 'image/x', metadata: { n: 1 } });
    if (!replaceIfMatch) return;
    const stale = (await after.stat('b')).etag;
    await after.put('b', 'newer', { ifMatch: stale });
    await expect(after.put('b', 'late', { ifMatch: stale })).rejects.toSatisfy((error) =>
      isStorageError(error, 'precondition-failed'),
    );
  });

  test('keeps what is compressed before, under a key of the vault', async () => {
    const below = placeIn(scheme);
    const vault = createVault({ driver: memoryDriver() });
    const layered = withEncrypt(below, { keyProvider: vaultKeys(vault, 'storage') });
    const store = createStorage(withCompress(layered, { always: true }));
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id, name: `row ${id}` }));
    await store.save('rows', rows);
    await vault.rotateKey('storage');
    expect(await store.load('rows')).toEqual(rows);
    const { size } = await createStorage(below).stat('rows');
    expect(size).toBeLessThan(JSON.stringify(rows).length / 3);
  });

  test('keeps the tokens of people, which two processes renew at once', async () => {
    const below = placeIn(scheme);
    const refreshes: string[] = [];
    /** Each refresh token is good once, as with providers that rotate them. */
    const fetch = async (_url: unknown, { body }: RequestInit = {}): Promise<Response> => {
      const used = new URLSearchParams(String(body)).get('refresh_token') ?? '';
      const isStale = used !== `refresh-${refreshes.length}`;
      refreshes.push(used);
      const answer = {
        ...{ access_token: `access-${refreshes.length}`, token_type: 'bearer', expires_in: 3600 },
        refresh_token: `refresh-${refreshes.length}`,
      };
      return Response.json(isStale ? { error: 'invalid_grant' } : answer, {
        status: isStale ? 400 : 200,
      });
    };
    const signInOver = () =>
      createSignIn({
        provider: openId({ issuer: ISSUER, clientId: 'me', endpoints: ENDPOINTS }),
        flow: {
          name: 'test',
          signIn: async (_client, { scopes }) => ({
            ...{ accessToken: 'access-0', refreshToken: 'refresh-0', scopes },
            expiresAt: Date.now() + 3_600_000,
          }),
        },
        store: sealed(below),
        fetch: fetch as typeof globalThis.fetch,
      });
    const [one, other] = [signInOver(), signInOver()];
    const { replaceIfMatch, createIfAbsent } = below.capabilities;
    if (!replaceIfMatch && !createIfAbsent) {
      const refused = {
        code: 'invalid-config',
        message: expect.stringContaining('guarded writes'),
      };
      await expect(one.signIn({ account: 'ann' })).rejects.toMatchObject(refused);
      return;
    }
    await one.signIn({ account: 'ann' });
    expect((await other.getToken()).token).toBe('access-0');
    const renewed = await Promise.all([one, other].map((auth) => auth.getToken({ refresh: true })));
    const [latest] = renewed
      .map(({ token }) => token)
      .toSorted()
      .toReversed();
    expect((await signInOver().getToken()).token).toBe(latest);
    expect(await signInOver().accounts()).toMatchObject([{ id: 'ann', needsSignIn: false }]);
    const raw = createStorage(below);
    for await (const { key } of raw.list()) {
      expect(Buffer.from(await bytesOf(raw, key)).toString('latin1')).not.toMatch(
        /access-|refresh-/,
      );
    }
  });
});

describeConformance(
  {
    name: 'encryption over s3',
    timeoutMs: 30_000,
    create: (): OpenStore => {
      const prefix = crypto.randomUUID();
      return { provider: placeIn('s3', prefix), reopen: () => placeIn('s3', prefix) };
    },
    layer: (inner) => withEncrypt(inner, { key: KEY }),
  },
  { rules: RULES, slow: false },
);
