import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Serves the application of the tests at one origin, at every path. */
export interface PageServer {
  readonly origin: string;
  close(): Promise<void>;
}

const APP = fileURLToPath(new URL('./pages/app.ts', import.meta.url));
const HTML =
  '<!doctype html><title>Granary</title><link rel="icon" href="data:,"><button id="sign-in" onclick="app.click()">Sign in</button><script type="module" src="/app.js"></script>';

export async function startPageServer(): Promise<PageServer> {
  const { outputFiles } = await build({
    entryPoints: [APP],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    conditions: ['@granary/source'],
  });
  const script = outputFiles[0]?.text ?? '';
  const server = createServer(({ url = '/' }, response) => {
    const isScript = url === '/app.js';
    const type = isScript ? 'text/javascript' : 'text/html';
    response.setHeader('content-type', `${type}; charset=utf-8`);
    response.end(isScript ? script : HTML);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
