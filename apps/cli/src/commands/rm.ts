import { isStorageError } from '@granary/storage-core/provider';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { EXIT, exitCodeOf, usageError } from '../exit-codes.ts';
import { count, flag, list } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { globFilter } from '../places/glob-filter.ts';
import { isLocalFolder, requireTree } from '../places/look-up.ts';
import type { Spot } from '../places/open-places.ts';
import { labelBelow, type Place } from '../places/parse-place.ts';
import { isUnreadable, walkTree } from '../places/walk-tree.ts';
import { askYes } from '../terminal/ask.ts';
import { runParallel } from '../transfer/run-parallel.ts';

/** An object that is to be deleted. */
interface Doomed extends Spot {
  readonly label: string;
}

/** So many go in one request, where a store takes several. */
const BATCH_OBJECTS = 250;

export const rm: Command = defineCommand({
  name: 'rm',
  group: 'Copy and change',
  summary: 'Delete objects and folders',
  details: 'With -r it counts first and asks; where nobody can answer, it needs --yes.',
  arguments: [{ name: 'place', description: 'what to delete', isVariadic: true }],
  options: {
    recursive: flag('delete a folder with everything below it', { short: 'r' }),
    yes: flag('do not ask', { short: 'y' }),
    force: flag('what does not exist is no error', { short: 'f' }),
    include: list('glob', 'with -r, delete only what matches'),
    exclude: list('glob', 'with -r, keep what matches'),
    concurrency: count('objects at once', 16),
    dryRun: flag('say what would be deleted, and delete nothing'),
    verbose: flag('name every object', { short: 'v' }),
  },
  examples: [
    ['granary rm notes/old.md', 'delete an object'],
    ["granary rm -r s3://bucket/tmp --include '*.part'", 'count, ask, and delete below tmp'],
  ],
  async run(input) {
    const { words, options, readPlace, signal } = input;
    const filter = globFilter(options.include, options.exclude);
    if (!options.recursive && options.include.length + options.exclude.length > 0) {
      throw usageError('--include and --exclude go with -r.', 'Add -r to delete in a folder.');
    }
    const doomed: Doomed[] = [];
    let bytes = 0;
    for (const word of words) {
      const place = await readPlace(word);
      for await (const { size, ...object } of find(input, place, options, filter)) {
        doomed.push(object);
        bytes += size ?? 0;
      }
    }
    signal.throwIfAborted();
    if (options.recursive && !options.dryRun && doomed.length > 0 && !options.yes) {
      const what = `${formatCount(doomed.length, 'object')} (${formatBytes(bytes)})`;
      if (!(await confirm(input, `${what} below ${words.join(', ')}`))) {
        await input.output.note('Nothing was deleted.');
        return EXIT.ok;
      }
    }
    return deleteAll(input, doomed, {
      ...options,
      isOne: words.length === 1 && !options.recursive,
    });
  },
});

async function* find(
  { places, signal }: CommandContext,
  place: Place,
  options: { readonly recursive: boolean; readonly force: boolean },
  filter: (key: string) => boolean,
): AsyncGenerator<Doomed & { readonly size: number | undefined }> {
  if (!options.recursive) {
    if (place.isFolder || (await isLocalFolder(place))) {
      throw usageError(
        `${place.label} is a folder.`,
        'Add -r to delete it with all that is in it.',
      );
    }
    const spot = await places.spot(place);
    const found = await sizeOf(spot, signal);
    if (found !== undefined) yield { ...spot, label: place.label, ...found };
    else if (!options.force) await spot.store.stat(spot.key, { signal });
    return;
  }
  const tree = await places.tree(place);
  let isEmpty = true;
  const walk = { signal, filter, need: ['size'], passesUnreadable: true } as const;
  for await (const { key, size } of walkTree(tree, walk)) {
    isEmpty = false;
    yield { store: tree.store, key: tree.prefix + key, label: labelBelow(place, key), size };
  }
  if (isEmpty && !options.force) await requireTree(tree, place, signal);
}

