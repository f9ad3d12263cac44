import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createFileCache, type PageFile } from './file-cache.ts';

const SCOPE = `${location.origin}/app/`;
const PAGE: PageFile = { url: './', hash: 'sha256-page' };
const SCRIPT: PageFile = { url: './assets/a.js', hash: 'sha256-a' };

const fetched = vi.fn(
  async (url: RequestInfo | URL, _options?: RequestInit) => new Response(`content of ${url}`),
);

async function dropAll(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
}

beforeEach(dropAll);
afterEach(async () => {
  fetched.mockClear();
  await dropAll();
});

const cacheOf = (version: string, files: readonly PageFile[]) =>
  createFileCache({ files, version, scope: SCOPE, caches, fetch: fetched });

/** A request for the page, which no script can make. */
const navigation = (url: string) => ({ method: 'GET', mode: 'navigate', url }) as Request;

test('all files are fetched with their hashes, and answered without a network', async () => {
  const cache = cacheOf('1', [PAGE, SCRIPT]);
  await cache.fill();
  expect(fetched.mock.calls).toEqual([
    [SCOPE, { cache: 'no-cache', integrity: 'sha256-page' }],
    [`${SCOPE}assets/a.js`, { cache: 'no-cache', integrity: 'sha256-a' }],
  ]);
  const script = await cache.answer(new Request(`${SCOPE}assets/a.js?x#y`));
  expect(await script?.text()).toBe(`content of ${SCOPE}assets/a.js`);
  const page = await cache.answer(navigation(`${SCOPE}deep/link`));
  expect(await page?.text()).toBe(`content of ${SCOPE}`);
});

test('what is no file of the page is left to the network', async () => {
  const cache = cacheOf('1', [PAGE]);
  await cache.fill();
  expect(await cache.answer(new Request(`${SCOPE}other.json`))).toBeUndefined();
  expect(await cache.answer(new Request(SCOPE, { method: 'POST' }))).toBeUndefined();
  expect(await cache.answer(navigation(`${location.origin}/elsewhere`))).toBeUndefined();
});

test('the next version fetches only what has changed, and drops the other one', async () => {
  await cacheOf('1', [PAGE, SCRIPT]).fill();
  fetched.mockClear();
  const next = cacheOf('2', [{ ...PAGE, hash: 'sha256-new' }, SCRIPT]);
  await next.fill();
  expect(fetched.mock.calls.map(([url]) => url)).toEqual([SCOPE]);
  await caches.open('of-somebody-else');
  await next.dropOthers();
  expect((await caches.keys()).sort()).toEqual(['of-somebody-else', 'pwa-notes-files-2']);
});

test('a version that is not complete is not kept', async () => {
  fetched.mockImplementationOnce(async () => new Response('no', { status: 404 }));
  await expect(cacheOf('1', [PAGE, SCRIPT]).fill()).rejects.toThrow('answered with 404');
  expect(await caches.keys()).toEqual([]);
});
