import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** What a process held while it worked. Units: bytes. */
export interface MemoryUse {
  /** Resident before the work, after a collection. */
  readonly idleBytes: number;
  readonly peakBytes: number;
  /** Most files open at once, the process's own included. Absent where the system does not tell. */
  readonly openFiles?: number;
}

export interface MemoryProbe {
  stop(): MemoryUse;
}

/** What the probe asks the system; replaced in tests. */
export interface MemoryFacts {
  collect(): void;
  residentBytes(): number;
  /** Starts the kernel's high-water mark anew, where that is possible. */
  resetPeak(): void;
  /** The kernel's high-water mark. */
  peakBytes(): number;
  openFiles(): number | undefined;
}

const SAMPLE_EVERY_MS = 20;
const BYTES_PER_KIB = 1024;

/**
 * Watches this process's memory until stopped: by samples, and by the kernel's high-water mark,
 * which no peak between two samples escapes.
 */
export function startMemoryProbe(facts: MemoryFacts = systemFacts): MemoryProbe {
  facts.collect();
  const idleBytes = facts.residentBytes();
  facts.resetPeak();
  let sampledBytes = idleBytes;
  let openFiles: number | undefined;
  const sample = () => {
    sampledBytes = Math.max(sampledBytes, facts.residentBytes());
    const open = facts.openFiles();
    if (open !== undefined) openFiles = Math.max(openFiles ?? 0, open);
  };
  sample();
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  timer.unref();
  return {
    stop() {
      clearInterval(timer);
      sample();
      const peakBytes = Math.max(sampledBytes, facts.peakBytes());
      return { idleBytes, peakBytes, ...(openFiles === undefined ? {} : { openFiles }) };
    },
  };
}

/** The running process. `/proc` where there is one: https://man7.org/linux/man-pages/man5/proc.5.html */
export const systemFacts: MemoryFacts = {
  collect: () => globalThis.gc?.(),
  residentBytes: () => process.memoryUsage.rss(),
  resetPeak: () => attempt(() => writeFileSync('/proc/self/clear_refs', '5')),
  peakBytes: () => (attempt(kernelPeakKib) ?? process.resourceUsage().maxRSS) * BYTES_PER_KIB,
  openFiles: () => attempt(() => readdirSync('/proc/self/fd').length),
};

function kernelPeakKib(): number | undefined {
  const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return line === null ? undefined : Number(line[1]);
}

function attempt<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
