import { type ErrorFacts, errorFacts } from '../output/error-report.ts';
import { formatBytes, formatCount, formatRate, formatSpan } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';

/** What happened to one object. */
export type TransferStatus = 'done' | 'planned' | 'skipped' | 'failed';

/** Why an object was left alone. */
export type SkipReason = 'same' | 'exists' | 'done-before';

export interface TransferOutcome {
  readonly status: TransferStatus;
  readonly source: string;
  readonly target: string;
  /** Units: bytes. */
  readonly size: number | undefined;
  readonly reason?: SkipReason;
  readonly error?: unknown;
}

/** Words for what a command does to objects. */
export interface TransferWords {
  /** The `action` of JSON records. */
  readonly action: string;
  /** `Copied` */
  readonly past: string;
}

/** Says what happened to each object and, at the end, to all. */
export interface TransferLog {
  readonly counts: Readonly<Record<TransferStatus, number>>;
  /** Whether anything happened. */
  isUsed(): boolean;
  record(outcome: TransferOutcome): Promise<void>;
  /** Says how it went. */
  sum(isInterrupted: boolean): Promise<void>;
}

const SKIP_TEXT: Readonly<Record<SkipReason, readonly [one: string, sum: string]>> = {
  same: ['is the same', 'the same already'],
  exists: ['exists already', 'left because they exist'],
  'done-before': ['was done by the run before', 'done by the run before'],
};

export function transferLog(
  output: Output,
  words: TransferWords,
  settings: { readonly verbose: boolean; readonly dryRun: boolean; readonly now: () => number },
): TransferLog {
  const { action, past } = words;
  const { verbose, dryRun, now } = settings;
  const counts = { done: 0, planned: 0, skipped: 0, failed: 0 };
  const startedAt = now();
  const skipped = new Map<SkipReason, number>();
  let bytes = 0;
  const isTold = verbose || dryRun || !(output.isLive || output.isQuiet);

  function line({ status, source, target, size, reason }: TransferOutcome): string[] {
    const name = printable(source === target ? source : `${source} -> ${target}`);
    const amount = size === undefined ? '' : output.paint('dim', ` (${formatBytes(size)})`);
    if (status === 'done') return isTold ? [`${name}${amount}`] : [];
    if (status === 'planned') return [`${name}${amount}`];
    if (status === 'skipped' && reason !== undefined && verbose) {
      return [output.paint('dim', `${name} ${SKIP_TEXT[reason][0]}`)];
    }
    return [];
  }

  function summary(isInterrupted: boolean, ms: number): string {
    const verb = dryRun ? `Would have ${past.toLowerCase()}` : past;
    const count = dryRun ? counts.planned : counts.done;
    const speed = dryRun || bytes === 0 ? '' : `, ${formatRate(bytes, ms)}`;
    const time = dryRun ? '' : ` in ${formatSpan(ms)}${speed}`;
    const parts = [`${verb} ${formatCount(count, 'object')}, ${formatBytes(bytes)}${time}`];
    for (const [reason, number] of skipped) {
      parts.push(`${number.toLocaleString('en-US')} ${SKIP_TEXT[reason][1]}`);
    }
    if (counts.failed > 0) {
      parts.push(output.paintNote('red', `${counts.failed.toLocaleString('en-US')} failed`));
    }
    return `${isInterrupted ? 'Interrupted. ' : ''}${parts.join('; ')}.`;
  }

  return {
    counts,
    isUsed: () => Object.values(counts).some((number) => number > 0),
    async record(outcome) {
      const { status, size, error, ...rest } = outcome;
      const { reason } = outcome;
      counts[status] += 1;
      if (reason !== undefined) skipped.set(reason, (skipped.get(reason) ?? 0) + 1);
      if (status === 'done' || status === 'planned') bytes += size ?? 0;
      const facts: { error?: ErrorFacts } = error === undefined ? {} : { error: errorFacts(error) };
      const record = {
        type: 'object',
        action,
        status,
        ...rest,
        ...(size === undefined ? {} : { size }),
        ...facts,
      };
      await output.result(record, ...line(outcome));
      if (status === 'failed') await output.error(error);
    },
    async sum(isInterrupted) {
      const ms = now() - startedAt;
      const record = { type: 'summary', action, dryRun, interrupted: isInterrupted };
      await output.result({ ...record, ...counts, bytes, ms });
      await output.note(summary(isInterrupted, ms));
      if (isInterrupted) await output.note('Run the same command again to go on.');
    },
  };
}
