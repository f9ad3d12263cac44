import type { Readings } from '../harness/workload.ts';

/** One subject in a page, set up for one workload. */
export interface PageSession {
  /** Fails when the subject does not do what is about to be measured. */
  verify(): Promise<void>;
  /** Does one part of the work once. Only what it times itself counts. */
  run(round: number, part: string): Promise<Readings>;
  close(): Promise<void>;
}
