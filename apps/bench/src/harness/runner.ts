import { mkdir, rm } from 'node:fs/promises';
import { type MemoryUse, startMemoryProbe } from './memory-probe.ts';
import type { Subject } from './subject.ts';
import type { Readings, Session, SessionPlace, Workload } from './workload.ts';

/** What one subject used up in all its runs of a workload. */
export interface Resources extends MemoryUse {
  /** Time the process has run on a processor since it began. Units: ms. */
  readonly cpuMs: number;
}

/** Runs one subject of a workload, in this process or in one of its own. */
export interface Runner {
  /** Sets up and verifies. */
  open(): Promise<void>;
  run(round: number): Promise<Readings>;
  /** Takes everything down. Safe to call when `open` has failed. */
  close(): Promise<Resources | undefined>;
}

/** Runs a subject in this process. Its folder exists from `open` to `close`. */
export function localRunner(workload: Workload, subject: Subject, place: SessionPlace): Runner {
  let session: Session | undefined;
  let probe: ReturnType<typeof startMemoryProbe> | undefined;

  return {
    async open() {
      await mkdir(place.folder, { recursive: true });
      session = await workload.start(subject, place);
      probe = startMemoryProbe();
      await session.verify();
    },
    async run(round) {
      if (session === undefined) throw new Error(`${subject.id} was never opened.`);
      return session.run(round);
    },
    async close() {
      const memory = probe?.stop();
      const cpu = process.cpuUsage();
      try {
        await session?.close();
      } finally {
        await rm(place.folder, { recursive: true, force: true });
      }
      return memory && { ...memory, cpuMs: (cpu.user + cpu.system) / 1000 };
    },
  };
}
