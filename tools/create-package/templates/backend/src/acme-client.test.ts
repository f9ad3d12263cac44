import { describe, expect, test, vi } from 'vitest';
import { acmeClient } from './acme-client.ts';

const answering = (response: Response | Error) =>
  vi.fn<typeof fetch>(async () => {
    if (response instanceof Error) throw response;
    return response;
  });
const client = (fetch: typeof globalThis.fetch, endpoint = 'https://acme.example/v1') =>
  acmeClient({ endpoint, token: 'secret', fetch });

describe('acmeClient', () => {
  test.each(['https://acme.example/v1', 'https://acme.example/v1/'])(
    'sends paths below the endpoint %s, with the token',
    async (endpoint) => {
      const fetch = answering(new Response('ok'));
      await client(fetch, endpoint).send('GET', 'objects/a', {
        query: { after: 'x y', from: undefined },
      });
      const [url, init] = fetch.mock.lastCall ?? [];
      expect(String(url)).toBe('https://acme.example/v1/objects/a?after=x+y');
      expect(init?.headers).toEqual({ authorization: 'Bearer secret' });
    },
  );

  test('fails with what the status means', async () => {
    const fetch = answering(new Response('gone', { status: 404 }));
    await expect(client(fetch).send('GET', 'objects/a', {})).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('fails with unavailable when there is no answer', async () => {
    const fetch = answering(new TypeError('fetch failed'));
    await expect(client(fetch).send('GET', 'objects/a', {})).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('ends a request that waits, with the reason of the abort', async () => {
    const reason = new Error('changed my mind');
    const waiting: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    const controller = new AbortController();
    const answer = client(waiting).send('GET', 'objects/a', { signal: controller.signal });
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });

  test('reads an answer that is JSON, and ends the reading too', async () => {
    const good = client(answering(Response.json({ more: false })));
    expect(await good.json('GET', 'objects', {})).toEqual({ more: false });
    const page = client(answering(new Response('<html>')));
    await expect(page.json('GET', 'objects', {})).rejects.toMatchObject({ code: 'unavailable' });

    const stalling: typeof fetch = async (_, init) =>
      new Response(
        new ReadableStream({
          start(body) {
            init?.signal?.addEventListener('abort', () => body.error(init.signal?.reason));
          },
        }),
      );
    const controller = new AbortController();
    const answer = client(stalling).json('GET', 'objects', { signal: controller.signal });
    await Promise.resolve();
    const reason = new Error('changed my mind');
    controller.abort(reason);
    await expect(answer).rejects.toBe(reason);
  });
});
