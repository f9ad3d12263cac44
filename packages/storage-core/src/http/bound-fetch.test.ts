import { afterEach, describe, expect, test, vi } from 'vitest';
import { boundFetch } from './bound-fetch.ts';
import { isBrowser } from './is-browser.ts';

const URL_OF_UPLOAD = 'https://api.example/uploads/1';

/** A `fetch` that gives one answer, with how it was asked. */
function answering(response: Response) {
  const asked: RequestInit[] = [];
  const fetch: typeof globalThis.fetch = async (_input, init = {}) => {
    asked.push(init);
    return response;
  };
  return { fetch, asked };
}

afterEach(() => vi.unstubAllGlobals());

describe('a redirect', () => {
  test('is left to fetch to refuse, where it is no answer', async () => {
    const { fetch, asked } = answering(new Response('x'));
    await boundFetch(fetch, { accept: [404] })(URL_OF_UPLOAD, { redirect: 'follow' });
    expect(asked[0]?.redirect).toBe('error');
  });

  test.each([
    ['manual', false],
    ['follow', true],
  ])(
    'that leads nowhere is an answer where it was said to be one, asked for by %s',
    async (redirect, inPage) => {
      if (inPage) vi.stubGlobal('document', {});
      const { fetch, asked } = answering(
        new Response(null, { status: 308, headers: { range: 'bytes=0-9' } }),
      );
      const response = await boundFetch(fetch, { accept: [308] })(URL_OF_UPLOAD);
      expect(response.status).toBe(308);
      expect(response.headers.get('range')).toBe('bytes=0-9');
      expect(asked[0]?.redirect).toBe(redirect);
    },
  );

  test('that leads elsewhere, or was followed, fails as fetch does', async () => {
    const headers = { location: 'https://evil.example' };
    const leading = answering(new Response(null, { status: 307, headers }));
    const bounds = { accept: [308] };
    await expect(boundFetch(leading.fetch, bounds)(URL_OF_UPLOAD)).rejects.toThrow(TypeError);
    expect(leading.asked[0]?.signal?.aborted).toBe(true);
    const followed = new Response('x');
    Object.defineProperty(followed, 'redirected', { value: true });
    const { fetch } = answering(followed);
    await expect(boundFetch(fetch, bounds)(URL_OF_UPLOAD)).rejects.toThrow(TypeError);
  });

  test('does not turn what names a place for another reason into one', async () => {
    const created = new Response('made', { status: 201, headers: { location: '/uploads/1' } });
    const response = await boundFetch(answering(created).fetch, { accept: [308] })(URL_OF_UPLOAD);
    expect(response.status).toBe(201);
  });
});

test('a signal that has ended already ends the request', async () => {
  const { fetch, asked } = answering(new Response('x'));
  const signal = AbortSignal.abort(new Error('enough'));
  await boundFetch(fetch, { signal })(URL_OF_UPLOAD);
  expect(asked[0]?.signal?.aborted).toBe(true);
  expect(asked[0]?.signal?.reason).toBe(signal.reason);
});

test('pages and their workers are told from other places', () => {
  expect(isBrowser()).toBe(false);
  expect(isBrowser({ document: {} })).toBe(true);
  expect(isBrowser({ importScripts: () => {} })).toBe(true);
});
