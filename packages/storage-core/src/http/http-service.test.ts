import { describe, expect, test } from 'vitest';
import type { TokenSource } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';
import { type HttpServiceSettings, httpService, type RefusedAnswer } from './http-service.ts';

const URL_OF_ITEM = 'https://api.example/items/1';

/** A service whose answers come from a function, with what it was asked. */
function serviceOver(
  answer: (request: Request, nth: number) => Response | Promise<Response>,
  settings: Partial<HttpServiceSettings> = {},
) {
  const asked: Request[] = [];
  const refused: RefusedAnswer[] = [];
  const service = httpService({
    unreachableHint: 'Check the network.',
    errorOf(found) {
      refused.push(found);
      const { status, text } = found;
      const code = status === 401 && text !== 'no scope' ? 'unauthenticated' : 'unknown';
      return new StorageError(code, `it answered ${status}.`, { status });
    },
    async fetch(input, init) {
      const request = new Request(input as string, init);
      asked.push(request);
      return answer(request, asked.length);
    },
    ...settings,
  });
  return { service, asked, refused };
}

/** Tokens that are counted: the first, and another one for each refresh. */
function countedTokens(): { readonly auth: TokenSource; readonly refreshes: () => number } {
  let refreshes = 0;
  return {
    refreshes: () => refreshes,
    auth: {
      async getToken({ refresh = false }) {
        if (refresh) refreshes += 1;
        return { token: `token-${refreshes}` };
      },
    },
  };
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: StorageError) => error.code,
  );

describe('a request', () => {
  test('goes out with its method, headers, body and token', async () => {
    const { service, asked } = serviceOver(() => new Response('done', { status: 201 }), {
      auth: countedTokens().auth,
    });

    const response = await service.send({
      method: 'PUT',
      url: URL_OF_ITEM,
      headers: { 'content-type': 'text/plain' },
      body: 'hello',
    });

    expect(await response.text()).toBe('done');
    expect(asked).toHaveLength(1);
    expect(asked[0]?.method).toBe('PUT');
    expect(asked[0]?.headers.get('authorization')).toBe('Bearer token-0');
    expect(asked[0]?.headers.get('content-type')).toBe('text/plain');
    expect(asked[0]?.redirect).toBe('error');
    expect(await asked[0]?.text()).toBe('hello');
  });

  test('carries no token to an address that is a secret by itself', async () => {
    const { service, asked } = serviceOver(() => new Response('x'), { auth: countedTokens().auth });
    await service.send({ method: 'GET', url: URL_OF_ITEM, anonymous: true });
    expect(asked[0]?.headers.has('authorization')).toBe(false);
  });

  test('is not sent without encryption, unless it stays here or that is allowed', async () => {
    const { service, asked } = serviceOver(() => new Response('x'));
    const url = 'http://api.example/items/1';
    expect(await codeOf(service.send({ method: 'GET', url }))).toBe('invalid-config');
    expect(asked).toHaveLength(0);

    await service.send({ method: 'GET', url: 'http://127.0.0.1:8080/items/1' });
    const insecure = serviceOver(() => new Response('x'), { allowInsecure: true });
    await insecure.service.send({ method: 'GET', url });
    expect(insecure.asked).toHaveLength(1);
  });
});

