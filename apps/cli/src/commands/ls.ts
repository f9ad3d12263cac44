import type { ListEntry } from '@granary/storage-core';
import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { flag, parsed } from '../options.ts';
import { formatBytes, formatDate } from '../output/format.ts';
import { infoRecord } from '../output/info-record.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { lookUp, requireTree } from '../places/look-up.ts';
import { nameOf } from '../places/parse-place.ts';
import { isFolderMark } from '../places/walk-tree.ts';
import { parseWholeNumber } from '../values/whole-number.ts';

/** Rows whose columns are lined up with each other. */
const ROWS_AT_ONCE = 500;

export const ls: Command = defineCommand({
  name: 'ls',
  group: 'Look',
  summary: 'List what is in a folder',
  details: 'Folders end with a slash. Without a place, the current folder is listed.',
  arguments: [{ name: 'place', description: 'what to list', isOptional: true }],
  options: {
    long: flag('show size, time and etag too', { short: 'l' }),
    recursive: flag('list everything below, not one level', { short: 'r' }),
    limit: parsed('n', 'list no more than this many', (word) => parseWholeNumber(word, 1)),
  },
  examples: [
    ['granary ls photos', 'names in the folder photos'],
    ['granary ls -lr s3://bucket/2026', 'everything below 2026, with sizes and times'],
  ],
  async run({ words, options, output, places, readPlace, signal }) {
    const place = await readPlace(words[0] ?? '.');
    const found = await lookUp(places, place, signal);
    if (found.kind === 'object') {
      await show(output, [{ ...found.info, kind: 'item', key: nameOf(place) }], options.long);
      return EXIT.ok;
    }
    const { store, prefix } = found;
    const limit = options.limit === undefined ? {} : { limit: options.limit };
    const delimiter = options.recursive ? {} : { delimiter: '/' };
    const listing = store.list({ prefix, signal, ...delimiter, ...limit });
    let hasEntries = false;
    for await (const page of listing.pages()) {
      hasEntries ||= page.entries.length > 0;
      const entries = page.entries
        .filter((entry) => entry.kind === 'prefix' || !isFolderMark(entry))
        .map((entry) => ({ ...entry, key: entry.key.slice(prefix.length) }));
      for (let at = 0; at < entries.length; at += ROWS_AT_ONCE) {
        await show(output, entries.slice(at, at + ROWS_AT_ONCE), options.long);
      }
    }
    if (!hasEntries) await requireTree(found, place, signal);
    return EXIT.ok;
  },
});

async function show(output: Output, entries: readonly ListEntry[], isLong: boolean): Promise<void> {
  if (output.isJson) {
    for (const entry of entries) {
      const record = entry.kind === 'item' ? infoRecord(entry) : { key: entry.key };
      await output.result({ type: entry.kind === 'item' ? 'object' : 'prefix', ...record });
    }
    return;
  }
  const rows = entries.map((entry) =>
    isLong ? longRow(entry, output) : [nameCell(entry, output)],
  );
  await output.text(...table(rows, isLong ? ['right'] : []));
}

function longRow(entry: ListEntry, output: Output): string[] {
  const name = nameCell(entry, output);
  if (entry.kind === 'prefix') return ['-', '', '', name];
  const { size, modifiedAt } = entry;
  return [
    size === undefined ? '?' : formatBytes(size),
    output.paint('dim', modifiedAt === undefined ? '?' : formatDate(modifiedAt)),
    name,
  ];
}

function nameCell(entry: ListEntry, { paint }: Output): string {
  const name = printable(entry.key);
  return entry.kind === 'prefix' ? paint('cyan', name) : name;
}
