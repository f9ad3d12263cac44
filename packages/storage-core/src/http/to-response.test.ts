import { describe, expect, test } from 'vitest';
import { type MapSettings, mapProvider } from '../../test/map-provider.ts';
import type { EnginePutOptions } from '../contract/engine.ts';
import { createStorage } from '../engine/create-storage.ts';
import { StorageError } from '../errors/storage-error.ts';
import { contentDisposition } from './content-disposition.ts';
import { requestedRange } from './range-request.ts';
import { type ResponseOptions, toResponse } from './to-response.ts';

const TEXT = '0123456789';
const MODIFIED = Date.UTC(2026, 10, 21, 10, 0, 0, 500);

async function setup(
  settings: MapSettings = {},
  options: EnginePutOptions = {},
  key = 'dir/a.txt',
) {
  const provider = mapProvider({ ...settings, now: () => MODIFIED });
  const storage = createStorage(provider);
  const info = await storage.put(key, TEXT, options);
  provider.calls.length = 0;
  const file = storage.file(key);
  const ask = (
    headers: Record<string, string> = {},
    method = 'GET',
    responseOptions: ResponseOptions = {},
  ) =>
    toResponse(file, new Request('https://x.example/', { headers, method }), {
      now: () => MODIFIED + 60_000,
      ...responseOptions,
    });
  return { provider, storage, info, file, ask, etag: `"${info.etag}"` };
}

describe('toResponse', () => {
  test('serves the whole object with what is known of it, in one read', async () => {
    const { ask, provider, etag } = await setup(
      {},
      {
        cacheControl: 'max-age=60',
        contentLanguage: 'de',
        contentEncoding: 'identity',
      },
    );
    const response = await ask();
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'max-age=60',
      'content-disposition': 'inline; filename="a.txt"',
      'content-encoding': 'identity',
      'content-language': 'de',
      'content-length': '10',
      'content-type': 'text/plain; charset=utf-8',
      etag,
      'last-modified': 'Sat, 21 Nov 2026 10:00:00 GMT',
      'x-content-type-options': 'nosniff',
    });
    expect(await response.text()).toBe(TEXT);
    expect(provider.calls).toEqual(['get dir/a.txt']);
  });

  test('answers HEAD without reading the content', async () => {
    const { ask, provider } = await setup();
    const response = await ask({ range: 'bytes=0-1' }, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('10');
    expect(await response.text()).toBe('');
    expect(provider.calls).toEqual(['stat dir/a.txt']);
  });

  test('answers other methods with 405, and a missing object with 404', async () => {
    const { ask, storage } = await setup();
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await ask({}, method);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
    for (const method of ['GET', 'HEAD']) {
      const request = new Request('https://x.example/', { method });
      expect((await toResponse(storage.file('nope'), request)).status).toBe(404);
    }
  });

  test('throws what is no missing object', async () => {
    const { ask } = await setup({
      before: (operation) => {
        if (operation === 'get') throw new StorageError('rate-limited', 'slow down.');
      },
    });
    await expect(ask()).rejects.toMatchObject({ code: 'rate-limited' });
    await expect(ask({ range: 'bytes=0-1' })).rejects.toMatchObject({ code: 'rate-limited' });
  });

  test('lets go of the object when the response is cancelled', async () => {
    const { ask, provider } = await setup();
    const response = await ask();
    expect(provider.openBodies.size).toBe(1);
    await response.body?.cancel();
    expect(provider.openBodies.size).toBe(0);
  });
});

