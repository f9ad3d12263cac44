import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { startFaultProxy } from '../../src/fault-proxy.ts';
import { proxyToHttp, proxyToWire, received, wireClient } from './wire.ts';

/** Answers each request, which ends with `!`, with the next text. */
function answering(...replies: string[]) {
  const requests: string[] = [];
  const serve = async (socket: Socket) => {
    for (const reply of replies) {
      requests.push(await received(socket, '!'));
      socket.write(reply, 'latin1');
    }
  };
  return { requests, serve: (socket: Socket) => void serve(socket) };
}

describe('a proxy without a fault', () => {
  test('passes every byte of request and reply as it came', async () => {
    const request =
      'PUT /a%2Fb?x=1&y HTTP/1.1\r\nhOST: bucket.example:80\r\nX-Two: 1\r\nx-two:2 \r\nContent-Length: 3\r\n\r\nab!';
    const reply =
      'HTTP/1.1 201 Made It\r\nETAG: "\xe4"\r\nSet-Cookie: a\r\nset-cookie: b\r\ncontent-length: 2\r\n\r\nok';
    const { requests, serve } = answering(reply, reply);
    const proxy = await proxyToWire(serve);
    const client = wireClient(proxy);
    client.send(request);
    expect(await client.until('\r\n\r\nok')).toBe(reply);
    client.send(request);
    expect(await client.until(`${reply}${reply}`)).toBe(`${reply}${reply}`);
    expect(requests).toEqual([request, request]);
    expect(proxy.requests()).toBe(2);
    expect(proxy.hits()).toBe(0);
    expect(proxy.openConnections()).toBe(1);
    client.socket.destroy();
    await expect.poll(() => proxy.openConnections()).toBe(0);
  });

  test('passes chunks, their extensions and trailers as they came, however they are cut', async () => {
    const body = '5;x=y\r\nhello\r\n3\r\nab!\r\n0\r\nX-End: 1\r\n\r\n';
    const reply = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
    let seen = '';
    const proxy = await proxyToWire((socket) => {
      socket.on('data', (bytes) => {
        seen += bytes;
        if (!seen.endsWith('X-End: 1\r\n\r\n')) return;
        for (const byte of reply) socket.write(byte);
      });
    });
    const client = wireClient(proxy);
    const request = `POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n${body}`;
    for (const byte of request) client.send(byte);
    expect(await client.until('X-End: 1\r\n\r\n')).toBe(reply);
    expect(seen).toBe(request);
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n'],
    ['DELETE', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ])('knows that the reply to %s has no body: %j', async (method, reply) => {
    const { serve } = answering(reply, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext');
    const client = wireClient(await proxyToWire(serve));
    client.send(`${method} /! HTTP/1.1\r\n\r\n`);
    await client.until(reply);
    client.send('GET /! HTTP/1.1\r\n\r\n');
    expect(await client.until('next')).toContain(reply);
  });

  test('passes 100-continue before the body is sent', async () => {
    const proxy = await proxyToHttp((request, response) => {
      request.pipe(response);
    });
    const request = httpRequest(`${proxy.url}/`, {
      method: 'PUT',
      headers: { expect: '100-continue', 'content-length': 4 },
    });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('body');
    const [response] = await once(request, 'response');
    expect(String(await once(response, 'data'))).toBe('body');
  });

  test('passes an answer that comes before the request is whole', async () => {
    const proxy = await proxyToWire((socket) => {
      socket.once('data', () => {
        socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno');
      });
    });
    const client = wireClient(proxy);
    client.send('PUT / HTTP/1.1\r\nContent-Length: 1000\r\n\r\npart');
    expect(await client.all()).toContain('\r\n\r\nno');
    expect(proxy.openConnections()).toBe(0);
  });

  test('passes a reply that ends with its connection, and one that breaks with it', async () => {
    const ended = wireClient(
      await proxyToWire((socket) => {
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\n\r\nall of it'));
      }),
    );
    ended.send('GET / HTTP/1.1\r\n\r\n');
    expect(await ended.all()).toBe('HTTP/1.1 200 OK\r\n\r\nall of it');
    expect(ended.wasReset()).toBe(false);

    const broken = wireClient(
      await proxyToWire((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\npart', () => {
            void broken.until('part').then(() => socket.resetAndDestroy());
          });
        });
      }),
    );
    broken.send('GET / HTTP/1.1\r\n\r\n');
    await broken.all();
    expect(broken.wasReset()).toBe(true);
  });

  test('ends the connection of a client when the server ends its own', async () => {
    const idle = wireClient(
      await proxyToWire((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1');
          void idle.until('\r\n\r\n1').then(() => socket.end());
        });
      }),
    );
    idle.send('GET / HTTP/1.1\r\n\r\n');
    expect(await idle.all()).toContain('\r\n\r\n1');

    const mute = wireClient(
      await proxyToWire((socket) => void socket.once('data', () => socket.end())),
    );
    mute.send('GET / HTTP/1.1\r\n\r\n');
    expect(await mute.all()).toBe('');
    expect(mute.wasReset()).toBe(true);
  });

  test('tells the server when a client leaves', async () => {
    const { promise: left, resolve } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const proxy = await proxyToHttp((request) => {
      request.on('aborted', () => resolve());
      request.on('error', () => undefined);
      begin();
    });
    const client = wireClient(proxy);
    client.send('PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf');
    await begun;
    client.socket.destroy();
    await left;
    await expect.poll(() => proxy.openConnections()).toBe(0);
  });

  test('ends the connection after a request that asked for it', async () => {
    const { serve } = answering('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1');
    const client = wireClient(await proxyToWire(serve));
    client.send('GET /! HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(await client.all()).toContain('\r\n\r\n1');
    expect(client.wasReset()).toBe(false);
  });

  test('streams much more than it holds, as fast as the other side reads', async () => {
    const block = Buffer.alloc(1_000_000, 7);
    const proxy = await proxyToHttp((request, response) => {
      const hash = createHash('sha256');
      request.on('data', (bytes) => hash.update(bytes));
      request.on('end', () => {
        response.setHeader('x-hash', hash.digest('hex'));
        for (let count = 0; count < 40; count += 1) response.write(block);
        response.end();
      });
    });
    const blocks = (function* () {
      for (let count = 0; count < 40; count += 1) yield block;
    })();
    const response = await fetch(proxy.url, {
      method: 'PUT',
      body: Readable.toWeb(Readable.from(blocks)),
      duplex: 'half',
    } as RequestInit);
    const received = createHash('sha256');
    for await (const bytes of response.body ?? []) received.update(bytes);
    expect(received.digest('hex')).toBe(response.headers.get('x-hash'));
  });

  test('resets a client whose server is not there, or whose head has no end', async () => {
    const proxy = await startFaultProxy({ target: 'http://127.0.0.1:1' });
    await expect(fetch(proxy.url)).rejects.toThrow();
    const client = wireClient(proxy);
    client.send(`GET / HTTP/1.1\r\nA: ${'a'.repeat(300_000)}`);
    await client.all();
    await proxy.stop();
    await proxy.stop();
    expect(proxy.openConnections()).toBe(0);
  });

  test('ends everything when it stops', async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const proxy = await proxyToHttp(() => resolve());
    const client = wireClient(proxy);
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await asked;
    await proxy[Symbol.asyncDispose]();
    await client.all();
    expect(proxy.openConnections()).toBe(0);
    await expect(fetch(proxy.url)).rejects.toThrow();
  });

  test.each(['https://127.0.0.1:1', 'http://127.0.0.1:1/path'])(
    'refuses the target %s',
    async (target) => {
      await expect(startFaultProxy({ target })).rejects.toThrow(target);
    },
  );
});
