import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { openFake } from './open-fake.ts';

type Change = (json: Record<string, unknown>) => unknown;

/** Changes what the service answers to some requests. */
function changing(isMeant: (url: string) => boolean, change: Change): typeof fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    if (!isMeant(String(input)) || !response.ok) return response;
    return Response.json(change((await response.json()) as Record<string, unknown>));
  };
}

const list = async (provider: StorageProvider) => {
  for await (const _page of provider.list({})) {
    // What comes is of no interest.
  }
};
const changes = async (provider: StorageProvider, cursor?: string) => {
  for await (const _page of provider.changes?.(cursor === undefined ? {} : { cursor }) ?? []) {
    // What comes is of no interest.
  }
};
const isList = (url: string) => url.includes('/files?q=');

describe('what is no answer of Google Drive is unavailable', () => {
  test.each<[string, (url: string) => boolean, Change, (provider: StorageProvider) => unknown]>([
    ['a list without files', isList, () => ({}), list],
    [
      'a search that is incomplete',
      isList,
      (json) => ({ ...json, incompleteSearch: true }),
      (provider) => provider.stat('a', {}),
    ],
    [
      'a file without a time',
      isList,
      () => ({ files: [{ id: 'x', name: 'a', mimeType: 'a/b' }] }),
      (provider) => provider.stat('a', {}),
    ],
    [
      'a document without a time',
      isList,
      () => ({ files: [{ id: 'x', name: 'a', mimeType: 'application/vnd.google-apps.document' }] }),
      (provider) => provider.stat('a', {}),
    ],
    [
      'a folder without an id',
      (url) => /\/files\?fields=id/.test(url),
      () => ({}),
      (provider) => provider.put('f/a', toBody('x'), {}),
    ],
    [
      'a write that made no file',
      (url) => url.includes('/upload/'),
      () => ({}),
      (provider) => provider.put('a', toBody('x'), {}),
    ],
    ['a feed without a beginning', (url) => url.includes('/startPageToken'), () => ({}), changes],
    [
      'a page of changes without an end',
      (url) => url.includes('/changes?'),
      () => ({ changes: [] }),
      (provider) => changes(provider, 'gdrive-v3:1'),
    ],
  ])('%s', async (_, isMeant, change, work) => {
    const { open } = await openFake();
    const provider = open({
      fetch: changing(isMeant, change),
      exports: { document: 'text/plain' },
    });
    await expect(Promise.resolve(work(provider))).rejects.toMatchObject({ code: 'unavailable' });
  });

  test.each([
    ['no batch', () => new Response('{}')],
    [
      'a batch that lacks answers',
      () =>
        new Response('--b\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\r\n--b--', {
          headers: { 'content-type': 'multipart/mixed; boundary=b' },
        }),
    ],
  ])('%s', async (_, answer) => {
    const { open } = await openFake();
    await open().put('a', toBody('x'), {});
    const fetched: typeof fetch = async (input, init) =>
      String(input).includes('/batch/') ? answer() : fetch(input, init);
    const [result] = (await open({ fetch: fetched }).deleteMany?.(['a'], {})) ?? [];
    expect(result).toMatchObject({ ok: false, error: { code: 'unavailable' } });
  });
});

test('one call of a batch that is refused fails its own item', async () => {
  const { fake, open } = await openFake();
  const provider = open();
  for (const key of ['a', 'b', 'c']) await provider.put(key, toBody('x'), {});
  const refusing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes('/batch/')) return response;
    const error = JSON.stringify({ error: { errors: [{ reason: 'userRateLimitExceeded' }] } });
    const text = (await response.text()).replace(
      /HTTP\/1\.1 200 OK[\s\S]*?\r\n--/,
      `HTTP/1.1 403 Forbidden\r\nRetry-After: 2\r\n\r\n${error}\r\n--`,
    );
    return new Response(text, { headers: response.headers });
  };
  const results = await open({ fetch: refusing }).deleteMany?.(['a', 'b', 'missing', 'c'], {});
  expect(results).toMatchObject([
    { ok: false, error: { code: 'rate-limited', retryAfterMs: 2000 } },
    { ok: true, value: { existed: true } },
    { ok: true, value: { existed: false } },
    { ok: true, value: { existed: true } },
  ]);
  expect(fake.paths()).toEqual([]);
});