describe('ranges', () => {
  test.each([
    ['bytes=0-3', '0123', 'bytes 0-3/10'],
    ['bytes=4-', '456789', 'bytes 4-9/10'],
    ['bytes=-3', '789', 'bytes 7-9/10'],
    ['bytes=8-99999999999999999999', '89', 'bytes 8-9/10'],
    ['bytes=-99', TEXT, 'bytes 0-9/10'],
    ['Bytes= 9-9 ', '9', 'bytes 9-9/10'],
  ])('of %s are served alone', async (range, content, contentRange) => {
    const { ask, provider, etag } = await setup();
    const response = await ask({ range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(content.length));
    expect(response.headers.get('etag')).toBe(etag);
    expect(await response.text()).toBe(content);
    expect(provider.calls).toEqual(['stat dir/a.txt', 'get dir/a.txt']);
  });

  test.each(['bytes=10-', 'bytes=99-100', 'bytes=-0'])(
    'of %s lie behind the end',
    async (range) => {
      const { ask, provider } = await setup();
      const response = await ask({ range });
      expect(response.status).toBe(416);
      expect(response.headers.get('content-range')).toBe('bytes */10');
      expect(response.headers.has('content-type')).toBe(false);
      expect(provider.calls).toEqual(['stat dir/a.txt']);
    },
  );

  test.each(['bytes=0-1,4-5', 'bytes=5-4', 'bytes=-', 'bytes=a-b', 'lines=0-1', 'bytes 0-1'])(
    'of %s are answered with the whole',
    async (range) => {
      const { ask } = await setup();
      const response = await ask({ range });
      expect(response.status).toBe(200);
      expect(await response.text()).toBe(TEXT);
    },
  );

  test('of an empty object lie behind its end', () => {
    expect(requestedRange('bytes=0-', 0)).toBe('none');
    expect(requestedRange('bytes=-1', 0)).toBe('none');
    expect(requestedRange(null, 0)).toBeUndefined();
  });

  test('are answered with the whole where parts cannot be read', async () => {
    const { ask } = await setup({ capabilities: { rangeReads: false } });
    const response = await ask({ range: 'bytes=0-1' });
    expect([response.status, response.headers.get('accept-ranges')]).toEqual([200, 'none']);
    expect(await response.text()).toBe(TEXT);
  });

  test('depend on If-Range', async () => {
    const { ask, etag } = await setup();
    const date = new Date(MODIFIED).toUTCString();
    const status = async (ifRange: string, options: ResponseOptions = {}) =>
      (await ask({ range: 'bytes=0-1', 'if-range': ifRange }, 'GET', options)).status;
    expect(await status(etag)).toBe(206);
    expect(await status('"other"')).toBe(200);
    expect(await status(`W/${etag}`)).toBe(200);
    expect(await status(date)).toBe(206);
    expect(await status(new Date(MODIFIED + 5000).toUTCString())).toBe(200);
    expect(await status(date, { now: () => MODIFIED })).toBe(200);
    expect(await status('nonsense')).toBe(200);
  });

  test.each([1, 2])(
    'are of one write when the object is written %i times meanwhile',
    async (times) => {
      let writes = 0;
      const { ask, provider } = await setup({
        before: (operation, key, entries) => {
          const entry = entries.get(key);
          if (operation !== 'get' || entry === undefined || writes >= times) return;
          writes += 1;
          const bytes = new TextEncoder().encode(`new-${writes}`);
          const info = { ...entry.info, etag: `w${writes}`, size: bytes.byteLength };
          entries.set(key, { bytes, info });
        },
      });
      const response = await ask({ range: 'bytes=0-2' });
      const expected = times === 1 ? [206, '"w1"', 'new'] : [200, '"w2"', 'new-2'];
      expect([response.status, response.headers.get('etag'), await response.text()]).toEqual(
        expected,
      );
      expect(provider.openBodies.size).toBe(0);
    },
  );

  test('are looked at again when the object became shorter meanwhile', async () => {
    let once = true;
    const { ask } = await setup({
      before: (operation, key, entries) => {
        const entry = entries.get(key);
        if (operation !== 'get' || entry === undefined || !once) return;
        once = false;
        entries.set(key, { bytes: new Uint8Array(1), info: { ...entry.info, etag: 'w', size: 1 } });
      },
    });
    expect((await ask({ range: 'bytes=5-6' })).status).toBe(416);
  });
});

describe('conditions', () => {
  test('answer 304 to who has it already, without content headers', async () => {
    const { ask, provider, etag } = await setup();
    for (const value of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const response = await ask({ 'if-none-match': value }, method);
        expect(response.status).toBe(304);
        expect(response.headers.get('etag')).toBe(etag);
        expect(response.headers.has('content-type')).toBe(false);
        expect(response.headers.has('content-length')).toBe(false);
      }
    }
    expect(provider.calls).not.toContain('get dir/a.txt');
    expect((await ask({ 'if-none-match': '"x"' })).status).toBe(200);
  });

  test('compare dates by the second, and only without an entity tag', async () => {
    const { ask } = await setup();
    const at = (ms: number) => new Date(MODIFIED + ms).toUTCString();
    const status = async (headers: Record<string, string>) => (await ask(headers)).status;
    expect(await status({ 'if-modified-since': at(0) })).toBe(304);
    expect(await status({ 'if-modified-since': at(-1000) })).toBe(200);
    expect(await status({ 'if-modified-since': at(0), 'if-none-match': '"x"' })).toBe(200);
    expect(await status({ 'if-modified-since': 'nonsense' })).toBe(200);
    expect(await status({ 'if-unmodified-since': at(0) })).toBe(200);
    expect(await status({ 'if-unmodified-since': at(-1000) })).toBe(412);
    expect(await status({ 'if-unmodified-since': 'nonsense' })).toBe(200);
  });

  test('answer 412 to who wants another write', async () => {
    const { ask, etag } = await setup();
    const status = async (headers: Record<string, string>) => (await ask(headers)).status;
    expect(await status({ 'if-match': etag })).toBe(200);
    expect(await status({ 'if-match': '*' })).toBe(200);
    expect(await status({ 'if-match': '"x"' })).toBe(412);
    expect(await status({ 'if-match': `W/${etag}` })).toBe(412);
    expect(await status({ 'if-match': '"x"', 'if-none-match': etag })).toBe(412);
    expect(
      await status({ 'if-match': etag, 'if-unmodified-since': 'Thu, 01 Jan 1970 00:00:00 GMT' }),
    ).toBe(200);
  });

  test('take an etag of any characters', async () => {
    const { provider, file } = await setup();
    const entry = provider.entries.get('dir/a.txt');
    if (entry === undefined) throw new Error('there is an entry');
    provider.entries.set('dir/a.txt', { ...entry, info: { ...entry.info, etag: 'a "b" é 🎉\n' } });
    const request = (headers = {}) => new Request('https://x.example/', { headers });
    const etag = (await toResponse(file, request())).headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[!#-~]+"$/);
    expect((await toResponse(file, request({ 'if-none-match': etag }))).status).toBe(304);
  });
});

describe('the content of a response', () => {
  const typed = (contentType: string, options: ResponseOptions = {}, more: EnginePutOptions = {}) =>
    setup({}, { contentType, ...more }, 'page').then(({ ask }) => ask({}, 'GET', options));

  test.each([
    'text/html',
    'text/html; charset=utf-8',
    'image/svg+xml',
    'application/xhtml+xml',
    'application/xml',
    'TEXT/XML',
  ])('that can run scripts is saved, unless it is asked for otherwise: %s', async (type) => {
    const disposition = (response: Response) => response.headers.get('content-disposition');
    expect(disposition(await typed(type))).toMatch(/^attachment; /);
    expect(disposition(await typed(type, { disposition: 'inline' }))).toMatch(/^attachment; /);
    expect(disposition(await typed(type, {}, { contentDisposition: 'inline' }))).toMatch(/^attach/);
    const sandboxed = await typed(type, { activeContent: 'sandbox' });
    expect(sandboxed.headers.get('content-security-policy')).toMatch(
      /^sandbox; default-src 'none'/,
    );
    expect(disposition(sandboxed)).toMatch(/^inline/);
    const trusted = await typed(type, { activeContent: 'trusted' });
    expect(trusted.headers.has('content-security-policy')).toBe(false);
    expect(disposition(trusted)).toMatch(/^inline/);
  });

  test('is shown or saved as it was recorded or asked for', async () => {
    const of = async (options: ResponseOptions, more: EnginePutOptions = {}) =>
      (await typed('image/png', options, more)).headers.get('content-disposition');
    expect(await of({})).toBe('inline; filename="page"');
    expect(await of({ disposition: 'attachment' })).toBe('attachment; filename="page"');
    expect(await of({ fileName: 'x y.png' })).toBe('inline; filename="x y.png"');
    expect(await of({}, { contentDisposition: 'attachment; filename=z' })).toBe(
      'attachment; filename=z',
    );
    expect(await of({ disposition: 'inline' }, { contentDisposition: 'attachment' })).toBe(
      'inline; filename="page"',
    );
  });

  test('has the headers that are asked for', async () => {
    const response = await typed('image/png', {
      cacheControl: 'no-store',
      headers: { 'x-own': '1', 'Content-Type': 'image/x-own' },
    });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-own')).toBe('1');
    expect(response.headers.get('content-type')).toBe('image/x-own');
  });

  test('has the type that is recorded, else that of its name, else none to speak of', async () => {
    const type = async (key: string, options: EnginePutOptions = {}) => {
      const { ask } = await setup({}, options, key);
      return (await ask()).headers.get('content-type');
    };
    expect(await type('a.png')).toBe('image/png');
    expect(await type('a.png', { contentType: 'text/csv; charset=latin1' })).toBe(
      'text/csv; charset=latin1',
    );
    expect(await type('a')).toBe('application/octet-stream');
  });

  test('leaves out what a store recorded and no header can hold', async () => {
    const { provider, file } = await setup();
    const entry = provider.entries.get('dir/a.txt');
    if (entry === undefined) throw new Error('there is an entry');
    const info = { ...entry.info, contentType: 'a/b\r\nx: y', cacheControl: 'ö' };
    provider.entries.set('dir/a.txt', { ...entry, info });
    const { headers } = await toResponse(file, new Request('https://x.example/'));
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.has('cache-control')).toBe(false);
    expect(headers.has('x')).toBe(false);
  });
});

