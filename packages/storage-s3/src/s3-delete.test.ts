import { describe, expect, test } from 'vitest';
import { refused, type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { deleteObject, deleteObjects } from './s3-delete.ts';

function storeOf(script: Script) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client }), sent };
}

const result = (inner: string) => ({ body: `<DeleteResult>${inner}</DeleteResult>` });
const deleted = (key: string) => `<Deleted><Key>${key}</Key></Deleted>`;

describe('deleteObject', () => {
  test('deletes one write of one version', async () => {
    const { store, sent } = storeOf([{ status: 204 }]);
    expect(await deleteObject(store, 'a', { ifMatch: 'e', version: 'v' })).toEqual({});
    expect(sent[0]).toMatchObject({ method: 'DELETE', query: { versionId: 'v' } });
    expect(sent[0]?.headers['if-match']).toBe('"e"');
  });

  test('finds a missing object to be no other than wanted, unless a write is named', async () => {
    expect(await deleteObject(storeOf([refused(404, 'NoSuchKey')]).store, 'a', {})).toEqual({});
    const version = storeOf([refused(400, 'InvalidArgument')]).store;
    expect(await deleteObject(version, 'a', { version: 'x' })).toEqual({});
    const named = storeOf([refused(404, 'NoSuchKey')]).store;
    await expect(deleteObject(named, 'a', { ifMatch: 'e' })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'not-applied',
    });
  });

  test('surfaces everything else, a web page among it', async () => {
    for (const [answer, code] of [
      [refused(412, 'PreconditionFailed'), 'precondition-failed'],
      [refused(409, 'ConditionalRequestConflict'), 'conflict'],
      [{ headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>' }, 'unavailable'],
    ] as const) {
      await expect(
        deleteObject(storeOf([answer]).store, 'a', { ifMatch: 'e' }),
      ).rejects.toMatchObject({ code });
    }
    const aborted = storeOf([
      { error: Object.assign(new Error('x'), { name: 'AbortError' }) },
    ]).store;
    await expect(deleteObject(aborted, 'a', { signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

describe('deleteObjects', () => {
  test('gives a result per key, in groups of a thousand', async () => {
    const keys = Array.from({ length: 1001 }, (_, index) => `k${index}`);
    const { store, sent } = storeOf([
      result(keys.slice(0, 1000).map(deleted).join('')),
      result('<Error><Key>k1000</Key><Code>AccessDenied</Code><Message>no</Message></Error>'),
    ]);
    const results = await deleteObjects(store, keys, {});
    expect(sent.map(({ method }) => method)).toEqual(['POST', 'POST']);
    expect(results.filter(({ ok }) => ok).length).toBe(1000);
    expect(results.at(-1)).toMatchObject({
      ok: false,
      error: { code: 'permission-denied', key: 'k1000' },
    });
  });

  test('deletes what XML cannot hold one by one', async () => {
    const { store, sent } = storeOf(({ method }) =>
      method === 'POST' ? result(deleted('a')) : { status: 204 },
    );
    const keys = ['a', 'b\u0001', 'c\n', '\u2028', ' d', 'a'];
    const results = await deleteObjects(store, keys, {});
    expect(results.map(({ key, ok }) => [key, ok])).toEqual(keys.map((key) => [key, true]));
    expect(sent.map(({ method }) => method).toSorted()).toEqual([
      'DELETE',
      'DELETE',
      'DELETE',
      'DELETE',
      'POST',
    ]);
  });

  test('leaves no key without a result, and counts a missing one as deleted', async () => {
    const { store } = storeOf([
      result(
        '<Error><Key>b</Key><Code>NoSuchKey</Code></Error><Error><Code>InternalError</Code></Error><Deleted/>',
      ),
    ]);
    expect(await deleteObjects(store, ['a', 'b'], {})).toMatchObject([
      { key: 'a', ok: false, error: { code: 'unavailable' } },
      { key: 'b', ok: true },
    ]);
    const { store: away } = storeOf([refused(503, 'SlowDown'), refused(503, 'SlowDown')]);
    const { signal } = new AbortController();
    expect(await deleteObjects(away, ['a', '\u0001'], { signal })).toMatchObject([
      { ok: false, error: { code: 'rate-limited' } },
      { ok: false, error: { code: 'rate-limited' } },
    ]);
  });
});
