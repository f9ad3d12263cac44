import { type ErrorCode, isStorageError, type ObjectInfo } from '@granary/storage-core';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import type { Progress } from '../output/progress.ts';
import { compareCloser } from './compare-closer.ts';
import { isUpToDate, type Known } from './compare-objects.ts';
import type { CopySettings, CopyTask } from './copy-object.ts';
import type { Journal } from './journal.ts';
import type { Decision } from './plan-tree.ts';
import { readAhead, runParallel } from './run-parallel.ts';
import type { TransferLog, TransferOutcome } from './transfer-log.ts';

/** One object, where it goes, and what was decided. */
export interface TransferItem {
  readonly task: CopyTask;
  readonly decision: Decision;
  readonly sourceLabel: string;
  readonly targetLabel: string;
  /** What the journal is told when it is done. */
  readonly entry?: { readonly key: string; readonly source: string };
}

export interface TransferSettings {
  readonly items: AsyncIterable<TransferItem>;
  /** Copies or moves. */
  readonly act: (task: CopyTask, settings: CopySettings) => Promise<ObjectInfo>;
  readonly copy: Omit<CopySettings, 'onBytes'>;
  /** Tells what is the same by content, not by time, where no checksum is known. */
  readonly byContent: boolean;
  /** Objects at once. */
  readonly concurrency: number;
  readonly dryRun: boolean;
  readonly log: TransferLog;
  readonly progress: Progress;
  readonly journal: Journal | undefined;
}

/** How many objects are looked at ahead of the transfers, so that the total is known early. */
const READ_AHEAD = 10_000;
/** Thrown where going on makes no sense; what went wrong has been said by then. */
const STOP: unique symbol = Symbol('stop');
/** After these, no other object would fare better. */
const HOPELESS: readonly ErrorCode[] = [
  'store-not-found',
  'invalid-config',
  'unauthenticated',
  'quota-exceeded',
  'closed',
];

/** Copies or moves objects, several at once, and returns the exit code. One that fails leaves the others alone. */
export async function runTransfer(settings: TransferSettings): Promise<number> {
  const { items, concurrency, log, progress, journal, copy } = settings;
  const { signal } = copy;
  let firstError: unknown;

  async function work(item: TransferItem): Promise<void> {
    const shown = { source: item.sourceLabel, target: item.targetLabel };
    const { size } = item.task;
    const row = progress.begin(item.sourceLabel, size);
    try {
      await log.record({ ...shown, size, ...(await transferItem(item, row.update)) });
    } catch (error) {
      if (signal.aborted) throw error;
      firstError ??= error;
      await log.record({ ...shown, size, status: 'failed', error });
      if (HOPELESS.some((code) => isStorageError(error, code))) throw STOP;
    } finally {
      row.done();
    }
  }

  async function transferItem(
    { task, decision, entry }: TransferItem,
    onBytes: (bytes: number) => void,
  ): Promise<Pick<TransferOutcome, 'status' | 'reason'>> {
    if (decision.action === 'fail') throw decision.error;
    if (decision.action === 'skip') return { status: 'skipped', reason: decision.reason };
    if (decision.action === 'compare' && (await isSame(task, decision))) {
      return { status: 'skipped', reason: 'same' };
    }
    if (settings.dryRun) return { status: 'planned' };
    try {
      const info = await settings.act(task, { ...copy, onBytes });
      if (entry !== undefined) {
        await journal?.recordDone(entry.key, { source: entry.source, target: info.etag });
      }
      return { status: 'done' };
    } catch (error) {
      if (!copy.ifAbsent || !isStorageError(error, 'precondition-failed')) throw error;
      return { status: 'skipped', reason: 'exists' };
    }
  }

  async function isSame(
    { from, to }: CopyTask,
    { source, target }: { readonly source: Known; readonly target: Known },
  ): Promise<boolean> {
    const { byContent } = settings;
    const { verdict } = await compareCloser(
      { ...from, known: source },
      { ...to, known: target },
      { signal, byContent, onBytes: () => {} },
    );
    return verdict === 'unknown' ? isUpToDate(source, target) : verdict === 'same';
  }

  try {
    const ahead = readAhead(
      items,
      READ_AHEAD,
      ({ task }) => progress.expect(task.size),
      () => progress.expectNoMore(),
    );
    await runParallel(ahead, concurrency, work);
  } catch (error) {
    if (error !== STOP) {
      progress.end();
      if (signal.aborted || log.isUsed()) await log.sum(signal.aborted);
      throw error;
    }
  }
  progress.end();
  await log.sum(false);
  const { failed, done, skipped, planned } = log.counts;
  if (failed === 0) return EXIT.ok;
  return failed === 1 && done + skipped + planned === 0 ? exitCodeOf(firstError) : EXIT.failed;
}
