import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium } from 'playwright-core';
import { bundleJob } from './bundle-job.ts';
import type { JobResult } from './job.ts';

/** Runs the job in the page, and offers to run it in a worker. */
const PAGE = `<!doctype html>
<title>Granary</title>
<script type="module" src="/global.js"></script>
<script>
  function startInWorker() {
    return new Promise((resolve, reject) => {
      const worker = new Worker('/posted.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
  }
</script>`;
const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of a Chromium on this machine, or undefined. */
export function findChromium(): string | undefined {
  return PLACES.find((path) => existsSync(path));
}

/** Runs the job in a page of a real browser and in a dedicated worker of that page. */
export async function runInChromium(
  executablePath: string,
): Promise<{ readonly page: JobResult; readonly worker: JobResult }> {
  const scripts = new Map([
    ['/global.js', await bundleJob('global')],
    ['/posted.js', await bundleJob('posted')],
  ]);
  const server = createServer((request, response) => {
    const script = scripts.get(String(request.url));
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    response.end(script ?? PAGE);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://127.0.0.1:${port}/`);
    const page: JobResult = await tab.evaluate('job');
    const worker: JobResult = await tab.evaluate('startInWorker()');
    return { page, worker };
  } finally {
    await browser.close();
    server.close();
  }
}
