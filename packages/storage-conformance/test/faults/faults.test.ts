import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { buffer, text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import type { FaultProxy } from '../../src/fault-proxy.ts';
import { proxyToHttp, wireClient } from './wire.ts';

/** A proxy before a server that keeps what it is sent and answers `0123456789`. */
async function recording(): Promise<{ proxy: FaultProxy; bodies: string[] }> {
  const bodies: string[] = [];
  const proxy = await proxyToHttp((request, response) => {
    text(request).then(
      (body) => {
        bodies.push(body);
        if (request.url === '/chunked') {
          response.write('01234');
          response.end('56789');
        } else if (request.url === '/empty') {
          response.writeHead(204).end();
        } else {
          response.setHeader('content-length', 10);
          response.end('0123456789');
        }
      },
      () => bodies.push('broken'),
    );
  });
  return { proxy, bodies };
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const PUT = 'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody';

describe('refuse', () => {
  test('resets the connection before the server sees anything', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'refuse' });
    const client = wireClient(proxy);
    client.send(PUT);
    expect(await client.all()).toBe('');
    expect(client.wasReset()).toBe(true);
    expect(bodies).toEqual([]);
    expect(proxy.hits()).toBe(1);
  });
});

describe('which requests are hit', () => {
  test('only those that match, and only so many of them', async () => {
    const { proxy } = await recording();
    proxy.set({
      kind: 'status',
      status: 503,
      times: 2,
      match: ({ method, path }) => method === 'PUT' && path === '/a?b',
    });
    const statusOf = async (method: string, path: string) =>
      (await fetch(`${proxy.url}${path}`, { method })).status;
    expect(await statusOf('GET', '/a?b')).toBe(200);
    expect(await statusOf('PUT', '/a?b')).toBe(503);
    expect(await statusOf('PUT', '/')).toBe(200);
    expect(await statusOf('PUT', '/a?b')).toBe(503);
    expect(await statusOf('PUT', '/a?b')).toBe(200);
    expect(proxy.hits()).toBe(2);
    expect(proxy.requests()).toBe(5);
    proxy.set(undefined);
    expect(proxy.hits()).toBe(0);
    expect(await statusOf('PUT', '/a?b')).toBe(200);
  });
});

describe('cut-request', () => {
  test.each([
    [0, ''],
    [2, 'bo'],
    [99, 'bod'],
  ])('after %i bytes the server has got %j, never all', async (afterBytes, expected) => {
    const { promise: seen, resolve } = Promise.withResolvers<string>();
    const proxy = await proxyToHttp((request) => {
      let body = '';
      request.on('data', (bytes) => {
        body += bytes;
      });
      request.on('error', () => resolve(body));
    });
    proxy.set({ kind: 'cut-request', afterBytes });
    const client = wireClient(proxy);
    client.send(PUT);
    expect(await client.all()).toBe('');
    expect(await seen).toBe(expected);
    expect(client.wasReset()).toBe(true);
  });

  test('a request without a body never arrives', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'cut-request', afterBytes: 5 });
    await expect(fetch(proxy.url)).rejects.toThrow();
    expect(bodies).toEqual([]);
  });
});

describe('cut-response', () => {
  test.each([
    [0, ''],
    [4, '0123'],
    [99, '012345678'],
  ])('after %i bytes the client has got %j, never all', async (afterBytes, expected) => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'cut-response', afterBytes });
    const client = wireClient(proxy);
    client.send(PUT);
    expect((await client.all()).split('\r\n\r\n')[1]).toBe(expected);
    expect(bodies).toEqual(['body']);
  });

  test('a reply without a body, or with chunks, is never whole', async () => {
    const { proxy } = await recording();
    proxy.set({ kind: 'cut-response', afterBytes: 1_000 });
    await expect(fetch(`${proxy.url}/empty`)).rejects.toThrow();
    const chunked = await fetch(`${proxy.url}/chunked`);
    await expect(chunked.text()).rejects.toThrow();
  });
});

