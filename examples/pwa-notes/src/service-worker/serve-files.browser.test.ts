import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { serveFiles } from './serve-files.ts';

const FOLDER = `${location.origin}/app/`;
const FILES = [{ url: './', hash: 'sha256-page' }];

/** A service worker of which a test says what happens. */
class FakeScope extends EventTarget {
  readonly registration = { scope: FOLDER };
  readonly caches = caches;
  readonly fetch = vi.fn(async (url: RequestInfo | URL) => {
    return new Response(`fetched ${url instanceof Request ? url.url : url}`);
  });
  readonly clients = { claim: vi.fn(async () => {}) };
  readonly skipWaiting = vi.fn(async () => {});

  /** Lets an event happen, and waits as long as the worker asks for. */
  async happens(name: string, more: object = {}): Promise<Response | undefined> {
    let work: Promise<unknown> | undefined;
    let answer: Promise<Response> | undefined;
    const event = Object.assign(new Event(name), more, {
      waitUntil: (promise: Promise<unknown>) => {
        work = promise;
      },
      respondWith: (response: Promise<Response>) => {
        answer = response;
      },
    });
    this.dispatchEvent(event);
    await work;
    return answer;
  }
}

let scope: FakeScope;

async function dropAll(): Promise<void> {
  for (const name of await caches.keys()) await caches.delete(name);
}

beforeEach(async () => {
  await dropAll();
  scope = new FakeScope();
  serveFiles(scope, { files: FILES, version: '1' });
});
afterEach(dropAll);

test('installing keeps the files, which are answered without a network', async () => {
  await scope.happens('install');
  expect(scope.fetch).toHaveBeenCalledTimes(1);
  const response = await scope.happens('fetch', { request: new Request(`${FOLDER}?x`) });
  expect(await response?.text()).toBe(`fetched ${FOLDER}`);
  expect(scope.fetch).toHaveBeenCalledTimes(1);
});

test('a version that cannot be fetched is not installed', async () => {
  scope.fetch.mockResolvedValueOnce(new Response('', { status: 503 }));
  await expect(scope.happens('install')).rejects.toThrow('503');
});

test('what is not kept comes from the network', async () => {
  const request = new Request(`${FOLDER}other.json`);
  const response = await scope.happens('fetch', { request });
  expect(await response?.text()).toBe(`fetched ${FOLDER}other.json`);
});

test('what is no file of the page is left to the browser', async () => {
  const elsewhere = new Request(`${location.origin}/elsewhere`);
  expect(await scope.happens('fetch', { request: elsewhere })).toBeUndefined();
  const sent = new Request(FOLDER, { method: 'POST' });
  expect(await scope.happens('fetch', { request: sent })).toBeUndefined();
  expect(scope.fetch).not.toHaveBeenCalled();
});

test('an active version drops the others and takes over the pages', async () => {
  await caches.open('pwa-notes-files-0');
  await scope.happens('install');
  await scope.happens('activate');
  expect(await caches.keys()).toEqual(['pwa-notes-files-1']);
  expect(scope.clients.claim).toHaveBeenCalledTimes(1);
});

test('a version that waits begins when a page says so, and by no other word', async () => {
  await scope.happens('message', { data: 'hello' });
  expect(scope.skipWaiting).not.toHaveBeenCalled();
  await scope.happens('message', { data: 'activate' });
  expect(scope.skipWaiting).toHaveBeenCalledTimes(1);
});
