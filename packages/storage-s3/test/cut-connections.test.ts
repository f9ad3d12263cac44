import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { s3Provider } from '../src/s3-provider.ts';

/** Answers with the checksums that Ceph does not keep, as Amazon does. */
let server: Server;
let answer: ServerResponse | undefined;

beforeEach(async () => {
  server = createServer((request, response) => {
    if (request.method === 'HEAD') {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      etag: '"e"',
      'last-modified': 'Sat, 21 Nov 2026 09:00:00 GMT',
      'content-length': '100000',
      'x-amz-checksum-crc32': 'AAAAAA==',
    });
    response.write(new Uint8Array(10));
    answer = response;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

function open() {
  const { port } = server.address() as AddressInfo;
  return s3Provider({
    bucket: 'photos',
    endpoint: `http://127.0.0.1:${port}`,
    accessKeyId: 'k',
    secretAccessKey: 's',
    checksums: true,
    versions: false,
  });
}

test('tells whoever reads of a connection that was cut before', async () => {
  const provider = open();
  const object = await provider.get('a', {});
  answer?.destroy();
  await expect(object.bytes()).rejects.toMatchObject({ code: 'unavailable' });
  const streamed = await provider.get('a', {});
  const closed = once(answer ?? server, 'close');
  answer?.destroy();
  await closed;
  const reader = streamed.stream().getReader();
  await expect(
    (async () => {
      while (!(await reader.read()).done);
    })(),
  ).rejects.toMatchObject({ code: 'unavailable' });
  await provider.close?.();
});

test('closes the connection of a body that is let go of', async () => {
  const provider = open();
  const object = await provider.get('a', {});
  const closed = once(answer ?? server, 'close');
  await object.cancel();
  await closed;
  await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
  await provider.close?.();
});
