import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Storage } from '@google-cloud/storage';
import { toBody } from '@granary/storage-core/provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gcsProvider } from './gcs-provider.ts';

/** What the next request is answered with. */
interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const OBJECT = {
  name: 'a',
  generation: '1795255200123456',
  metageneration: '1',
  size: '1',
  updated: '2026-11-21T10:00:00.500Z',
};
let answers: Answer[] = [];
const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    const { status = 200, headers = {}, body = '' } = answers.shift() ?? {};
    response.writeHead(status, { ...headers }).end(body);
  });
});

function open() {
  const { port } = server.address() as AddressInfo;
  const authClient = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer x' }) };
  const client = { apiEndpoint: `http://127.0.0.1:${port}`, authClient } as unknown as Storage;
  return gcsProvider({ bucket: 'bucket', client, versions: true });
}

const provider = () => open();
const given = (...next: readonly Answer[]) => {
  answers = [...next];
};
const json = (value: unknown): Answer => ({ body: JSON.stringify(value) });
const unavailable = { code: 'unavailable', outcome: 'unknown' };

describe('an answer that is not one of the service', () => {
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  test('leaves out what is no key, such as the mark of a folder', async () => {
    const items = ['photos/', 'a//b', 'photos/1'].map((name) => ({ ...OBJECT, name }));
    given(json({ kind: 'storage#objects', items }));
    const pages = await Array.fromAsync(provider().list({}));
    expect(pages.flatMap(({ entries }) => entries.map(({ key }) => key))).toEqual(['photos/1']);
  });

  test.each<[string, readonly Answer[], () => Promise<unknown> | undefined]>([
    ['no JSON', [{ body: '<html>' }], () => provider().stat('a', {})],
    ['no object', [json({})], () => provider().stat('a', {})],
    [
      'no listing',
      [json({})],
      async () => await provider().list({})[Symbol.asyncIterator]().next(),
    ],
    [
      'an object without a name',
      [json({ kind: 'storage#objects', items: [{}] })],
      async () => await provider().list({})[Symbol.asyncIterator]().next(),
    ],
    ['content after deleting', [{ body: '<html>' }], () => provider().delete('a', {})],
    ['no batch', [{ body: '<html>' }], () => provider().deleteMany?.(['a'], {})],
    ['a copy that is neither done nor not', [json({})], () => provider().copy?.('a', 'b', {})],
    ['an upload without an id', [{ body: '<html>' }], () => provider().upload?.('a', {})],
    [
      'no list of uploads',
      [{ body: '<html>' }],
      async () => await provider().uploads?.({})[Symbol.asyncIterator]().next(),
    ],
  ])('is no success: %s', async (_what, next, call) => {
    given(...next);
    await expect(call()).rejects.toMatchObject(unavailable);
  });

  test('is no success: a part of a batch that is missing', async () => {
    given({
      headers: { 'content-type': 'multipart/mixed; boundary="b"' },
      body: '--b\r\nContent-ID: <response-1>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n\r\n--b--',
    });
    expect(await provider().deleteMany?.(['a', 'b'], {})).toMatchObject([
      { ok: false, error: unavailable },
      { ok: true, value: { existed: true } },
    ]);
  });

  test('is no success: content that was encoded on its way, or decoded', async () => {
    given({ headers: { 'content-encoding': 'gzip', 'x-goog-generation': '1' }, body: 'x' });
    await expect(provider().get('a', {})).rejects.toMatchObject(unavailable);
  });

  test('is no success: other content than what was sent', async () => {
    given(json({ ...OBJECT, md5Hash: 'AAAA' }));
    await expect(provider().put('a', toBody('x'), {})).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('is no success: an upload without parts, without an end, and without the etag of a part', async () => {
    const begun = { body: '<UploadId>u</UploadId>' };
    const parts = { body: '<IsTruncated>false</IsTruncated>' };
    given(begun, { body: '<html>' }, parts, {}, parts, { headers: { etag: '"e"' } }, {});
    const session = await provider().upload?.('a', { totalBytes: 0 });
    await expect(session?.status()).rejects.toMatchObject(unavailable);
    await expect(session?.complete()).rejects.toMatchObject(unavailable);
    await expect(session?.complete()).rejects.toMatchObject(unavailable);
  });

  test('is no success: names of uploads that lack everything', async () => {
    given({ body: '<IsTruncated>true</IsTruncated><Upload></Upload>' }, { body: '' });
    const walk = provider().uploads?.({ prefix: 'a' })[Symbol.asyncIterator]();
    expect(await walk?.next()).toMatchObject({ value: { key: '' } });
    await expect(walk?.next()).rejects.toMatchObject(unavailable);
  });

  test('has a reason that is too long to be read', async () => {
    given({ status: 404, body: 'x'.repeat(100_000) });
    await expect(provider().stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('has an upload that failed for another reason than its loss', async () => {
    const begun = { body: '<UploadId>u</UploadId>' };
    given(begun, { status: 503 }, { status: 404, body: '<Code>NoSuchUpload</Code>' });
    const session = await provider().upload?.('a', {});
    await expect(session?.abort()).rejects.toMatchObject({ code: 'unavailable' });
    await session?.abort();
  });

  test('leaves an upload unsettled whose end came when it was gone', async () => {
    const begun = { body: '<UploadId>u</UploadId>' };
    const part = '<Part><PartNumber>1</PartNumber><ETag>"e"</ETag><Size>1</Size></Part>';
    const parts = { body: `<IsTruncated>false</IsTruncated>${part}` };
    const gone = { status: 404, body: '<Code>NoSuchUpload</Code>' };
    given(begun, parts, gone, parts, { status: 503 });
    const session = await provider().upload?.('a', { totalBytes: 1 });
    await expect(session?.complete()).rejects.toMatchObject({
      code: 'conflict',
      restart: true,
      outcome: 'unknown',
    });
    await expect(session?.complete()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('asks the whole of what was made when the service does not name its generation', async () => {
    const begun = { body: '<UploadId>u</UploadId>' };
    const part = '<Part><PartNumber>1</PartNumber><ETag>"e"</ETag><Size>1</Size></Part>';
    const parts = { body: `<IsTruncated>false</IsTruncated>${part}` };
    const done = { body: '<CompleteMultipartUploadResult></CompleteMultipartUploadResult>' };
    given(begun, parts, done, json(OBJECT));
    const session = await provider().upload?.('a', { totalBytes: 1 });
    expect(await session?.complete()).toMatchObject({ key: 'a', size: 1 });
  });

  test('gives up changing attributes when others never stop', async () => {
    const write = (turn: number) => json({ ...OBJECT, metageneration: String(turn) });
    given(
      ...Array.from({ length: 30 }, (_, turn) =>
        turn % 3 === 1 ? { status: 412 } : write(turn + 1),
      ),
    );
    const changing = provider().setMetadata?.('a', { tags: ['t'] }, {});
    await expect(changing).rejects.toMatchObject({ code: 'conflict', outcome: 'not-applied' });
  });

  test('does not change attributes again when nothing else has changed', async () => {
    given(json(OBJECT), { status: 412 }, json(OBJECT));
    const changing = provider().setMetadata?.('a', { tags: ['t'] }, {});
    await expect(changing).rejects.toMatchObject({ code: 'precondition-failed' });
  });

  test('has a page without entries in the middle of a listing', async () => {
    given(
      json({ kind: 'storage#objects', nextPageToken: 't' }),
      json({ kind: 'storage#objects', items: [OBJECT] }),
    );
    const pages: unknown[] = [];
    for await (const page of provider().list({})) pages.push(page);
    expect(pages).toMatchObject([{ entries: [{ key: 'a' }] }]);
  });

  test('is asked nothing for a cursor behind the last name, nor for one that is none', async () => {
    const { encodeCursor } = await import('@granary/storage-core/provider');
    const list = (cursor: string) => provider().list({ cursor })[Symbol.asyncIterator]().next();
    expect(await list(encodeCursor({}, ['\u{10ffff}', 'prefix']))).toMatchObject({ done: true });
    await expect(list(encodeCursor({}, 7))).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(list(encodeCursor({}, [7]))).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('is asked nothing with the token of something else', async () => {
    const { encodeToken } = await import('@granary/storage-core/provider');
    for (const fields of [null, 7, [], { id: 7 }]) {
      const opening = provider().upload?.('a', { token: encodeToken('a', fields) });
      await expect(opening).rejects.toMatchObject({ code: 'invalid-argument' });
    }
  });
});
