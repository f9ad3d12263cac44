/** A file of the page, with the hash of its content as `sha256-<base64>`. */
export interface PageFile {
  readonly url: string;
  readonly hash: string;
}

/** The files of one version of the page, kept so that it opens without a network. */
export interface FileCache {
  /** Fetches what is not here yet. Fails as a whole: a version is complete or it is not used. */
  fill(): Promise<void>;
  /** Deletes the files of other versions. */
  dropOthers(): Promise<void>;
  /** What a request is answered with. Nothing for what is no file of the page. */
  answer(request: Request): Promise<Response | undefined>;
}

/** What {@link createFileCache} works by. */
export interface FileCacheOptions {
  readonly files: readonly PageFile[];
  /** Names the version: the same files have the same name. */
  readonly version: string;
  /** Folder of the page, as an absolute URL with a slash at its end. */
  readonly scope: string;
  readonly caches: CacheStorage;
  readonly fetch: typeof fetch;
}

const NAME = 'pwa-notes-files-';
/** Recorded with each file, so that the next version knows what it need not fetch. */
const HASH_HEADER = 'x-file-hash';

/** Makes the cache of one version. */
export function createFileCache(options: FileCacheOptions): FileCache {
  const { files, version, scope, caches, fetch } = options;
  const name = NAME + version;
  const urls = new Map(files.map((file) => [new URL(file.url, scope).href, file]));

  async function read({ url, hash }: PageFile): Promise<Response> {
    const full = new URL(url, scope).href;
    const known = await caches.match(full);
    if (known?.headers.get(HASH_HEADER) === hash) return known;
    // With `integrity`, a file of another version fails here rather than in the page.
    const response = await fetch(full, { cache: 'no-cache', integrity: hash });
    if (!response.ok) throw new Error(`${full} answered with ${response.status}.`);
    const headers = new Headers(response.headers);
    headers.set(HASH_HEADER, hash);
    // The body is decoded already.
    headers.delete('content-encoding');
    headers.delete('content-length');
    return new Response(response.body, { headers });
  }

  return {
    async fill() {
      const cache = await caches.open(name);
      try {
        await Promise.all(
          files.map(async (file) => cache.put(new URL(file.url, scope).href, await read(file))),
        );
      } catch (error) {
        await caches.delete(name);
        throw error;
      }
    },
    async dropOthers() {
      const others = (await caches.keys()).filter((one) => one.startsWith(NAME) && one !== name);
      await Promise.all(others.map((one) => caches.delete(one)));
    },
    async answer(request) {
      if (request.method !== 'GET') return undefined;
      const url = new URL(request.url);
      url.search = '';
      url.hash = '';
      const isPage = request.mode === 'navigate' && url.href.startsWith(scope);
      const href = isPage ? scope : url.href;
      if (!urls.has(href)) return undefined;
      const cache = await caches.open(name);
      return cache.match(href);
    },
  };
}