/** `undefined` where there is no such object. What is damaged, or under no key here, can be deleted. */
async function sizeOf(
  { store, key }: Spot,
  signal: AbortSignal,
): Promise<{ readonly size: number | undefined } | undefined> {
  try {
    return { size: (await store.stat(key, { signal })).size };
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    if (isUnreadable(error)) return { size: undefined };
    throw error;
  }
}

async function deleteAll(
  { output, signal }: CommandContext,
  doomed: readonly Doomed[],
  options: {
    readonly dryRun: boolean;
    readonly verbose: boolean;
    readonly concurrency: number;
    readonly isOne: boolean;
  },
): Promise<number> {
  const { dryRun, verbose, concurrency, isOne } = options;
  const counts = { done: 0, planned: 0, failed: 0 };
  let firstError: unknown;

  async function work(batch: readonly Doomed[]): Promise<void> {
    const errors = dryRun ? [] : await deleteBatch(batch, signal);
    for (const [index, { label }] of batch.entries()) await tell(label, errors[index]);
    signal.throwIfAborted();
  }

  async function tell(label: string, error: unknown): Promise<void> {
    if (error !== undefined) {
      if (signal.aborted) return;
      firstError ??= error;
      counts.failed += 1;
      const facts = { status: 'failed', error: errorFacts(error) };
      await output.result({ type: 'object', action: 'delete', key: label, ...facts });
      await output.error(error);
      return;
    }
    const status = dryRun ? 'planned' : 'done';
    counts[status] += 1;
    const lines = verbose || dryRun ? [printable(label)] : [];
    await output.result({ type: 'object', action: 'delete', key: label, status }, ...lines);
  }

  try {
    await runParallel(batchesOf(doomed), concurrency, work);
  } finally {
    await sum(output, counts, dryRun, signal.aborted);
  }
  if (counts.failed === 0) return EXIT.ok;
  return isOne ? exitCodeOf(firstError) : EXIT.failed;
}

/** Groups neighbors of one store that one request can delete. */
function* batchesOf(doomed: readonly Doomed[]): Generator<Doomed[]> {
  let batch: Doomed[] = [];
  for (const object of doomed) {
    const { store } = object;
    const most = store.getCapabilities().deleteMany === true ? BATCH_OBJECTS : 1;
    if (batch.length >= most || (batch.length > 0 && batch[0]?.store !== store)) {
      yield batch;
      batch = [];
    }
    batch.push(object);
  }
  if (batch.length > 0) yield batch;
}

/** Deletes objects of one store, and returns what each failed with, in their order. */
async function deleteBatch(
  batch: readonly Doomed[],
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const [first] = batch;
  if (first === undefined) return [];
  if (batch.length === 1) {
    try {
      await first.store.delete(first.key, { signal });
      return [];
    } catch (error) {
      return [error];
    }
  }
  const keys = batch.map(({ key }) => key);
  const results = await first.store.deleteMany(keys, { signal });
  return results.map((result) => (result.ok ? undefined : result.error));
}

async function sum(
  output: Output,
  counts: { readonly done: number; readonly planned: number; readonly failed: number },
  dryRun: boolean,
  interrupted: boolean,
): Promise<void> {
  await output.result({ type: 'summary', action: 'delete', dryRun, interrupted, ...counts });
  const { done, planned, failed } = counts;
  const what = dryRun
    ? `Would have deleted ${formatCount(planned, 'object')}`
    : `Deleted ${formatCount(done, 'object')}`;
  const rest = failed === 0 ? '' : `; ${failed.toLocaleString('en-US')} failed`;
  await output.note(`${interrupted ? 'Interrupted. ' : ''}${what}${rest}.`);
}

async function confirm({ host, output }: CommandContext, what: string): Promise<boolean> {
  if (host.stdin.isTTY !== true || output.isJson) {
    throw usageError(`${what} would go, and nobody can be asked.`, 'Add --yes, or --dry-run.');
  }
  return askYes(host, `Delete ${what}?`);
}
