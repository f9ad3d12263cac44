import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves one page at every origin of a port. */
export interface PageServer {
  /** Units: a port of 127.0.0.1. */
  readonly port: number;
  stop(): Promise<void>;
}

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Granary's benchmark</title>
<script type="module" src="/page.js"></script>
</html>
`;

/**
 * Isolated from other origins, a page has a clock of 5 µs instead of 100:
 * https://developer.mozilla.org/docs/Web/API/Performance_API/High_precision_timing (read 2026-11-21).
 */
const HEADERS: Readonly<Record<string, string>> = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** Serves scripts by name, and the page at every other address. */
export async function servePage(scripts: ReadonlyMap<string, Uint8Array>): Promise<PageServer> {
  const server = createServer(({ url = '/' }, response) => {
    const { pathname } = new URL(url, 'http://localhost');
    const script = scripts.get(pathname.slice(1));
    const isLost = script === undefined && pathname !== '/';
    const type = script === undefined ? 'text/html' : 'text/javascript';
    response.writeHead(isLost ? 404 : 200, {
      ...HEADERS,
      'content-type': `${type}; charset=utf-8`,
    });
    response.end(isLost ? '' : (script ?? PAGE));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
