import type { VaultDriver } from './vault-driver.ts';
import { workQueue } from './work-queue.ts';

/** How the driver for tests is made. */
export interface MemoryDriverOptions {
  /** The texts themselves; drivers over the same map see each other's. Default: a new map. */
  readonly entries?: Map<string, string>;
  /** As that of the driver it stands in for. Units: ASCII characters. Default: any number. */
  readonly maxEntryChars?: number;
}

/** Keeps secrets in memory, in clear, until the program ends: for tests. */
export function memoryDriver(options: MemoryDriverOptions = {}): VaultDriver {
  const { entries = new Map<string, string>(), maxEntryChars } = options;
  const queue = workQueue(entries);
  return {
    specVersion: 1,
    name: 'memory',
    ...(maxEntryChars !== undefined && { maxEntryChars }),
    describe: () => ({
      place: 'the memory of this program',
      protectsAgainst: ['what reads disks, because nothing is written to one'],
      doesNotProtectAgainst: [
        'the loss of every secret when the program ends',
        'other code in this program',
      ],
    }),
    open: async () => undefined,
    read: async (entry) => entries.get(entry),
    async write(entry, text) {
      entries.set(entry, text);
    },
    remove: async (entry) => entries.delete(entry),
    entries: async () => [...entries.keys()],
    exclusively: (work) => queue(work),
  };
}
