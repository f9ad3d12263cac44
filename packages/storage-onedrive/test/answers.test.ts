import { isStorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createOneDrive } from '../src/index.ts';
import { openOneDrive } from '../src/onedrive-client.ts';
import { onedriveProvider } from '../src/onedrive-provider.ts';

const ENDPOINT = 'https://graph.microsoft.com';
const ITEM = {
  id: '1',
  name: 'a',
  size: 1,
  eTag: '"e"',
  cTag: '"c"',
  createdDateTime: '2026-01-01T00:00:00Z',
  lastModifiedDateTime: '2026-01-01T00:00:00Z',
  file: {},
  '@microsoft.graph.downloadUrl': 'https://content.example/a',
};

type Answers = (method: string, url: string) => Response;

/** A provider whose requests are answered by a test. */
function answered(answers: Answers): StorageProvider {
  return createOneDrive.provider({
    auth: 'token',
    retry: false,
    fetch: async (input, init) => answers(init?.method ?? 'GET', String(input)),
  });
}

/** Without companions, of whose look only one request is left. */
const batched = (answers: Answers, item: Answers): StorageProvider =>
  answered((method, url) =>
    url.endsWith('/$batch') ? batch(item(method, url)) : answers(method, url),
  );

const batch = (item: Response) =>
  Response.json({
    responses: [
      { id: '0', status: item.status, body: ITEM },
      { id: '1', status: 404, body: { error: { code: 'itemNotFound' } } },
    ],
  });

const codeOf = async (work: () => unknown) => {
  try {
    await work();
  } catch (error) {
    return isStorageError(error) ? error.code : error;
  }
  return undefined;
};
const first = async (pages: AsyncIterable<unknown> | undefined) => {
  for await (const page of pages ?? []) return page;
  return undefined;
};

describe('an answer that is not what the service sends', () => {
  test.each([
    ['a page of a proxy', () => new Response('<html>', { status: 200 })],
    ['a list', () => Response.json([])],
    ['nothing', () => Response.json(null)],
    ['another object', () => Response.json({ hello: 'world' })],
  ])('fails as unavailable: %s', async (_name, answer) => {
    const provider = answered(answer);
    const read = [
      () => provider.stat('a', {}),
      () => provider.get('a', {}),
      () => provider.put('a', toBody('x'), {}),
      () => provider.delete('a', {}),
      () => first(provider.list({})),
      () => provider.upload?.('a', { totalBytes: 1 }),
      () => first(provider.changes?.({})),
      () => first(provider.changes?.({ cursor: `${ENDPOINT}/v1.0/me/drive/root/delta?token=1` })),
      () => provider.usage?.({}),
      () => provider.deleteMany?.(['a'], {}),
    ];
    for (const work of read) expect(await codeOf(work)).toBe('unavailable');
  });

  test('sends no token to another host', async () => {
    const asked: string[] = [];
    const provider = answered((_method, url) => {
      asked.push(url);
      return Response.json({ value: [], '@odata.nextLink': 'https://evil.example/v1.0/next' });
    });
    expect(await codeOf(() => first(provider.list({})))).toBe('unavailable');
    expect(asked.every((url) => url.startsWith(ENDPOINT))).toBe(true);
    const numbered = answered(() => Response.json({ value: [], '@odata.nextLink': 7 }));
    expect(await codeOf(() => first(numbered.list({})))).toBe('unavailable');
  });
});

