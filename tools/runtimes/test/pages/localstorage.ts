import { createLocalStorage } from '@granary/storage-localstorage';
import { type ConformanceResult, runKit } from '../../src/job.ts';
import { SMOKE, TIMEOUT_MS } from './smoke.ts';

const page = globalThis as unknown as { readonly localStorage: { clear(): void } };

export function run(knownGaps: Readonly<Record<string, string>>): Promise<ConformanceResult> {
  return runKit(
    {
      name: 'localstorage',
      knownGaps,
      timeoutMs: TIMEOUT_MS,
      create() {
        const namespace = crypto.randomUUID();
        const open = () =>
          // As much as a browser lets an origin have, because the kit tries objects of 3 MB.
          createLocalStorage.provider({
            namespace,
            maxObjectBytes: 4_000_000,
            maxTotalBytes: 10_000_000,
          });
        return { provider: open(), reopen: open, close: () => page.localStorage.clear() };
      },
    },
    // One scenario at a time: all of them share the few megabytes of the origin.
    { ...SMOKE, concurrency: 1 },
  );
}