describe('a token that is refused', () => {
  test('is asked for again, once, and the request sent with the new one', async () => {
    const { auth, refreshes } = countedTokens();
    const { service, asked } = serviceOver(
      (_request, nth) => new Response('x', { status: nth === 1 ? 401 : 200 }),
      { auth },
    );
    await service.send({ method: 'POST', url: URL_OF_ITEM, body: new Uint8Array([1, 2]) });
    expect(refreshes()).toBe(1);
    expect(asked.map((request) => request.headers.get('authorization'))).toEqual([
      'Bearer token-0',
      'Bearer token-1',
    ]);
    expect(await asked[1]?.bytes()).toEqual(new Uint8Array([1, 2]));
  });

  test('is an error when the new one is refused too', async () => {
    const { service, asked, refused } = serviceOver(() => new Response('no', { status: 401 }), {
      auth: countedTokens().auth,
    });
    const sending = service.send({ method: 'GET', url: URL_OF_ITEM });
    expect(await codeOf(sending)).toBe('unauthenticated');
    expect(asked).toHaveLength(2);
    expect(refused.map(({ status }) => status)).toEqual([401, 401]);
  });

  test('is an error at once where there is no sign-in', async () => {
    const { service, asked } = serviceOver(() => new Response('no', { status: 401 }));
    const sending = service.send({ method: 'GET', url: URL_OF_ITEM });
    expect(await codeOf(sending)).toBe('unauthenticated');
    expect(asked).toHaveLength(1);
  });

  test('is an error at once where the sign-in has no other one', async () => {
    const { service, asked } = serviceOver(() => new Response('no', { status: 401 }), {
      auth: { getToken: async () => ({ token: 'the same' }) },
    });
    const sending = service.send({ method: 'GET', url: URL_OF_ITEM });
    expect(await codeOf(sending)).toBe('unauthenticated');
    expect(asked).toHaveLength(1);
  });

  test('for what no other one would mend is not asked for again', async () => {
    const { auth, refreshes } = countedTokens();
    const answer = () => new Response('no scope', { status: 401 });
    const { service, asked } = serviceOver(answer, { auth });
    expect(await codeOf(service.send({ method: 'GET', url: URL_OF_ITEM }))).toBe('unknown');
    expect(asked).toHaveLength(1);
    expect(refreshes()).toBe(0);
  });

  test('is an answer where 401 was said to be one', async () => {
    const { service } = serviceOver(() => new Response('no', { status: 401 }), {
      auth: countedTokens().auth,
    });
    const response = await service.send({ method: 'GET', url: URL_OF_ITEM, accept: [401] });
    expect(response.status).toBe(401);
  });
});

describe('an answer', () => {
  test('that is no success is told by what the service makes of it', async () => {
    const { service, refused } = serviceOver((_request, nth) =>
      nth === 1
        ? Response.json({ error: 'full' }, { status: 507, headers: { 'x-id': '7' } })
        : new Response('<html>', { status: 502 }),
    );
    expect(await codeOf(service.send({ method: 'GET', url: URL_OF_ITEM }))).toBe('unknown');
    expect(await codeOf(service.send({ method: 'GET', url: URL_OF_ITEM }))).toBe('unknown');
    expect(refused[0]?.json).toEqual({ error: 'full' });
    expect(refused[0]?.headers.get('x-id')).toBe('7');
    expect(refused[1]?.json).toBeUndefined();
    expect(refused[1]?.text).toBe('<html>');
  });

  test('that was said to be one is handed on', async () => {
    const { service } = serviceOver(() => new Response(null, { status: 304 }));
    const response = await service.send({ method: 'GET', url: URL_OF_ITEM, accept: [304] });
    expect(response.status).toBe(304);
    expect(response.body).toBeNull();
  });

  test('is read before it is handed on, unless it is to be streamed', async () => {
    const broken = () =>
      new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(new Uint8Array(3));
          },
          pull(controller) {
            controller.error(new TypeError('cut'));
          },
        }),
      );
    const { service } = serviceOver(broken);
    const error = await service.send({ method: 'GET', url: URL_OF_ITEM }).catch((found) => found);
    expect(error).toMatchObject({ code: 'unavailable', outcome: 'not-applied' });

    const streamed = await service.send({ method: 'GET', url: URL_OF_ITEM, streams: true });
    await expect(streamed.bytes()).rejects.toThrow('cut');
  });

  test('that does not come is unavailable, with nothing known of the outcome', async () => {
    const { service } = serviceOver(() => Promise.reject(new TypeError('fetch failed')));
    const error = await service.send({ method: 'PUT', url: URL_OF_ITEM }).catch((found) => found);
    expect(error).toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      hint: 'Check the network.',
    });
  });
});

test('a signal ends the request with its own reason', async () => {
  const reason = new Error('enough');
  const controller = new AbortController();
  const { service, asked } = serviceOver((request) => {
    const failing = new Promise<never>((_resolve, reject) => {
      request.signal.addEventListener('abort', () => reject(request.signal.reason));
    });
    controller.abort(reason);
    return failing;
  });
  const { signal } = controller;
  await expect(service.send({ method: 'GET', url: URL_OF_ITEM, signal })).rejects.toBe(reason);
  await expect(service.send({ method: 'GET', url: URL_OF_ITEM, signal })).rejects.toBe(reason);
  expect(asked).toHaveLength(1);
});
