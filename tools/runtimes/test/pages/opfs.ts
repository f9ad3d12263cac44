import { createOPFS } from '@granary/storage-opfs';
import { type ConformanceResult, runKit } from '../../src/job.ts';
import { SMOKE, TIMEOUT_MS } from './smoke.ts';

export function run(knownGaps: Readonly<Record<string, string>>): Promise<ConformanceResult> {
  return runKit(
    {
      name: 'opfs',
      knownGaps,
      timeoutMs: TIMEOUT_MS,
      create() {
        const root = `kit-${crypto.randomUUID()}`;
        const open = () => createOPFS.provider({ root });
        return {
          provider: open(),
          reopen: open,
          outside: { settleMs: 1_000 },
          async close() {
            const top = await navigator.storage.getDirectory();
            await top.removeEntry(root, { recursive: true }).catch(() => undefined);
          },
        };
      },
    },
    // More at once wait for each other's files, longest of all in a page of Firefox.
    { ...SMOKE, concurrency: 2 },
  );
}
