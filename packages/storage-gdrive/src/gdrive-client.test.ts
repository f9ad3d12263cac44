import { describe, expect, test } from 'vitest';
import { driveClient, isBrowser, readJson, resumableFetch } from './gdrive-client.ts';

describe('resumableFetch', () => {
  const sent: RequestInit[] = [];
  const answering =
    (response: Response): typeof fetch =>
    async (_input, init) => {
      sent.push(init ?? {});
      return response;
    };

  test('lets 308 through for the address of an upload, and follows nothing', async () => {
    const moved = new Response(null, { status: 308 });
    const url = 'https://www.googleapis.com/upload?upload_id=x';
    const fetched = await resumableFetch(answering(moved), false)(url, { redirect: 'error' });
    expect([fetched.status, sent.at(-1)?.redirect]).toEqual([308, 'manual']);
    await resumableFetch(answering(new Response(null, { status: 308 })), true)(url, {});
    expect(sent.at(-1)?.redirect).toBe('follow');
    const elsewhere = new Response(null, { status: 307, headers: { location: 'https://evil' } });
    await expect(resumableFetch(answering(elsewhere), false)(url)).rejects.toThrow(TypeError);
    const followed = new Response('x');
    Object.defineProperty(followed, 'redirected', { value: true });
    await expect(resumableFetch(answering(followed), true)(url)).rejects.toThrow(TypeError);
  });

  test('leaves other requests as they are', async () => {
    await resumableFetch(answering(new Response('x')))('https://x/files', { redirect: 'error' });
    expect(sent.at(-1)).toEqual({ redirect: 'error' });
  });
});

describe('driveClient', () => {
  test('refuses an address without encryption, and a session of another service', async () => {
    expect(() => driveClient({ auth: 'x', endpoint: 'http://drive.example' })).toThrow(
      /without encryption/,
    );
    const client = driveClient({
      auth: 'x',
      endpoint: 'http://drive.example',
      allowInsecure: true,
    });
    for (const url of ['https://evil.example/?upload_id=x', 'nonsense']) {
      await expect(client.session({ method: 'PUT', url, accept: [] })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});

test('reads JSON that is an object, and takes nothing else for an answer', async () => {
  expect(await readJson(new Response('{"a":1}'))).toEqual({ a: 1 });
  for (const text of ['<html>', '7', 'null']) {
    await expect(readJson(new Response(text))).rejects.toMatchObject({ code: 'unavailable' });
  }
});

test('knows pages and workers', () => {
  expect(isBrowser()).toBe(false);
  expect(isBrowser({ document: {} })).toBe(true);
  expect(isBrowser({ importScripts: () => {} })).toBe(true);
});
