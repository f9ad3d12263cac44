import { findBrowser, whyNoBrowser } from '@granary-tools/browser';
import type { RunningServer } from '../harness/servers.ts';
import { startChromium } from './chromium.ts';
import { bundlePage } from './page-bundle.ts';
import { servePage } from './page-server.ts';

/** Starts a Chromium and the server of its pages. Rejects when there is none on this machine. */
export async function startBrowserServer(
  executablePath: string | undefined = findBrowser('chromium'),
): Promise<RunningServer> {
  if (executablePath === undefined) throw new Error(whyNoBrowser('chromium'));
  const server = await servePage(await bundlePage());
  try {
    const { endpoint, processId, stop } = await startChromium(executablePath);
    return {
      facts: { endpoint, processId: String(processId), port: String(server.port) },
      async stop() {
        await stop();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}
