import type { ListItem } from '@granary/storage-core';
import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { list, parsed, text } from '../options.ts';
import { infoRecord } from '../output/info-record.ts';
import { printable } from '../output/printable.ts';
import { globFilter } from '../places/glob-filter.ts';
import { requireTree } from '../places/look-up.ts';
import { labelBelow } from '../places/parse-place.ts';
import { type NeededField, walkTree } from '../places/walk-tree.ts';
import { parsePast } from '../values/moment.ts';
import { parseSize } from '../values/size.ts';
import { parseWholeNumber } from '../values/whole-number.ts';

interface Wanted {
  readonly larger?: number | undefined;
  readonly smaller?: number | undefined;
  readonly after?: Date | undefined;
  readonly before?: Date | undefined;
}

export const find: Command = defineCommand({
  name: 'find',
  group: 'Look',
  summary: 'Find objects by name, size and age',
  details:
    'A glob without a slash is held against the name, one with a slash against the whole key below the place; ** goes through folders.',
  arguments: [{ name: 'place', description: 'where to look', isOptional: true }],
  options: {
    name: list('glob', 'name or path matches; any of several will do', { short: 'n' }),
    exclude: list('glob', 'leave out what matches'),
    larger: parsed('size', 'larger than this: 10MB, 1.5GiB', parseSize),
    smaller: parsed('size', 'smaller than this', parseSize),
    newer: text('time', 'changed since: 30d, 12h or 2026-03-01'),
    older: text('time', 'not changed since'),
    limit: parsed('n', 'stop after this many', (word) => parseWholeNumber(word, 1)),
  },
  examples: [
    ["granary find photos --name '*.jpg' --larger 10MB", 'large pictures'],
    ["granary find s3://bucket --name 'logs/**' --older 90d", 'old logs'],
  ],
  async run({ words, options, output, places, readPlace, host, signal }) {
    const place = await readPlace(words[0] ?? '.');
    const tree = await places.tree(place);
    const filter = globFilter(options.name, options.exclude);
    const past = (word: string | undefined): Date | undefined =>
      word === undefined ? undefined : parsePast(word, host.now());
    const wanted: Wanted = {
      larger: options.larger,
      smaller: options.smaller,
      after: past(options.newer),
      before: past(options.older),
    };
    const need: NeededField[] = [];
    if (wanted.larger !== undefined || wanted.smaller !== undefined) need.push('size');
    if (wanted.after !== undefined || wanted.before !== undefined) need.push('modifiedAt');

    let found = 0;
    for await (const item of walkTree(tree, { signal, filter, need })) {
      if (!isWanted(item, wanted)) continue;
      await output.result(
        { type: 'object', ...infoRecord(item) },
        printable(labelBelow(place, item.key)),
      );
      found += 1;
      if (found === options.limit) return EXIT.ok;
    }
    if (found === 0) await requireTree(tree, place, signal);
    return EXIT.ok;
  },
});

function isWanted({ size, modifiedAt }: ListItem, wanted: Wanted): boolean {
  const { larger, smaller, after, before } = wanted;
  if (larger !== undefined && !(size !== undefined && size > larger)) return false;
  if (smaller !== undefined && !(size !== undefined && size < smaller)) return false;
  if (after !== undefined && !(modifiedAt !== undefined && modifiedAt >= after)) return false;
  return before === undefined || (modifiedAt !== undefined && modifiedAt < before);
}
