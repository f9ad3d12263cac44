import type { StorageEngine } from '@granary/storage-core';
import type { VerifyFinding, VerifyReport } from '@granary/storage-layers/integrity';
import type { CommandContext } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { requireTree } from '../places/look-up.ts';
import type { Tree } from '../places/open-places.ts';

/** What is shown of findings, and in the words of `granary verify`. */
const STATUSES = {
  repaired: { status: 'repaired', color: 'green' },
  damaged: { status: 'damaged', color: 'red' },
  unreadable: { status: 'failed', color: 'red' },
  'without-checksum': { status: 'unchecked', color: undefined },
} as const;

/** Reads everything below a place, and replaces what is damaged from a second copy. Returns the exit code. */
export async function repairTree(
  context: CommandContext,
  word: string,
  copyWord: string,
  concurrency: number,
): Promise<number> {
  const { places, readPlace, output, signal } = context;
  const [place, copy] = await Promise.all([readPlace(word), readPlace(copyWord)]);
  const [tree, second] = await Promise.all([places.tree(place), places.tree(copy)]);
  await Promise.all([tree.store.ready({ signal }), second.store.ready({ signal })]);
  if (tree.store === second.store && tree.prefix === second.prefix) {
    throw usageError(`${copy.label} is what is to be repaired.`, 'Name a second copy of it.');
  }
  await requireTree(tree, place, signal);
  await requireTree(second, copy, signal);
  const { verifyStore } = await import('@granary/storage-layers/integrity');
  let report: VerifyReport | undefined;
  const check = verifyStore(viewOf(tree), {
    repair: { from: viewOf(second) },
    concurrency,
    signal,
    onProgress: (latest) => {
      report = latest;
    },
  });
  for await (const finding of check) await tell(output, finding);
  const { ok = 0, repaired = 0, damaged = 0, bytes = 0 } = report ?? {};
  const counts = {
    ok,
    unchecked: report?.withoutChecksum ?? 0,
    damaged,
    failed: report?.unreadable ?? 0,
    repaired,
  };
  await output.result({ type: 'summary', action: 'verify', ...counts, bytes });
  await output.note(sumOf(counts, bytes));
  return counts.damaged + counts.failed > 0 ? EXIT.failed : EXIT.ok;
}

function viewOf({ store, prefix }: Tree): StorageEngine {
  return prefix === '' ? store : store.at(prefix.slice(0, -1));
}

async function tell(
  output: Output,
  { key, status: found, expected, actual, error }: VerifyFinding,
): Promise<void> {
  const { status, color } = STATUSES[found];
  const sums =
    expected === undefined || actual === undefined ? '' : `  ${expected} expected, ${actual} found`;
  const line =
    color === undefined
      ? []
      : [`${output.paint(color, status.padEnd(8))}  ${printable(key + sums)}`];
  const facts = error === undefined ? {} : { error: errorFacts(error) };
  const record = {
    type: 'object',
    action: 'verify',
    key,
    status,
    expected,
    found: actual,
    ...facts,
  };
  await output.result(record, ...line);
  if (error !== undefined) await output.error(error);
}

function sumOf(
  counts: Readonly<Record<'ok' | 'unchecked' | 'damaged' | 'failed' | 'repaired', number>>,
  bytes: number,
): string {
  const { ok, unchecked, damaged, failed, repaired } = counts;
  const all = ok + unchecked + damaged + failed + repaired;
  const texts = [
    [ok, 'verified'],
    [unchecked, 'without a checksum to compare'],
    [repaired, 'repaired'],
    [damaged, 'still damaged'],
    [failed, 'that cannot be read'],
  ] as const;
  const parts = texts.flatMap(([number, text]) =>
    number === 0 ? [] : [`${number.toLocaleString('en-US')} ${text}`],
  );
  const detail = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `Read ${formatCount(all, 'object')}, ${formatBytes(bytes)}${detail}.`;
}
