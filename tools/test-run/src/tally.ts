/** One check or test as it appears in the sum. */
export type Entry = PassedEntry | OtherEntry;

interface PassedEntry {
  /** Package or group it belongs to. */
  readonly group: string;
  readonly title: string;
  readonly state: 'passed';
}

interface OtherEntry {
  readonly group: string;
  readonly title: string;
  readonly state: 'failed' | 'skipped';
  /** Why it was skipped, or how it failed. */
  readonly reason: string;
}

/** Numbers of the last line. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts entries by state. */
export function tally(entries: readonly Entry[]): Tally {
  const count = (state: Entry['state']) => entries.filter((entry) => entry.state === state).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
}

/** Returns the line that ends every run. */
export function tallyLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
