import { describe, expect, test } from 'vitest';
import { objectHeaders, refused, type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { readObject, statObject } from './s3-read.ts';

function storeOf(script: Script) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client }), sent };
}

describe('readObject', () => {
  test('asks for a range of one write of one version, and tells of the whole', async () => {
    const headers = objectHeaders(3, { 'content-range': 'bytes 2-4/9' });
    const { store, sent } = storeOf([{ status: 206, headers, body: 'cde' }]);
    const object = await readObject(store, 'a', {
      range: { offset: 2, length: 3 },
      ifMatch: 'e',
      version: 'v1',
    });
    expect(sent[0]?.query).toMatchObject({ versionId: 'v1' });
    expect(sent[0]?.headers).toMatchObject({ range: 'bytes=2-4', 'if-match': '"e"' });
    expect(object.info.size).toBe(9);
    expect(object.range).toEqual({ offset: 2, length: 3 });
    expect(await object.text()).toBe('cde');
  });

  test('refuses the whole where a part was asked for', async () => {
    const { store } = storeOf([{ headers: objectHeaders(9), body: 'abcdefghi' }]);
    await expect(readObject(store, 'a', { range: { suffix: 1 } })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });

  test('checks the content against the checksum that the service keeps', async () => {
    const headers = objectHeaders(3, { 'x-amz-checksum-crc32': 'AAAAAA==' });
    const { store, sent } = storeOf([
      { headers, body: 'abc' },
      { headers, body: 'abc' },
    ]);
    const object = await readObject(store, 'a', {});
    expect(sent[0]?.headers['x-amz-checksum-mode']).toBe('ENABLED');
    await expect(object.bytes()).rejects.toMatchObject({ code: 'corrupted' });
    const streamed = await readObject(store, 'a', {});
    const reader = streamed.stream().getReader();
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('takes an answer without a body for an empty object', async () => {
    const { store } = storeOf(() => ({ headers: objectHeaders(0) }));
    expect(await (await readObject(store, 'a', {})).text()).toBe('');
    const controller = new AbortController();
    const object = await readObject(store, 'a', { signal: controller.signal });
    expect((await new Response(object.stream()).bytes()).byteLength).toBe(0);
  });

  test.each(['InvalidArgument', 'MethodNotAllowed'])(
    'finds no version where %s is answered',
    async (code) => {
      const { store } = storeOf([refused(code === 'InvalidArgument' ? 400 : 405, code)]);
      await expect(readObject(store, 'a', { version: 'x' })).rejects.toMatchObject({
        code: 'not-found',
      });
    },
  );

  test('keeps other errors of a version, and of no version', async () => {
    await expect(
      readObject(storeOf([refused(403, 'AccessDenied')]).store, 'a', { version: 'x' }),
    ).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(
      readObject(storeOf([refused(400, 'InvalidArgument')]).store, 'a', {}),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(
      readObject(
        storeOf([{ error: Object.assign(new Error('x'), { name: 'AbortError' }) }]).store,
        'a',
        { version: 'x', signal: AbortSignal.abort() },
      ),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('statObject', () => {
  test('asks for the reason that a HEAD does not tell', async () => {
    for (const [status, name, code] of [
      [404, 'NoSuchBucket', 'store-not-found'],
      [404, 'NoSuchKey', 'not-found'],
      [403, 'InvalidAccessKeyId', 'unauthenticated'],
      [403, 'AccessDenied', 'permission-denied'],
    ] as const) {
      const { store, sent } = storeOf([{ status }, refused(status, name)]);
      await expect(statObject(store, 'a', {})).rejects.toMatchObject({ code });
      expect(sent.map(({ method }) => method)).toEqual(['HEAD', 'GET']);
    }
  });

  test('keeps its own answer where the other one is a success', async () => {
    const found = storeOf([{ status: 404 }, { status: 206, headers: objectHeaders(1), body: 'x' }]);
    await expect(statObject(found.store, 'a', {})).rejects.toMatchObject({ code: 'not-found' });
    const empty = storeOf([{ status: 404 }, refused(416, 'InvalidRange')]);
    await expect(statObject(empty.store, 'a', { version: 'v' })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('asks nothing more while the service is away', async () => {
    const { store, sent } = storeOf([{ status: 503 }]);
    await expect(statObject(store, 'a', {})).rejects.toMatchObject({ code: 'unavailable' });
    expect(sent.length).toBe(1);
    const gone = storeOf([{ error: new Error('reset') }]);
    await expect(statObject(gone.store, 'a', {})).rejects.toMatchObject({ code: 'unavailable' });
  });
});
