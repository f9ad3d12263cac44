import { readFileSync } from 'node:fs';
import { descendantsOf, type ProcessEntry, processEntries } from '../harness/process-tree.ts';

/** What the processes of a browser held more than when the watch began, at the most. Units: bytes. */
export interface MemoryWatch {
  stop(): number | undefined;
}

/** What the watch asks the system; replaced in tests. */
export interface BrowserMemoryFacts {
  entries(): readonly ProcessEntry[] | undefined;
  /** The `status` of a process: https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
  statusOf(id: number): string;
}

const SAMPLE_EVERY_MS = 25;
const BYTES_PER_KIB = 1024;

/**
 * Watches the memory of a process and all below it, by samples: what they have allocated, in private or
 * shared, without the files that the kernel maps for them. Content that a page hands on moves to
 * other processes of the browser, so that the page's own memory says little. Undefined where the
 * system does not tell.
 */
export function watchBrowserMemory(
  processId: number,
  facts: BrowserMemoryFacts = systemFacts,
): MemoryWatch {
  const idleBytes = memoryOf(processId, facts);
  let peakBytes = idleBytes ?? 0;
  const sample = () => {
    peakBytes = Math.max(peakBytes, memoryOf(processId, facts) ?? 0);
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      sample();
      return idleBytes === undefined ? undefined : peakBytes - idleBytes;
    },
  };
}

function memoryOf(
  processId: number,
  { entries, statusOf }: BrowserMemoryFacts,
): number | undefined {
  const all = entries();
  if (all === undefined) return undefined;
  const ids = [processId, ...descendantsOf(processId, all).map(({ id }) => id)];
  return ids.reduce((sum, id) => {
    try {
      return sum + allocatedIn(statusOf(id));
    } catch {
      // It has ended meanwhile.
      return sum;
    }
  }, 0);
}

/** Units: bytes. */
function allocatedIn(status: string): number {
  const parts = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)];
  return parts.reduce((sum, [, kib]) => sum + Number(kib) * BYTES_PER_KIB, 0);
}

const systemFacts: BrowserMemoryFacts = {
  entries: processEntries,
  statusOf: (id) => readFileSync(`/proc/${id}/status`, 'latin1'),
};
