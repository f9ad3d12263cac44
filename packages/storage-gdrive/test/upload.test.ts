import { createStorage } from '@granary/storage-core';
import { type StorageProvider, toBody, type UploadSession } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createGoogleDrive } from '../src/index.ts';
import { openFake } from './open-fake.ts';

const STEP = 256 * 1024;
const bytes = (length: number, seed = 1) =>
  Uint8Array.from({ length }, (_, index) => (index * 7 + seed) % 251);

const bodyOf = (init: RequestInit = {}) => init.body as Uint8Array<ArrayBuffer>;

async function begin(
  provider: StorageProvider,
  options: Parameters<NonNullable<StorageProvider['upload']>>[1] = {},
): Promise<UploadSession> {
  const session = await provider.upload?.('a', options);
  if (session === undefined) throw new Error('no upload');
  return session;
}

const contentOf = async (provider: StorageProvider) => (await provider.get('a', {})).bytes();

describe('an upload', () => {
  test.each([
    ['of known length', 2 * STEP + 5, true],
    ['of known length in whole steps', 2 * STEP, true],
    ['of unknown length', 2 * STEP + 5, false],
    ['of unknown length in whole steps', 2 * STEP, false],
  ])('%s is stored whole', async (_, length, isKnown) => {
    const { fake, open } = await openFake();
    const provider = open();
    const content = bytes(length);
    const session = await begin(provider, isKnown ? { totalBytes: length } : {});
    await session.write(0, content.subarray(0, STEP));
    await session.write(STEP, content.subarray(STEP));
    expect((await session.status()).held).toEqual([{ offset: 0, length }]);
    expect(fake.paths()).toEqual([]);
    expect(await session.complete()).toEqual(await provider.stat('a', {}));
    expect(await contentOf(provider)).toEqual(content);
    await expect(session.complete()).rejects.toMatchObject({ restart: true });
    await session.abort();
  });

  test('goes on in another process, from what the service holds', async () => {
    const { open } = await openFake();
    const content = bytes(3 * STEP + 9);
    const attributes = { contentType: 'image/png', metadata: { n: 1 } };
    const first = await begin(open(), { totalBytes: content.byteLength, attributes });
    await first.write(0, content.subarray(0, STEP));
    const again = await begin(open(), { token: first.token });
    expect((await again.status()).held).toEqual([{ offset: 0, length: STEP }]);
    // A part that is there already, and one that reaches over what is there.
    await again.write(0, content.subarray(0, 2 * STEP));
    await again.write(2 * STEP, content.subarray(2 * STEP));
    const last = await begin(open(), { token: first.token });
    // The last part waits in the process that has it.
    expect((await last.status()).held).toEqual([{ offset: 0, length: 2 * STEP }]);
    await expect(last.complete()).rejects.toMatchObject({ code: 'invalid-argument' });
    await last.write(2 * STEP, content.subarray(2 * STEP));
    expect(await last.complete()).toMatchObject(attributes);
    expect(await contentOf(open())).toEqual(content);
    // Who goes on with an upload that has ended is told what it made.
    expect(await (await begin(open(), { token: first.token })).complete()).toMatchObject(
      attributes,
    );
    const ended = await begin(open(), { token: first.token });
    await expect(ended.write(0, content.subarray(0, STEP))).rejects.toMatchObject({
      restart: true,
    });
  });

  test('keeps the file that is there, with its id and revisions', async () => {
    const { open } = await openFake();
    const provider = open();
    const before = await provider.put('a', toBody('old'), { metadata: { old: true } });
    const session = await begin(provider, { totalBytes: 3 });
    await session.write(0, bytes(3));
    const info = await session.complete();
    expect(info.id).toBe(before.id);
    expect(info.metadata).toBeUndefined();
  });

  test('answers again when the last answer was lost', async () => {
    const { fake, open } = await openFake();
    const session = await begin(open(), { totalBytes: 3 });
    await session.write(0, bytes(3));
    fake.fault('lost-reply');
    await expect(session.complete()).rejects.toMatchObject({ outcome: 'unknown' });
    fake.fault(undefined);
    expect(await session.complete()).toMatchObject({ size: 3 });
    const other = await begin(open(), { totalBytes: 0 });
    expect(await other.complete()).toMatchObject({ size: 0 });
  });

  test('takes bytes again that were not sent yet', async () => {
    const { open } = await openFake();
    const provider = open();
    const content = bytes(STEP + 9);
    const session = await begin(provider, { totalBytes: content.byteLength });
    await session.write(0, content.subarray(0, STEP));
    await session.write(STEP, bytes(9, 50));
    await session.write(STEP, content.subarray(STEP));
    await session.complete();
    expect(await contentOf(provider)).toEqual(content);
  });

  test('ends rightly when the service has part of the last bytes', async () => {
    const { open } = await openFake();
    let isCut = false;
    const cutting: typeof fetch = async (input, init) => {
      const match = /^bytes (\d+)-\d+\/\d+$/.exec(
        new Headers(init?.headers).get('content-range') ?? '',
      );
      if (isCut || match === null) return fetch(input, init);
      isCut = true;
      const start = Number(match[1]);
      await fetch(input, {
        ...init,
        headers: { 'content-range': `bytes ${start}-${start + STEP - 1}/*` },
        body: bodyOf(init).subarray(0, STEP),
      });
      throw new TypeError('the connection broke');
    };
    const provider = open({ fetch: cutting });
    const content = bytes(2 * STEP + 9);
    const session = await begin(provider, {});
    isCut = true;
    await session.write(0, content.subarray(0, STEP));
    isCut = false;
    const total = { totalBytes: content.byteLength };
    const known = await begin(provider, total);
    await expect(known.write(0, content.subarray(0, 2 * STEP))).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect((await known.status()).held).toEqual([{ offset: 0, length: 2 * STEP }]);
    await known.write(2 * STEP, content.subarray(2 * STEP));
    await known.complete();
    expect(await contentOf(provider)).toEqual(content);
  });

  test('is over after a week, and says to begin again', async () => {
    const { fake, open } = await openFake();
    const session = await begin(open(), { totalBytes: 2 * STEP });
    expect(session.expiresAt?.getTime()).toBeGreaterThan(Date.now() + 6 * 24 * 3600 * 1000);
    fake.advance(7 * 24 * 3600 * 1000);
    const lost = { code: 'conflict', restart: true, retryable: false };
    await expect(session.write(0, bytes(STEP))).rejects.toMatchObject(lost);
    await expect(session.complete()).rejects.toMatchObject(lost);
    await expect(begin(open(), { token: session.token })).rejects.toMatchObject(lost);
    await session.abort();
  });

  test('refuses parts against its rules, and another content of a part', async () => {
    const { open } = await openFake();
    const session = await begin(open(), { totalBytes: 2 * STEP });
    const refused = { code: 'invalid-argument' };
    await expect(session.write(5, bytes(STEP))).rejects.toMatchObject(refused);
    await expect(session.write(0, bytes(9))).rejects.toMatchObject(refused);
    await expect(session.write(STEP, bytes(STEP + 1))).rejects.toMatchObject(refused);
    await expect(session.write(STEP, bytes(STEP))).rejects.toMatchObject(refused);
    await session.write(0, bytes(STEP));
    await expect(session.write(0, bytes(STEP, 9))).rejects.toMatchObject(refused);
    await expect(session.complete()).rejects.toMatchObject(refused);
  });

  test('sends the rest again when the service took less than it was sent', async () => {
    const { open } = await openFake();
    let sent = 0;
    const slow: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers);
      const range = headers.get('content-range') ?? '';
      const match = /^bytes (\d+)-(\d+)\/(\S+)$/.exec(range);
      sent += 1;
      if (!String(input).includes('upload_id') || match === null || sent % 2 === 0) {
        return fetch(input, init);
      }
      const start = Number(match[1]);
      const end = Math.min(start + STEP, Number(match[2]) + 1);
      const part = bodyOf(init).subarray(0, end - start);
      headers.set('content-range', `bytes ${start}-${end - 1}/${match[3]}`);
      return fetch(input, { ...init, headers, body: part });
    };
    const provider = open({ fetch: slow });
    const content = bytes(5 * STEP);
    const session = await begin(provider, {});
    await session.write(0, content.subarray(0, 4 * STEP));
    await session.write(4 * STEP, content.subarray(4 * STEP));
    await session.complete();
    expect(await contentOf(provider)).toEqual(content);
  });

  test.each([
    ['an upload', STEP + 5],
    ['a put', 6_000_000],
  ])('sends the rest when the service took a part of all that %s is', async (_, length) => {
    const { open } = await openFake();
    let cut = 0;
    const short: typeof fetch = async (input, init) => {
      const headers = new Headers(init?.headers);
      const range = headers.get('content-range') ?? '';
      if (range !== `bytes 0-${length - 1}/${length}`) return fetch(input, init);
      cut += 1;
      headers.set('content-range', `bytes 0-${STEP - 1}/${length}`);
      return fetch(input, { ...init, headers, body: bodyOf(init).subarray(0, STEP) });
    };
    const provider = open({ fetch: short });
    const content = bytes(length);
    if (length < 5_000_000) {
      const session = await begin(provider, { totalBytes: length });
      await session.write(0, content);
      expect(await session.complete()).toMatchObject({ size: length });
    } else {
      await provider.put('a', toBody(content), {});
    }
    expect(cut).toBe(1);
    expect(Buffer.compare(await contentOf(provider), content)).toBe(0);
  });

  test('above 5 MB is what the engine makes of a put, unless it is in memory', async () => {
    const { open, counted } = await openFake();
    const storage = createStorage(open());
    const content = new Uint8Array(9_000_000).fill(7);
    const parts = (calls: readonly string[]) =>
      calls.filter((call) => call.startsWith('PUT /upload/')).length;
    expect(parts(await counted(() => storage.put('a', new Blob([content]))))).toBe(2);
    expect(parts(await counted(() => storage.put('a', content.fill(8))))).toBe(1);
    const stored = (await storage.load('a', { as: 'bytes' })) as Uint8Array;
    expect(Buffer.compare(stored, content)).toBe(0);
  });

  test('that a put began and the service lost is begun again', async () => {
    const { fake, open } = await openFake();
    let lost = 0;
    const losing: typeof fetch = async (input, init) => {
      if (!String(input).includes('upload_id') || lost > 0) return fetch(input, init);
      lost += 1;
      return new Response('', { status: 404 });
    };
    const settings = { auth: () => fake.accessToken, endpoint: fake.url, fetch: losing };
    const content = new Uint8Array(6_000_000).fill(7);
    await expect(open({ fetch: losing }).put('a', toBody(content), {})).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
      outcome: 'not-applied',
    });
    lost = 0;
    const retrying = createGoogleDrive({ ...settings, retry: { backoff: 'none' } });
    expect((await retrying.put('a', content, { metadata: { n: 1 } })).metadata).toEqual({ n: 1 });
    expect(lost).toBe(1);
  });
});

