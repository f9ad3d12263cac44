import type { ListItem } from '@granary/storage-core';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { count, flag, list } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { trackProgress } from '../output/progress.ts';
import { globFilter, type KeyFilter } from '../places/glob-filter.ts';
import { lookUp, requireTree } from '../places/look-up.ts';
import type { Tree } from '../places/open-places.ts';
import type { Place } from '../places/parse-place.ts';
import { walkTree } from '../places/walk-tree.ts';
import { compareCloser } from '../transfer/compare-closer.ts';
import { compareObjects } from '../transfer/compare-objects.ts';
import { type Pair, pairListings } from '../transfer/pair-listings.ts';
import { readAhead, runParallel } from '../transfer/run-parallel.ts';

type Status = 'same' | 'different' | 'missing' | 'extra' | 'failed';

interface Finding {
  readonly status: Status;
  /** What told it. */
  readonly by?: 'size' | 'checksum' | 'content';
  readonly error?: unknown;
}

/** Two trees, or two objects as trees of one. */
interface Sides {
  readonly left: Tree;
  readonly right: Tree;
  readonly pairs: AsyncIterable<Pair>;
  keyOf(side: 'left' | 'right', key: string): string;
}

const READ_AHEAD = 10_000;

export const check: Command = defineCommand({
  name: 'check',
  group: 'Compare and check',
  summary: 'Compare two places object by object',
  details:
    'Compares size and checksum; where the two sides have no checksum in common, it reads one or both. Exit code 1 says that there is a difference.',
  arguments: [
    { name: 'source', description: 'a folder or an object' },
    { name: 'target', description: 'what it is compared with' },
  ],
  options: {
    sizeOnly: flag('compare sizes alone'),
    oneWay: flag('do not mind what only the target has'),
    include: list('glob', 'compare only what matches'),
    exclude: list('glob', 'leave out what matches'),
    concurrency: count('objects at once', 8),
    verbose: flag('name the objects that are the same, too', { short: 'v' }),
  },
  examples: [
    ['granary check photos s3://bucket/photos', 'is everything there, byte for byte?'],
    ['granary check --one-way --size-only a b', 'a quick look at what b lacks'],
  ],
  async run(input) {
    const { words, options, output, readPlace, host, signal } = input;
    const [source, target] = await Promise.all(words.map(readPlace));
    if (source === undefined || target === undefined) throw usageError('two places are needed.');
    const filter = globFilter(options.include, options.exclude);
    const sides = await openSides(input, source, target, filter);
    const counts = { same: 0, different: 0, missing: 0, extra: 0, failed: 0 };
    const progress = trackProgress({ output, verb: 'Checking', now: host.now });

    async function compare(
      { key, left, right }: Pair,
      onBytes: (bytes: number) => void,
    ): Promise<Finding> {
      if (left === undefined) return { status: 'extra' };
      if (right === undefined) return { status: 'missing' };
      const one = { store: sides.left.store, key: sides.keyOf('left', key), known: left };
      const other = { store: sides.right.store, key: sides.keyOf('right', key), known: right };
      const told = options.sizeOnly
        ? compareObjects(left, right)
        : await compareCloser(one, other, { signal, byContent: true, onBytes });
      return told.verdict === 'unknown'
        ? { status: 'same', by: 'size' }
        : { status: told.verdict, by: told.by };
    }

    async function work(pair: Pair): Promise<void> {
      const row = progress.begin(pair.key, pair.left?.size);
      try {
        const finding = await compare(pair, row.update).catch((error: unknown): Finding => {
          if (signal.aborted) throw error;
          return { status: 'failed', error };
        });
        if (finding.status === 'extra' && options.oneWay) return;
        counts[finding.status] += 1;
        await report(output, pair, finding, options.verbose);
      } finally {
        row.done();
      }
    }

    const ahead = readAhead(
      sides.pairs,
      READ_AHEAD,
      ({ left }) => progress.expect(left?.size),
      () => progress.expectNoMore(),
    );
    try {
      await runParallel(ahead, options.concurrency, work);
    } finally {
      progress.end();
    }
    await output.result({ type: 'summary', action: 'check', ...counts });
    await output.note(`${sumOf(counts)}.`);
    const { same, ...others } = counts;
    return Object.values(others).some((number) => number > 0) ? EXIT.failed : EXIT.ok;
  },
});

async function openSides(
  { places, signal }: CommandContext,
  source: Place,
  target: Place,
  filter: KeyFilter,
): Promise<Sides> {
  const found = await lookUp(places, source, signal);
  if (found.kind === 'object') {
    const spot = await places.spot(target);
    const item = async (side: typeof spot): Promise<ListItem> => ({
      ...(await side.store.stat(side.key, { signal })),
      kind: 'item',
      key: '',
    });
    const [left, right] = await Promise.all([item(found), item(spot)]);
    return {
      left: { store: found.store, prefix: '' },
      right: { store: spot.store, prefix: '' },
      pairs: only({ key: source.label, left, right }),
      keyOf: (side) => (side === 'left' ? found.key : spot.key),
    };
  }
  const right = await places.tree(target);
  await Promise.all([found.store.ready({ signal }), right.store.ready({ signal })]);
  await requireTree(found, source, signal);
  const settings = { signal, filter, need: ['size'] as const };
  const areOrdered = [found, right].every(
    ({ store }) => store.getCapabilities().listOrder === 'utf8',
  );
  return {
    left: found,
    right,
    pairs: pairListings(walkTree(found, settings), walkTree(right, settings), areOrdered),
    keyOf: (side, key) => (side === 'left' ? found.prefix : right.prefix) + key,
  };
}

async function* only<Item>(item: Item): AsyncGenerator<Item> {
  yield item;
}

async function report(
  output: Output,
  { key, left, right }: Pair,
  { status, by, error }: Finding,
  isVerbose: boolean,
): Promise<void> {
  const sizes = { sourceSize: left?.size, targetSize: right?.size };
  const facts = error === undefined ? {} : { error: errorFacts(error) };
  const record = { type: 'object', action: 'check', key, status, by, ...sizes, ...facts };
  if (error !== undefined) await output.error(error);
  const isShown = status !== 'same' || isVerbose;
  if (!isShown && !output.isJson) return;
  const color = status === 'same' ? 'dim' : status === 'different' ? 'red' : 'yellow';
  const bytes = ({ size }: ListItem): string => (size === undefined ? '?' : formatBytes(size));
  const detail =
    by === 'size' && left !== undefined && right !== undefined && status === 'different'
      ? ` (${bytes(left)}, ${bytes(right)})`
      : '';
  const word = output.paint(color, status.padEnd(9));
  await output.result(record, `${word}  ${printable(key)}${detail}`);
}

function sumOf(counts: Readonly<Record<Status, number>>): string {
  const { same, different, missing, extra, failed } = counts;
  const number = (value: number): string => value.toLocaleString('en-US');
  const parts = [`${formatCount(same, 'object')} the same on both sides`];
  if (different > 0) parts.push(`${number(different)} different`);
  if (missing > 0) parts.push(`${number(missing)} missing in the target`);
  if (extra > 0) parts.push(`${number(extra)} only in the target`);
  if (failed > 0) parts.push(`${number(failed)} could not be compared`);
  return parts.join(', ');
}
