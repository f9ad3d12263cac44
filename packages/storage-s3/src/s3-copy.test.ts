import { describe, expect, test } from 'vitest';
import { type Answer, objectHeaders, refused, type Script, type Sent, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { copyObject, copyVersion, setObjectMetadata } from './s3-copy.ts';

const GIB = 1024 ** 3;
const COPIED = `<CopyObjectResult><ETag>"copy"</ETag><LastModified>2026-11-21T11:00:00.000Z</LastModified></CopyObjectResult>`;

function storeOf(script: Script, options: { readonly expectedBucketOwner?: string } = {}) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client, ...options }), sent };
}

/** A service with one object under every key, of this size, that copies. */
function service(size: number, more: { copy?: Answer; headers?: Record<string, string> } = {}) {
  return ({ method, query, headers }: Sent): Answer => {
    if (method === 'HEAD') return { headers: objectHeaders(size, more.headers) };
    if (method === 'GET')
      return {
        body: '<Tagging><TagSet><Tag><Key>k</Key><Value>v w</Value></Tag></TagSet></Tagging>',
      };
    if (method === 'POST' && 'uploads' in query) return { body: '<R><UploadId>u1</UploadId></R>' };
    if (method === 'POST') return { body: '<R><ETag>"copy-2"</ETag></R>' };
    if (method === 'DELETE') return { status: 204 };
    if ('partNumber' in query)
      return { body: '<CopyPartResult><ETag>"part"</ETag></CopyPartResult>' };
    return headers['x-amz-copy-source'] === undefined ? {} : (more.copy ?? { body: COPIED });
  };
}

const putOf = (sent: readonly Sent[]) => sent.find(({ method }) => method === 'PUT');