describe('answers that the service does not give', () => {
  const answering =
    (isMeant: (url: string, init: RequestInit) => boolean, answer: () => Response): typeof fetch =>
    async (input, init = {}) =>
      isMeant(String(input), init) ? answer() : fetch(input, init);
  const isPart = (url: string, init: RequestInit) =>
    url.includes('upload_id') && bodyOf(init).byteLength > 0;
  const odd = { code: 'unavailable' };

  test.each([
    [
      'no address',
      (url: string) => url.includes('uploadType=resumable&'),
      () => new Response('{}'),
    ],
  ])('%s', async (_, isMeant, answer) => {
    const { open } = await openFake();
    const provider = open({
      fetch: answering((url) => isMeant(url) && !url.includes('upload_id'), answer),
    });
    await expect(begin(provider, { totalBytes: 1 })).rejects.toMatchObject(odd);
  });

  test.each([
    ['a file before the end', () => Response.json({ id: 'x', mimeType: 'a/b' })],
    [
      'more than was sent',
      () => new Response(null, { status: 308, headers: { range: 'bytes=0-99999999' } }),
    ],
    ['a range that is none', () => new Response(null, { status: 308, headers: { range: 'x' } })],
    ['nothing taken, again and again', () => new Response(null, { status: 308 })],
    ['a page', () => new Response('<html>')],
  ])('%s', async (_, answer) => {
    const { open } = await openFake();
    const session = await begin(open({ fetch: answering(isPart, answer) }), {
      totalBytes: 3 * STEP,
    });
    await expect(session.write(0, bytes(2 * STEP))).rejects.toMatchObject(odd);
  });

  test('an end that is none', async () => {
    const { open } = await openFake();
    const answer = () => new Response(null, { status: 308 });
    const session = await begin(open({ fetch: answering(isPart, answer) }), { totalBytes: 3 });
    await session.write(0, bytes(3));
    await expect(session.complete()).rejects.toMatchObject(odd);
  });

  test('a file without the fields that were asked for is asked for again', async () => {
    const { open } = await openFake();
    const short: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('upload_id') || response.status !== 200) return response;
      const { id, mimeType } = (await response.json()) as { id: string; mimeType: string };
      return Response.json({ id, mimeType });
    };
    const session = await begin(open({ fetch: short }), { totalBytes: 3 });
    await session.write(0, bytes(3));
    expect(await session.complete()).toMatchObject({ size: 3 });
  });

  test('a token of another form', async () => {
    const { encodeToken } = await import('@granary/storage-core/provider');
    const { open } = await openFake();
    for (const fields of [null, 7, {}, { url: 'x', expiresAt: 1 }]) {
      await expect(begin(open(), { token: encodeToken('a', fields) })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});
