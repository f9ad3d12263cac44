import { encodeToken } from '@granary/storage-core/provider';
import { type FakeSupabase, startFakeSupabase } from '@granary-tools/fake-supabase';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSupabase } from '../src/index.ts';
import { hookedFetch } from './hooked-fetch.ts';

const PART = 6 * 1024 * 1024;

let fake: FakeSupabase;

beforeEach(async () => {
  fake = await startFakeSupabase();
});

afterEach(() => fake.stop());

/** The storage under test, whose requests a test can get in between, and one beside it. */
function open() {
  const { fetch, hook } = hookedFetch();
  const options = { url: fake.url, key: fake.serviceKey, bucket: 'photos', retry: false } as const;
  const storage = createSupabase({ ...options, fetch });
  const provider = createSupabase.provider({ ...options, fetch });
  return {
    storage,
    provider,
    hook,
    other: createSupabase(options),
    signal: new AbortController().signal,
  };
}

describe('get', () => {
  test('asks again when the object was written between info and content', async () => {
    const { storage, hook, other, signal } = open();
    await other.put('a', 'first', { metadata: { n: 1 } });
    let reads = 0;
    hook(({ method, path, send }) => {
      if (method !== 'GET' || path.includes('/info/')) return undefined;
      reads += 1;
      if (reads > 1) return undefined;
      return other.put('a', 'second', { metadata: { n: 2 } }).then(send);
    });
    const object = await storage.get('a', { signal });
    expect(object.info.metadata).toEqual({ n: 2 });
    expect(await object.text()).toBe('second');
    expect(reads).toBe(2);
    expect(fake.log().some(({ url }) => url.includes('cacheNonce='))).toBe(true);
  });

  test('gives up with conflict, and lets every body go', async () => {
    const { storage, hook, other } = open();
    await other.put('a', 'content');
    let released = 0;
    hook(({ path }) => {
      if (path.includes('/info/')) return undefined;
      const body = new ReadableStream({
        cancel() {
          released += 1;
        },
      });
      return new Response(body, { headers: { etag: '"of another write"' } });
    });
    await expect(storage.get('a')).rejects.toMatchObject({ code: 'conflict', retryable: true });
    expect(released).toBe(3);
  });

  test('asks again when a cache says that nothing changed', async () => {
    const { storage, hook, other } = open();
    const first = await other.put('a', 'first');
    await other.put('a', 'second');
    let isStale = true;
    hook(({ path }) => {
      if (path.includes('/info/') || !isStale) return undefined;
      isStale = false;
      return new Response(null, { status: 304 });
    });
    const object = await storage.get('a', { ifNoneMatch: first.etag });
    expect(await object.text()).toBe('second');
  });

  test('knows an etag that a gateway made weak, and a body that is not there', async () => {
    const { storage, hook, other } = open();
    const { etag } = await other.put('empty', '');
    hook(({ path }) =>
      path.includes('/info/')
        ? undefined
        : new Response(null, { headers: { etag: `W/"${etag}"` } }),
    );
    expect(await (await storage.get('empty')).text()).toBe('');
  });

  test('says that an answer is none of the service', async () => {
    const { storage, hook, signal } = open();
    hook(() => new Response('<html>'));
    await expect(storage.stat('a', { signal })).rejects.toMatchObject({ code: 'unavailable' });
    hook(() => Response.json({}));
    await expect(storage.stat('a')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('put', () => {
  test('tells of its own write when another one has replaced it', async () => {
    const { storage, hook, other } = open();
    hook(({ path, send }) =>
      path.includes('/info/') ? other.put('a', 'theirs').then(send) : undefined,
    );
    const body = new Blob(['mine']).stream();
    const info = await storage.put('a', body, { size: 4, metadata: { mine: true } });
    expect(info).toMatchObject({ key: 'a', size: 4, metadata: { mine: true } });
    expect(info.etag).not.toBe((await other.stat('a')).etag);
  });

  test('tells of its own write when it was deleted', async () => {
    const { storage, hook, other } = open();
    hook(({ path, send }) => (path.includes('/info/') ? other.delete('a').then(send) : undefined));
    expect(await storage.put('a', 'mine')).toMatchObject({ key: 'a', size: 4 });
  });

  test('does not know whether it happened when the question about it fails', async () => {
    const { storage, hook } = open();
    hook(({ path }) => (path.includes('/info/') ? new Response('', { status: 503 }) : undefined));
    await expect(storage.put('a', 'x')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
  });
});

describe('copy', () => {
  test('does it again when the source changes under a copy with other attributes', async () => {
    const { storage, hook, other, signal } = open();
    await other.put('a', 'first', { metadata: { n: 1 } });
    let copies = 0;
    hook(({ path, send }) => {
      if (!path.endsWith('/copy')) return undefined;
      copies += 1;
      if (copies > 1) return undefined;
      return other.put('a', 'second', { metadata: { n: 2 } }).then(send);
    });
    const info = await storage.copy('a', 'b', { attributes: { tags: ['t'] }, signal });
    expect(info).toMatchObject({ metadata: { n: 2 }, tags: ['t'] });
    expect(await (await other.get('b')).text()).toBe('second');
    expect(copies).toBe(2);
  });

  test('does not know whether it happened when the question about it fails', async () => {
    const { storage, hook, other } = open();
    await other.put('a', 'content');
    for (const attributes of [undefined, { tags: ['t'] }]) {
      hook(({ path, send }) => {
        if (!path.endsWith('/copy')) return undefined;
        hook(({ path }) =>
          path.includes('/info/') ? new Response('', { status: 503 }) : undefined,
        );
        return send();
      });
      const copying = storage.copy('a', 'b', { ...(attributes && { attributes }) });
      await expect(copying).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    }
  });

  test('gives up with conflict when it goes on changing', async () => {
    const { storage, hook, other } = open();
    await other.put('a', 'content');
    hook(({ path, send }) =>
      path.endsWith('/copy') ? other.put('a', 'content').then(send) : undefined,
    );
    await expect(storage.copy('a', 'b', { attributes: { tags: ['t'] } })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('delete', () => {
  test('deletes what came in between, and knows when it went by itself', async () => {
    const { storage, hook, other, signal } = open();
    let asked = 0;
    hook(({ path, send }) => {
      if (!path.includes('/info/')) return undefined;
      asked += 1;
      return asked === 1 ? other.put('a', 'late').then(send) : undefined;
    });
    expect(await storage.delete('a', { signal })).toEqual({ existed: true });
    hook(({ path, send }) => {
      if (!path.includes('/info/')) return undefined;
      asked += 1;
      if (asked === 3)
        return other
          .put('b', 'late')
          .then(send)
          .finally(() => other.delete('b'));
      return undefined;
    });
    expect(await storage.delete('b')).toEqual({ existed: false });
  });

  test('tries once more what came in between in a batch', async () => {
    const { storage, hook, other, signal } = open();
    await other.put('there', 'x');
    let isLate = true;
    hook(({ path, send }) => {
      if (!path.includes('/object/sign/') || !isLate) return undefined;
      isLate = false;
      return other.put('late', 'x').then(send);
    });
    const results = await storage.deleteMany(['there', 'late', 'missing'], { signal });
    expect(results.map((result) => result.ok && result.value.existed)).toEqual([true, true, false]);
  });

  test('fails what it does not know of, and keeps what it does', async () => {
    const { storage, provider, hook, other } = open();
    await other.put('there', 'x');
    hook(({ path }) =>
      path.includes('/object/sign/') ? new Response('', { status: 503 }) : undefined,
    );
    const results = await storage.deleteMany(['there', 'missing']);
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
    hook(undefined);
    const long = 'ä'.repeat(400);
    const odd = await provider.deleteMany?.([long, 'a'], {});
    expect(odd?.map(({ ok }) => ok)).toEqual([false, true]);
    await expect(provider.stat(long, {})).rejects.toMatchObject({ code: 'invalid-key' });
    hook(({ path }) => (path.includes('/info/') ? new Response('', { status: 503 }) : undefined));
    await expect(storage.delete('missing')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('list and health', () => {
  test('fail when the bucket cannot be asked about', async () => {
    const { storage, hook, signal } = open();
    hook(({ path }) => (path.includes('/info/') ? new Response('', { status: 503 }) : undefined));
    await expect(Promise.resolve(storage.list({ signal }))).rejects.toMatchObject({
      code: 'unavailable',
    });
    hook(({ path }) =>
      path.includes('/upload/sign/') ? new Response('', { status: 503 }) : undefined,
    );
    expect(await storage.health({ signal })).toMatchObject({
      ok: false,
      error: { code: 'unavailable' },
    });
  });
});

describe('upload', () => {
  const begin = async (totalBytes?: number) => {
    const opened = open();
    const session = await opened.provider.upload?.('a', {
      signal: opened.signal,
      ...(totalBytes !== undefined && { totalBytes }),
    });
    if (!session) throw new Error('no session');
    return { ...opened, session };
  };

  test('goes on inside a part that arrived by half', async () => {
    const { session, hook, provider, other, signal } = await begin(PART + 3);
    const content = crypto.getRandomValues(new Uint8Array(50_000));
    const part = new Uint8Array(PART);
    part.set(content);
    hook(({ method, send }) => {
      if (method !== 'PATCH') return undefined;
      hook(undefined);
      const id = session.token;
      return send().then(() => {
        throw new TypeError(`lost the answer of ${id.length}`);
      });
    });
    await expect(session.write(0, part, { signal })).rejects.toMatchObject({ code: 'unavailable' });
    await session.write(0, part, { signal });
    await expect(session.write(0, new Uint8Array(PART))).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('other content'),
    });
    const again = await provider.upload?.('a', { token: session.token });
    await again?.write(PART, Uint8Array.of(1, 2, 3));
    expect((await session.complete({ signal })).size).toBe(PART + 3);
    expect((await (await other.get('a')).bytes()).subarray(0, 50_000)).toEqual(content);
    await expect(session.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
    await expect(again?.status({ signal })).rejects.toMatchObject({ restart: true });
    await again?.abort({ signal });
  });

  test('completes once, also when the answer was lost', async () => {
    const { session, hook } = await begin();
    await session.write(0, Uint8Array.of(1));
    hook(({ method, send }) => {
      if (method !== 'PATCH') return undefined;
      hook(undefined);
      return send().then(() => {
        throw new TypeError('lost the answer');
      });
    });
    await expect(session.complete()).rejects.toMatchObject({ outcome: 'unknown' });
    expect(await session.complete()).toMatchObject({ key: 'a', size: 1 });
  });

  test('refuses a part that comes too early', async () => {
    const { session } = await begin();
    await expect(session.write(PART, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('is lost after a day', async () => {
    const { session } = await begin();
    fake.advance(25 * 60 * 60 * 1000);
    await expect(session.write(0, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'conflict',
      restart: true,
      status: 410,
    });
  });

  test('says conflict when two go on with it at once', async () => {
    const { session, hook } = await begin();
    hook(({ method }) => (method === 'PATCH' ? new Response('', { status: 409 }) : undefined));
    await expect(session.write(0, Uint8Array.of(1))).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
    });
    hook(({ method }) => (method === 'DELETE' ? new Response('', { status: 503 }) : undefined));
    await expect(session.abort()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('uses larger parts where 10,000 of 6 MiB do not hold the whole', async () => {
    const { session } = await begin(200e9);
    expect(session.part.maxBytes).toBe(4 * PART);
    expect(session.part.maxBytes * session.part.maxParts).toBeGreaterThan(200e9);
  });

  test('trusts no answer and no token that is none', async () => {
    const { session, hook, provider } = await begin();
    hook(({ method }) => (method === 'HEAD' ? new Response(null) : undefined));
    await expect(session.status()).rejects.toMatchObject({ code: 'unavailable' });
    hook(({ method }) =>
      method === 'PATCH' ? new Response(null, { headers: { 'upload-offset': '7' } }) : undefined,
    );
    await expect(session.write(0, Uint8Array.of(1))).rejects.toMatchObject({ code: 'unavailable' });
    hook(() => new Response(null, { status: 201 }));
    await expect(provider.upload?.('a', {})).rejects.toMatchObject({ code: 'unavailable' });
    hook(() => new Response(null, { status: 201, headers: { location: '/upload/id' } }));
    const dated = await provider.upload?.('a', {});
    expect(dated?.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 23 * 60 * 60 * 1000);
    hook(undefined);
    for (const fields of [{}, { id: '../x', mark: 'm', expiresAt: 1, totalBytes: 1 }, null]) {
      const token = encodeToken('a', fields);
      await expect(provider.upload?.('a', { token })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});