describe('an object that was read already', () => {
  test('is served whole, and let go of when it is not needed', async () => {
    const { storage, provider, etag } = await setup();
    const request = (headers = {}, method = 'GET') =>
      new Request('https://x.example/', { headers, method });
    const whole = await toResponse(await storage.get('dir/a.txt'), request({ range: 'bytes=0-1' }));
    expect([whole.status, whole.headers.get('accept-ranges')]).toEqual([200, 'none']);
    expect(await whole.text()).toBe(TEXT);
    const head = await toResponse(await storage.get('dir/a.txt'), request({}, 'HEAD'));
    expect([head.status, await head.text()]).toEqual([200, '']);
    const known = request({ 'if-none-match': etag });
    expect((await toResponse(await storage.get('dir/a.txt'), known)).status).toBe(304);
    expect(provider.openBodies.size).toBe(0);
  });
});

describe('contentDisposition', () => {
  test.each([
    ['a.txt', 'inline; filename="a.txt"'],
    ['a "b".txt', 'inline; filename="a \\"b\\".txt"'],
    ['naïve.txt', 'inline; filename="na_ve.txt"; filename*=UTF-8\'\'na%C3%AFve.txt'],
    ['100%.txt', 'inline; filename="100_.txt"; filename*=UTF-8\'\'100%25.txt'],
    ["it's (1)*é", "inline; filename=\"it's (1)*_\"; filename*=UTF-8''it%27s%20%281%29%2A%C3%A9"],
    ['🎉', 'inline; filename="_"; filename*=UTF-8\'\'%F0%9F%8E%89'],
    ['a\r\nb/c\\d', 'inline; filename="a__b_c_d"'],
    ['\ud800', 'inline; filename="_"; filename*=UTF-8\'\'%EF%BF%BD'],
  ])('of %j is %s', (name, expected) => {
    expect(contentDisposition('inline', name)).toBe(expected);
  });
});