describe('copyObject', () => {
  test('leaves the attributes to the service', async () => {
    const { store, sent } = storeOf(service(3), { expectedBucketOwner: '1' });
    const { signal } = new AbortController();
    await copyObject(store, 'a b', 'c', { sourceIfMatch: 'e', ifNoneMatch: '*', signal });
    expect(putOf(sent)?.headers).toMatchObject({
      'x-amz-copy-source': 'b/a%20b',
      'x-amz-copy-source-if-match': '"e"',
      'if-none-match': '*',
      'x-amz-source-expected-bucket-owner': '1',
    });
    expect(putOf(sent)?.headers['x-amz-metadata-directive']).toBeUndefined();
  });

  test('says all attributes anew where some change, of the write that was looked at', async () => {
    const headers = {
      'content-type': 'text/plain',
      'cache-control': 'no-store',
      'x-amz-meta-author': 'Ada',
    };
    const { store, sent } = storeOf(service(3, { headers }));
    const info = await copyObject(store, 'a', 'c', {
      attributes: { cacheControl: null, tags: ['t'] },
    });
    expect(putOf(sent)?.headers).toMatchObject({
      'x-amz-metadata-directive': 'REPLACE',
      'content-type': 'text/plain',
      'x-amz-meta-author': 'Ada',
      'x-amz-copy-source-if-match': '"0cc175b9c0f1b6a831c399e269772661"',
    });
    expect(putOf(sent)?.headers['cache-control']).toBeUndefined();
    expect(info).toEqual({
      key: 'c',
      size: 3,
      etag: 'copy',
      modifiedAt: new Date('2026-11-21T11:00:00Z'),
      contentType: 'text/plain',
      metadata: { author: 'Ada' },
      tags: ['t'],
    });
  });

  test('changes nothing in a copy onto itself, under conditions all the same', async () => {
    const { store, sent } = storeOf(service(3));
    const { signal } = new AbortController();
    expect((await copyObject(store, 'a', 'a', { signal })).size).toBe(3);
    await expect(copyObject(store, 'a', 'a', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    await expect(copyObject(store, 'a', 'a', { sourceIfMatch: 'x' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(putOf(sent)).toBeUndefined();
  });

  test('copies in parts what one request cannot', async () => {
    const copy = refused(400, 'InvalidRequest');
    const { store, sent } = storeOf(
      service(6 * GIB, { copy, headers: { 'x-amz-tagging-count': '1' } }),
    );
    const { signal } = new AbortController();
    await copyObject(store, 'a', 'c', { ifNoneMatch: '*', signal });
    const begin = sent.find(({ query }) => 'uploads' in query);
    expect(begin?.headers['x-amz-tagging']).toBe('k=v%20w');
    const parts = sent.filter(({ query }) => 'partNumber' in query);
    expect(parts.map(({ headers }) => headers['x-amz-copy-source-range']).toSorted()[0]).toBe(
      'bytes=0-536870911',
    );
    expect(parts.length).toBe(12);
    for (const { headers } of parts)
      expect(headers['x-amz-copy-source-if-match']).toBe('"0cc175b9c0f1b6a831c399e269772661"');
    const complete = sent.find(({ method, query }) => method === 'POST' && 'uploadId' in query);
    expect(complete?.headers['if-none-match']).toBe('*');
  });

  test('copies in parts with other attributes, and of a version', async () => {
    const large = storeOf(service(6 * GIB));
    await copyObject(large.store, 'a', 'c', { attributes: { contentType: 'image/png' } });
    expect(large.sent.find(({ query }) => 'uploads' in query)?.headers['content-type']).toBe(
      'image/png',
    );
    const copy = refused(400, 'EntityTooLarge');
    const old = storeOf(service(6 * GIB, { copy, headers: { 'x-amz-tagging-count': '1' } }));
    await copyVersion(old.store, 'a', 'v 1', undefined);
    expect(old.sent.find(({ query }) => 'partNumber' in query)?.headers['x-amz-copy-source']).toBe(
      'b/a?versionId=v%201',
    );
    expect(old.sent.find(({ query }) => 'tagging' in query)?.query['versionId']).toBe('v 1');
  });

  test('leaves nothing behind when a part fails', async () => {
    const { store, sent } = storeOf((one) => {
      if (one.query['partNumber'] === '2') return refused(412, 'PreconditionFailed');
      return service(6 * GIB)(one);
    });
    await expect(copyObject(store, 'a', 'c', { attributes: {} })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(sent.at(-1)?.method).toBe('DELETE');
    const controller = new AbortController();
    const aborted = storeOf((one) => {
      if ('partNumber' in one.query) {
        controller.abort(new Error('enough'));
        return { error: Object.assign(new Error('x'), { name: 'AbortError' }) };
      }
      return service(6 * GIB)(one);
    });
    await expect(
      copyObject(aborted.store, 'a', 'c', { attributes: {}, signal: controller.signal }),
    ).rejects.toThrow('enough');
  });

  test('asks which version a copy became where it is not said', async () => {
    const { store, sent } = storeOf(service(3, { headers: { 'x-amz-version-id': 'v9' } }));
    const { signal } = new AbortController();
    expect((await copyVersion(store, 'a', 'v1', signal)).version).toBe('v9');
    expect((await copyVersion(store, 'a', 'v1', undefined)).version).toBe('v9');
    expect(sent.map(({ method }) => method).slice(0, 3)).toEqual(['HEAD', 'PUT', 'HEAD']);
  });

  test('surfaces what is no matter of size', async () => {
    for (const [answer, code] of [
      [refused(404, 'NoSuchKey'), 'not-found'],
      [refused(400, 'InvalidRequest'), 'invalid-argument'],
      [{ body: '<Error><Code>InternalError</Code></Error>' }, 'unavailable'],
      [{ body: '<x/>' }, 'unavailable'],
    ] as const) {
      const { store } = storeOf(service(3, { copy: answer }));
      await expect(copyObject(store, 'a', 'c', {})).rejects.toMatchObject({ code });
    }
    const changed = storeOf(service(3, { copy: { body: '<x/>' } })).store;
    await expect(copyObject(changed, 'a', 'c', { attributes: {} })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const partless = storeOf((one) =>
      'partNumber' in one.query ? { body: '<x/>' } : service(6 * GIB)(one),
    ).store;
    await expect(copyObject(partless, 'a', 'c', { attributes: {} })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const tagless = storeOf((one) =>
      one.method === 'GET'
        ? { body: '<x/>' }
        : service(6 * GIB, { headers: { 'x-amz-tagging-count': '1' } })(one),
    ).store;
    await expect(copyObject(tagless, 'a', 'c', { attributes: {} })).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

describe('setObjectMetadata', () => {
  test('copies onto itself under both conditions, and keeps what the service would drop', async () => {
    const headers = {
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key',
      'x-amz-meta-old': '1',
    };
    const { store, sent } = storeOf(service(3, { headers }));
    const info = await setObjectMetadata(store, 'a', { metadata: { fresh: '2' } }, {}, true);
    expect(putOf(sent)?.headers).toMatchObject({
      'x-amz-storage-class': 'STANDARD_IA',
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'key',
      'x-amz-meta-fresh': '2',
      'if-match': '"0cc175b9c0f1b6a831c399e269772661"',
      'x-amz-copy-source-if-match': '"0cc175b9c0f1b6a831c399e269772661"',
    });
    expect(info.metadata).toEqual({ fresh: '2' });
  });

  test('begins again when somebody else writes between, a few times', async () => {
    let copies = 0;
    const { store } = storeOf((one) => {
      if (one.method === 'PUT') copies += 1;
      return one.method === 'PUT' && copies < 3
        ? refused(412, 'PreconditionFailed')
        : service(3)(one);
    });
    await setObjectMetadata(store, 'a', { cacheControl: 'no-store' }, {}, false);
    expect(copies).toBe(3);
    const always = storeOf(service(3, { copy: refused(412, 'PreconditionFailed') }));
    const change = setObjectMetadata(always.store, 'a', { cacheControl: 'no-store' }, {}, false);
    await expect(change).rejects.toMatchObject({ code: 'conflict', retryable: true });
  });

  test('changes only the write that is named', async () => {
    const { store, sent } = storeOf(service(3));
    await expect(setObjectMetadata(store, 'a', {}, { ifMatch: 'x' }, true)).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(putOf(sent)).toBeUndefined();
    const raced = storeOf(service(3, { copy: refused(412, 'PreconditionFailed') })).store;
    await expect(
      setObjectMetadata(raced, 'a', {}, { ifMatch: '0cc175b9c0f1b6a831c399e269772661' }, true),
    ).rejects.toMatchObject({ code: 'precondition-failed' });
  });

  test('tells a missing bucket from a missing object', async () => {
    const { store } = storeOf([{ status: 404 }, refused(404, 'NoSuchBucket')]);
    await expect(setObjectMetadata(store, 'a', {}, {}, true)).rejects.toMatchObject({
      code: 'store-not-found',
    });
  });
});
