import { createFileCache, type PageFile } from './file-cache.ts';

/** What is needed of a service worker. */
export interface WorkerScope extends EventTarget {
  readonly registration: { readonly scope: string };
  readonly caches: CacheStorage;
  readonly fetch: typeof fetch;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
}

/** The files of one version of the page, as the build lists them. */
export interface PageVersion {
  readonly files: readonly PageFile[];
  readonly version: string;
}

interface LastingEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

interface RequestEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
}

/**
 * Makes a service worker answer with the files of the page. A new version fetches its files, and waits
 * until a page sends "activate".
 */
export function serveFiles(scope: WorkerScope, { files, version }: PageVersion): void {
  const folder = scope.registration.scope;
  const cache = createFileCache({
    files,
    version,
    scope: folder,
    caches: scope.caches,
    fetch: (...request) => scope.fetch(...request),
  });
  const on = <Name extends Event>(name: string, listener: (event: Name) => void): void =>
    scope.addEventListener(name, listener as EventListener);

  on<LastingEvent>('install', (event) => event.waitUntil(cache.fill()));
  on<LastingEvent>('activate', (event) => {
    event.waitUntil(cache.dropOthers().then(() => scope.clients.claim()));
  });
  on<MessageEvent<unknown>>('message', ({ data }) => {
    if (data === 'activate') void scope.skipWaiting();
  });
  on<RequestEvent>('fetch', (event) => {
    const { request } = event;
    if (request.method !== 'GET' || !request.url.startsWith(folder)) return;
    event.respondWith(cache.answer(request).then((kept) => kept ?? scope.fetch(request)));
  });
}
