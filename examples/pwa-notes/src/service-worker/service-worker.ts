import { createFileCache, type PageFile } from './file-cache.ts';

declare const self: ServiceWorkerGlobalScope;

/** Written by the build: all files of the page. */
declare const PAGE_FILES: readonly PageFile[];
declare const PAGE_VERSION: string;

const cache = createFileCache({
  files: PAGE_FILES,
  version: PAGE_VERSION,
  scope: self.registration.scope,
  caches: self.caches,
  fetch: (...request) => self.fetch(...request),
});

self.addEventListener('install', (event) => event.waitUntil(cache.fill()));
self.addEventListener('activate', (event) => {
  event.waitUntil(cache.dropOthers().then(() => self.clients.claim()));
});
self.addEventListener('message', ({ data }) => {
  if (data === 'activate') void self.skipWaiting();
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  if (request.method !== 'GET' || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(cache.answer(request).then((kept) => kept ?? self.fetch(request)));
});