test('what fails a whole batch fails each of its items', async () => {
  const { fake, open } = await openFake();
  const provider = open();
  fake.fault('unavailable');
  const failed = { ok: false, error: { code: 'unavailable' } };
  expect(await provider.statMany?.(['a', 'b'], {})).toMatchObject([failed, failed]);
});

test('a change of the target that is not finished leaves an unknown outcome', async () => {
  const { open } = await openFake();
  await open().put('a', toBody('a'), {});
  await open().put('b', toBody('b'), {});
  const refusing: typeof fetch = async (input, init) =>
    init?.method === 'PATCH' ? new Response('', { status: 503 }) : fetch(input, init);
  await expect(open({ fetch: refusing }).copy?.('a', 'b', {})).rejects.toMatchObject({
    code: 'unavailable',
    outcome: 'unknown',
  });
  expect(await (await open().get('b', {})).text()).toBe('a');
});

test('a file that keeps being replaced while it is read fails with conflict', async () => {
  const { open } = await openFake();
  await open().put('a', toBody('x'), {});
  const body = JSON.stringify({ error: { errors: [{ reason: 'notFound' }] } });
  let losses = 0;
  const losing =
    (most: number): typeof fetch =>
    async (input, init) => {
      if (!String(input).includes('alt=media') || losses >= most) return fetch(input, init);
      losses += 1;
      return new Response(body, { status: 404 });
    };
  const object = await open({ fetch: losing(2) }).get('a', {});
  expect(await object.text()).toBe('x');
  losses = 0;
  await expect(open({ fetch: losing(9) }).get('a', {})).rejects.toMatchObject({
    code: 'conflict',
    retryable: true,
  });
});

test('a delete of what another one deleted meanwhile succeeds', async () => {
  const { open } = await openFake();
  for (const trash of [true, false]) {
    await open().put('a', toBody('x'), {});
    const racing: typeof fetch = async (input, init) => {
      if (init?.method === 'PATCH' || init?.method === 'DELETE')
        await fetch(input, { ...init, method: 'DELETE' });
      return fetch(input, init);
    };
    expect(await open({ trash, fetch: racing }).delete('a', {})).toEqual({ existed: true });
  }
});

test('a part is read where the service does not say which one it is', async () => {
  const { open } = await openFake();
  await open().put('a', toBody('0123456789'), {});
  const told =
    (range: string | undefined): typeof fetch =>
    async (input, init) => {
      const response = await fetch(input, init);
      if (response.status !== 206) return response;
      const headers = range === undefined ? {} : { 'content-range': range };
      return new Response(response.body, { status: 206, headers });
    };
  const part = await open({ fetch: told(undefined) }).get('a', { range: { offset: 2, length: 3 } });
  expect([await part.text(), part.range]).toEqual(['234', { offset: 2, length: 3 }]);
  await expect(
    open({ fetch: told('lines 1-2') }).get('a', { range: { offset: 2 } }),
  ).rejects.toMatchObject({ code: 'unavailable' });
});

test('one of several files of a name that cannot be deleted fails the delete', async () => {
  const { fake, open } = await openFake();
  for (const content of ['1', '2']) fake.addFile({ name: 'a', content });
  const refusing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes('/batch/')) return response;
    // Without a reason in the body, as a gateway answers.
    const text = (await response.text()).replace(
      /HTTP\/1\.1 200 OK\r\n[^\r]*\r\n\r\n[^\r]*/,
      'HTTP/1.1 503 Error\r\nodd line\r\n\r\n<html>',
    );
    return new Response(text, { headers: response.headers });
  };
  await expect(open({ fetch: refusing }).delete('a', {})).rejects.toMatchObject({
    code: 'unavailable',
  });
});
