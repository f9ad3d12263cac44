import { createIndexedDB } from '@granary/storage-idb';
import { type ConformanceResult, runKit } from '../../src/job.ts';
import { SMOKE, TIMEOUT_MS } from './smoke.ts';

export function run(knownGaps: Readonly<Record<string, string>>): Promise<ConformanceResult> {
  return runKit(
    {
      name: 'idb',
      knownGaps,
      timeoutMs: TIMEOUT_MS,
      create() {
        const dbName = `kit-${crypto.randomUUID()}`;
        const open = () => createIndexedDB.provider({ dbName });
        return {
          provider: open(),
          reopen: open,
          outside: { settleMs: 1_000 },
          close() {
            indexedDB.deleteDatabase(dbName);
          },
        };
      },
    },
    SMOKE,
  );
}