describe('content', () => {
  const isOk: Answers = () => new Response(null, { status: 200 });

  test('without an address, with one that is refused, and with a range ignored is unavailable', async () => {
    const bare = onedriveProvider({
      auth: 'token',
      fetch: async (input) => {
        const { '@microsoft.graph.downloadUrl': _url, ...item } = ITEM;
        return String(input).endsWith('/$batch')
          ? Response.json({ responses: [] })
          : Response.json(item);
      },
    });
    expect(await codeOf(() => bare.get('a', {}))).toBe('unavailable');
    const refused = batched(() => new Response('', { status: 403 }), isOk);
    expect(await codeOf(() => refused.get('a', {}))).toBe('unavailable');
    const gone = batched(() => new Response('', { status: 404 }), isOk);
    expect(await codeOf(() => gone.get('a', {}))).toBe('not-found');
    const whole = batched(() => new Response('x', { headers: { etag: '"e"' } }), isOk);
    const range = { offset: 0, length: 1 };
    expect(await codeOf(() => whole.get('a', { range }))).toBe('unavailable');
  });

  test('of a part is what was asked for where nobody may see what came', async () => {
    const provider = batched(
      () => new Response('x', { status: 206, headers: { etag: '"e"' } }),
      isOk,
    );
    const object = await provider.get('a', { range: { suffix: 1 } });
    expect(object.range).toEqual({ offset: 0, length: 1 });
    expect(await object.text()).toBe('x');
  });

  test('that was deleted since it was looked at is a conflict', async () => {
    const provider = answered((method, url) => {
      if (url.endsWith('/$batch')) {
        // A companion that another write has replaced by the time it is read.
        const companion = { ...ITEM, file: { hashes: { quickXorHash: 'AAAA' } } };
        const bodies = [ITEM, companion];
        return Response.json({
          responses: bodies.map((body, id) => ({ id: String(id), status: 200, body })),
        });
      }
      if (!url.startsWith(ENDPOINT)) return new Response('x', { headers: { etag: '"f"' } });
      const isLook = url.includes('downloadUrl');
      return isLook && method === 'GET' ? Response.json(ITEM) : notFound();
    });
    expect(await codeOf(() => provider.get('a', {}))).toBe('conflict');
  });
});

describe('a batch', () => {
  test('of which answers are missing leaves the outcome open', async () => {
    const provider = answered(() => Response.json({ responses: [] }));
    const results = (await provider.deleteMany?.(['a'], {})) ?? [];
    expect(results[0]?.ok).toBe(false);
  });

  test('that breaks in its middle keeps what was answered before', async () => {
    let asked = 0;
    const drive = openOneDrive({
      auth: 'token',
      fetch: async () => {
        asked += 1;
        if (asked > 1) return new Response('', { status: 503 });
        const responses = Array.from({ length: 20 }, (_, id) => ({ id: String(id), status: 204 }));
        return Response.json({ responses });
      },
    });
    const requests = Array.from({ length: 30 }, () => ({ method: 'DELETE', path: '/items/1' }));
    const answers = await drive.batch(requests, {});
    expect(answers.filter((answer) => 'error' in answer)).toHaveLength(10);
  });
});

describe('a delete', () => {
  const changing = (look: () => Response) =>
    answered((method, url) => {
      if (method === 'DELETE' && url.includes('/items/')) {
        return Response.json({ error: { code: 'resourceModified' } }, { status: 412 });
      }
      return url.includes('meta.json') ? notFound() : look();
    });

  test('of what keeps changing is a conflict', async () => {
    expect(await codeOf(() => changing(() => Response.json(ITEM)).delete('a', {}))).toBe(
      'conflict',
    );
  });

  test('of what went away since is no error, but for a condition', async () => {
    const provider = answered((method, url) =>
      method === 'DELETE' || url.includes('meta.json') ? notFound() : Response.json(ITEM),
    );
    expect(await provider.delete('a', {})).toEqual({ existed: false });
    expect(await codeOf(() => provider.delete('a', { ifMatch: '"c"' }))).toBe(
      'precondition-failed',
    );
  });

  test('that is refused says why', async () => {
    const provider = answered((method, url) =>
      url.includes('meta.json')
        ? notFound()
        : method === 'GET'
          ? Response.json(ITEM)
          : Response.json({ error: { code: 'accessDenied' } }, { status: 403 }),
    );
    expect(await codeOf(() => provider.delete('a', {}))).toBe('permission-denied');
  });
});

describe('a write over a certain write', () => {
  test('that went away since fails with precondition-failed', async () => {
    const provider = batched(
      (method) => (method === 'PUT' ? notFound() : Response.json(ITEM)),
      () => new Response(),
    );
    const put = () => provider.put('a', toBody('x'), { ifMatch: '"c"' });
    expect(await codeOf(put)).toBe('precondition-failed');
  });
});

describe('usage', () => {
  test('of a library without a limit of its own tells none', async () => {
    const provider = answered(() => Response.json({ quota: { used: 5, total: 0 } }));
    expect(await provider.usage?.({})).toEqual({ usedBytes: 5 });
  });
});

function notFound(): Response {
  return Response.json({ error: { code: 'itemNotFound' } }, { status: 404 });
}