describe('stall', () => {
  test('before the reply it waits until the client leaves', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'stall', where: 'before' });
    const client = wireClient(proxy);
    client.send(PUT);
    await expect.poll(() => bodies).toEqual(['body']);
    expect(proxy.openConnections()).toBe(1);
    expect(proxy.activeRequests()).toBe(1);
    client.socket.destroy();
    await expect.poll(() => proxy.activeRequests()).toBe(0);
    await expect.poll(() => proxy.openConnections()).toBe(0);
  });

  test('in the body it stops in the middle', async () => {
    const { proxy } = await recording();
    proxy.set({ kind: 'stall', where: 'body' });
    const client = wireClient(proxy);
    client.send(GET);
    expect(await client.until('01234')).toMatch(/\r\n\r\n01234$/);
    const chunks = wireClient(proxy);
    chunks.send('GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await chunks.until('\r\n\r\n5')).toMatch(/\r\n\r\n5$/);
    client.socket.destroy();
    chunks.socket.destroy();
    await expect.poll(() => proxy.openConnections()).toBe(0);
  });

  test.each(['before', 'body'] as const)('goes on after its time: %s', async (where) => {
    const { proxy } = await recording();
    proxy.set({ kind: 'stall', where, ms: 5 });
    expect(await (await fetch(proxy.url)).text()).toBe('0123456789');
    expect((await fetch(`${proxy.url}/empty`)).status).toBe(204);
  });
});

describe('status', () => {
  test('answers by itself and keeps the connection', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({
      kind: 'status',
      status: 429,
      retryAfter: 7,
      body: '<Error/>',
      contentType: 'application/xml',
    });
    const client = wireClient(proxy);
    client.send(PUT);
    expect(await client.until('<Error/>')).toBe(
      'HTTP/1.1 429 Fault\r\nContent-Type: application/xml\r\nRetry-After: 7\r\n' +
        'Content-Length: 8\r\nConnection: keep-alive\r\n\r\n<Error/>',
    );
    expect(bodies).toEqual([]);
    proxy.set(undefined);
    client.send(PUT);
    expect(await client.until('0123456789')).toContain('200 OK');
  });

  test('to HEAD it sends no body, and ends the connection when it is asked to', async () => {
    const { proxy } = await recording();
    proxy.set({ kind: 'status', status: 503, body: 'text' });
    const client = wireClient(proxy);
    client.send('HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await client.all()).toBe(
      'HTTP/1.1 503 Fault\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n' +
        'Connection: close\r\n\r\n',
    );
  });

  test('answers who asks before sending the body at once', async () => {
    const { proxy } = await recording();
    proxy.set({ kind: 'status', status: 503 });
    const request = httpRequest(proxy.url, {
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': 4 },
    });
    request.flushHeaders();
    const [response] = await once(request, 'response');
    expect(response.statusCode).toBe(503);
    expect(response.headers.connection).toBe('close');
    request.destroy();
  });
});

describe('html and redirect', () => {
  test('a login page comes with status 200', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'html' });
    const response = await fetch(proxy.url, { method: 'PUT', body: 'body' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<title>Sign in');
    expect(bodies).toEqual([]);
  });

  test.each([undefined, 301] as const)(
    'sends the client elsewhere with status %s',
    async (status) => {
      const { proxy } = await recording();
      const location = 'http://elsewhere.example/';
      proxy.set({ kind: 'redirect', location, ...(status !== undefined && { status }) });
      const response = await fetch(proxy.url, { redirect: 'manual' });
      expect(response.status).toBe(status ?? 307);
      expect(response.headers.get('location')).toBe(location);
    },
  );
});

describe('wrong-length', () => {
  test.each([
    [5, 15],
    [-4, 6],
    [-40, 0],
  ])('by %i announces %i bytes of 10, and ends', async (by, length) => {
    const { proxy } = await recording();
    proxy.set({ kind: 'wrong-length', by });
    const client = wireClient(proxy);
    client.send(GET);
    const reply = await client.all();
    expect(reply).toContain(`\r\ncontent-length: ${length}\r\n`);
    expect(reply).toMatch(/\r\n\r\n0123456789$/);
  });

  test('takes the end off a chunked reply, and leaves one without a body', async () => {
    const { proxy } = await recording();
    proxy.set({ kind: 'wrong-length', by: 1 });
    const chunked = await fetch(`${proxy.url}/chunked`);
    await expect(chunked.text()).rejects.toThrow();
    expect((await fetch(`${proxy.url}/empty`)).status).toBe(204);
    const head = await fetch(proxy.url, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('10');
  });
});

describe('lose-reply', () => {
  test('the server has done its work and the client never hears of it', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'lose-reply' });
    const client = wireClient(proxy);
    client.send(PUT);
    expect(await client.all()).toBe('');
    expect(client.wasReset()).toBe(true);
    expect(bodies).toEqual(['body']);
  });

  test('a client that waits for 100-continue gets that', async () => {
    const { proxy, bodies } = await recording();
    proxy.set({ kind: 'lose-reply' });
    const request = httpRequest(proxy.url, {
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': 4 },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');
    await expect(once(request, 'response').then(([reply]) => buffer(reply))).rejects.toThrow();
    expect(bodies).toEqual(['body']);
  });
});
