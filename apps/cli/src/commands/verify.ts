import { createHash } from 'node:crypto';
import { isStorageError } from '@granary/storage-core';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { count, list, text } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { type ProgressItem, trackProgress } from '../output/progress.ts';
import { globFilter } from '../places/glob-filter.ts';
import { lookUp, requireTree } from '../places/look-up.ts';
import type { Spot } from '../places/open-places.ts';
import { walkTree } from '../places/walk-tree.ts';
import { repairTree } from '../transfer/repair-tree.ts';
import { readAhead, runParallel } from '../transfer/run-parallel.ts';

/** `unchecked`: it can be read, and there is no checksum to compare with. */
type Status = 'ok' | 'unchecked' | 'damaged' | 'failed';

interface Verdict {
  readonly status: Status;
  /** Units: bytes that were read. */
  readonly size: number;
  readonly expected?: string;
  readonly found?: string;
}

/** An object and what it is called. */
interface Subject extends Spot {
  readonly label: string;
  readonly size: number | undefined;
}

/** Those that can be computed here, the strongest first, by their names in `info.checksums`. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1', 'md5'];
const READ_AHEAD = 10_000;

export const verify: Command = defineCommand({
  name: 'verify',
  group: 'Compare and check',
  summary: 'Read every object again and compare its checksum',
  details: [
    'Finds what can no longer be read in full, and what no longer has the checksum that was kept with it. Exit code 1 says that there is such an object.',
    'With --repair, an object whose SHA-256 is wrong is replaced by the one of the same name in a second copy, if that one has it and nobody wrote the object meanwhile. granary cp --keep-checksum keeps it, and the layer integrity.',
  ].join('\n\n'),
  arguments: [{ name: 'place', description: 'a folder or an object', isOptional: true }],
  options: {
    repair: text(
      'place',
      'replace what is damaged from this second copy; only what still has its checksum there',
      { completes: 'place' },
    ),
    include: list('glob', 'only what matches'),
    exclude: list('glob', 'leave out what matches'),
    concurrency: count('objects at once', 8),
  },
  examples: [
    ['granary verify /mnt/archive', 'is everything still what was stored?'],
    ['granary verify --repair /mnt/backup /mnt/archive', 'and where it is not, bring it back'],
  ],
  async run(input) {
    const { words, options, output, host, signal } = input;
    if (options.repair !== undefined) {
      if (options.include.length + options.exclude.length > 0) {
        throw usageError('--repair is for whole folders.', 'Leave --include and --exclude out.');
      }
      const { concurrency } = options;
      return repairTree(input, words[0] ?? '.', options.repair, concurrency);
    }
    const counts = { ok: 0, unchecked: 0, damaged: 0, failed: 0 };
    let bytes = 0;
    const progress = trackProgress({ output, verb: 'Verifying', now: host.now });

    async function work(subject: Subject): Promise<void> {
      const row = progress.begin(subject.label, subject.size);
      try {
        const verdict = await readAgain(subject, signal, row);
        counts[verdict.status] += 1;
        bytes += verdict.size;
        const { status, expected, found } = verdict;
        const lines =
          status === 'damaged'
            ? [
                `${output.paint('red', 'damaged')}  ${printable(subject.label)}  ${expected} expected, ${found} found`,
              ]
            : [];
        await output.result(
          { type: 'object', action: 'verify', key: subject.label, ...verdict },
          ...lines,
        );
      } catch (error) {
        if (signal.aborted) throw error;
        // A layer that verifies by itself hands nothing of a damaged object out.
        const status = isStorageError(error, 'corrupted') ? 'damaged' : 'failed';
        counts[status] += 1;
        const facts = { status, error: errorFacts(error) };
        await output.result({ type: 'object', action: 'verify', key: subject.label, ...facts });
        await output.error(error);
      } finally {
        row.done();
      }
    }

    const ahead = readAhead(
      subjects(input, words[0] ?? '.', options),
      READ_AHEAD,
      ({ size }) => progress.expect(size),
      () => progress.expectNoMore(),
    );
    try {
      await runParallel(ahead, options.concurrency, work);
    } finally {
      progress.end();
    }
    await output.result({ type: 'summary', action: 'verify', ...counts, bytes });
    await output.note(sumOf(counts, bytes));
    return counts.damaged + counts.failed > 0 ? EXIT.failed : EXIT.ok;
  },
});

async function* subjects(
  { places, readPlace, signal }: CommandContext,
  word: string,
  options: { readonly include: readonly string[]; readonly exclude: readonly string[] },
): AsyncGenerator<Subject> {
  const place = await readPlace(word);
  const found = await lookUp(places, place, signal);
  if (found.kind === 'object') {
    yield { store: found.store, key: found.key, label: place.label, size: found.info.size };
    return;
  }
  const filter = globFilter(options.include, options.exclude);
  let isEmpty = true;
  for await (const { key, size } of walkTree(found, { signal, filter })) {
    isEmpty = false;
    yield { store: found.store, key: found.prefix + key, label: key, size };
  }
  if (isEmpty) await requireTree(found, place, signal);
}

async function readAgain(
  { store, key }: Spot,
  signal: AbortSignal,
  row: ProgressItem,
): Promise<Verdict> {
  await using object = await store.get(key, { signal });
  const { checksums = {} } = object.info;
  const algorithm = ALGORITHMS.find((name) => checksums[name] !== undefined);
  const hash = algorithm === undefined ? undefined : createHash(algorithm);
  let size = 0;
  for await (const chunk of object.stream()) {
    hash?.update(chunk);
    size += chunk.byteLength;
    row.update(size);
  }
  if (hash === undefined || algorithm === undefined) return { status: 'unchecked', size };
  const expected = checksums[algorithm] ?? '';
  const found = `${algorithm}-${hash.digest('base64')}`;
  return found === expected ? { status: 'ok', size } : { status: 'damaged', size, expected, found };
}

function sumOf(counts: Readonly<Record<Status, number>>, bytes: number): string {
  const all = Object.values(counts).reduce((sum, number) => sum + number, 0);
  const texts: Readonly<Record<Status, string>> = {
    ok: 'verified',
    unchecked: 'without a checksum to compare',
    damaged: 'damaged',
    failed: 'that cannot be read',
  };
  const parts = Object.entries(texts).flatMap(([status, text]) => {
    const number = counts[status as Status];
    return number === 0 ? [] : [`${number.toLocaleString('en-US')} ${text}`];
  });
  const detail = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `Read ${formatCount(all, 'object')}, ${formatBytes(bytes)}${detail}.`;
}
