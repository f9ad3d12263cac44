import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type BundleOptions, bundleCaller, bundleEntry, bundleModule } from './bundle-entry.ts';
import type { Place } from './place.ts';

/** Serves modules as pages, each with what it needs and nothing else. */
export interface EntryServer {
  /** Units: a port of 127.0.0.1. */
  readonly port: number;
  /** Returns the path of the page that runs the module in `file`. Rejects when it does not bundle. */
  pathOf(file: string, place: Place): Promise<string>;
  close(): Promise<void>;
}

/** Opens a server on a free port of 127.0.0.1. */
export async function openEntryServer(): Promise<EntryServer> {
  /** Bundles by path; a module is read once. */
  const scripts = new Map<string, () => Promise<string>>();
  const pages = new Map<string, string>();
  const modules = new Map<string, string>();

  const options: BundleOptions = {
    pathOf(file) {
      const known = modules.get(file);
      if (known !== undefined) return known;
      const path = `/modules/${modules.size + 1}.js`;
      modules.set(file, path);
      scripts.set(
        path,
        onFirstUse(() => bundleModule(file, options)),
      );
      return path;
    },
  };

  async function answer({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(url, 'http://localhost');
    const script = scripts.get(pathname);
    const page = pages.get(pathname);
    response.setHeader('cache-control', 'no-store');
    if (script !== undefined) {
      const text = await script();
      response.setHeader('content-type', 'text/javascript; charset=utf-8');
      response.end(text);
    } else if (page !== undefined) {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(page);
    } else {
      response.writeHead(404).end();
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    port: (server.address() as AddressInfo).port,

    async pathOf(file, place) {
      // A folder for each module: a service worker sees what lies beside it.
      const base = `/entries/${Buffer.from(file).toString('base64url')}/${place}`;
      const entry = `${base}.js`;
      if (!pages.has(base)) {
        const text = await bundleEntry(file, place, options);
        scripts.set(entry, async () => text);
        let start = entry;
        if (place !== 'page') {
          start = `${base}-caller.js`;
          const caller = await bundleCaller(place, entry, options);
          scripts.set(start, async () => caller);
        }
        pages.set(base, pageText(start));
      }
      return base;
    },

    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** The page tells in `granaryLoaded` whether its module has run. */
function pageText(script: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Granary</title>
<script>globalThis.granaryLoaded = () => import('${script}').then(() => undefined);</script>
</html>
`;
}

function onFirstUse<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
