import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished, test } from 'vitest';
import { createSupabase } from '../src/index.ts';

const CHUNK = 1024 * 1024;
const HUGE_BYTES = 4 * 1024 ** 3;
const info = {
  size: HUGE_BYTES,
  etag: '"e"',
  last_modified: '2026-11-21T10:00:00.000Z',
  metadata: {},
};

const open = (fetch: typeof globalThis.fetch) =>
  createSupabase({
    url: 'https://xyz.supabase.co',
    key: 'k',
    bucket: 'photos',
    fetch,
    retry: false,
  });

/** A stream without an end that counts what is asked of it. */
function endless() {
  const seen = { chunks: 0, isReleased: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.chunks += 1;
        controller.enqueue(new Uint8Array(CHUNK));
      },
      cancel() {
        seen.isReleased = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, seen };
}

test('sends a stream as it comes, and lets go of it when the service stops', async () => {
  const { stream, seen } = endless();
  const storage = open(async (_, init) => {
    const { body } = init ?? {};
    const reader = (body as ReadableStream<Uint8Array>).getReader();
    for (let read = 0; read < 3; read += 1) await reader.read();
    await reader.cancel();
    return Response.json({ statusCode: '413', code: 'EntityTooLarge' }, { status: 400 });
  });
  await expect(storage.put('a', stream, { size: HUGE_BYTES })).rejects.toMatchObject({
    code: 'too-large',
  });
  expect(seen.chunks).toBeLessThanOrEqual(5);
  expect(seen.isReleased).toBe(true);
});

test('hands content on as it comes, and lets go of it when nobody wants more', async () => {
  const { stream, seen } = endless();
  const storage = open(async (input) =>
    String(input).includes('/info/')
      ? Response.json(info)
      : new Response(stream, { headers: { etag: '"e"' } }),
  );
  const reader = (await storage.get('a')).stream().getReader();
  for (let read = 0; read < 3; read += 1) await reader.read();
  expect(seen.chunks).toBeLessThanOrEqual(5);
  await reader.cancel();
  expect(seen.isReleased).toBe(true);
});

test('leaves no listener on a signal', async () => {
  const { stream } = endless();
  const listeners = { count: 0 };
  const { signal } = new AbortController();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    listeners.count += 1;
    add(...args);
  }) as typeof signal.addEventListener;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners.count -= 1;
    remove(...args);
  }) as typeof signal.removeEventListener;
  const storage = open(async (input) =>
    String(input).includes('/info/')
      ? Response.json({ statusCode: '404', code: 'NoSuchKey' }, { status: 400 })
      : new Response(stream, { headers: { etag: '"e"' } }),
  );
  await expect(storage.get('a', { signal })).rejects.toMatchObject({ code: 'not-found' });
  expect(listeners.count).toBe(0);
});

test('keeps content that nobody has begun to read while memory is cleaned up', async () => {
  const server = createServer((request, response) => {
    const isInfo = request.url?.includes('/info/');
    response.setHeader('content-type', isInfo ? 'application/json' : 'text/plain');
    response.setHeader('etag', info.etag);
    response.end(isInfo ? JSON.stringify({ ...info, size: 7 }) : 'content');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const storage = createSupabase({ url, key: 'k', bucket: 'photos', retry: false });
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;

  const objects = await Promise.all(Array.from({ length: 20 }, () => storage.get('a')));
  for (let turn = 0; turn < 5; turn += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const texts = await Promise.all(objects.map((object) => object.text()));
  expect(texts).toEqual(objects.map(() => 'content'));
});
