import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { parsed } from '../options.ts';
import { formatBytes, formatCount } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import { lookUp, requireTree } from '../places/look-up.ts';
import { walkTree } from '../places/walk-tree.ts';
import { parseWholeNumber } from '../values/whole-number.ts';

interface Sum {
  bytes: number;
  objects: number;
}

export const du: Command = defineCommand({
  name: 'du',
  group: 'Look',
  summary: 'Show how much is kept in each folder',
  arguments: [{ name: 'place', description: 'what to add up', isOptional: true }],
  options: {
    depth: parsed('n', 'levels of folders to show (default: 1; 0 for the sum alone)', (word) =>
      parseWholeNumber(word, 0),
    ),
  },
  examples: [
    ['granary du s3://bucket', 'each folder of the bucket, and the sum'],
    ['granary du --depth 0 photos', 'the sum alone'],
  ],
  async run({ words, options, output, places, readPlace, signal }) {
    const place = await readPlace(words[0] ?? '.');
    const { depth = 1 } = options;
    const found = await lookUp(places, place, signal);
    const total: Sum = { bytes: 0, objects: 0 };
    const folders = new Map<string, Sum>();
    if (found.kind === 'object') add(total, found.info.size);
    else {
      for await (const { key, size = 0 } of walkTree(found, { signal, need: ['size'] })) {
        add(total, size);
        for (const folder of foldersOf(key, depth)) {
          const sum = folders.get(folder) ?? { bytes: 0, objects: 0 };
          folders.set(folder, sum);
          add(sum, size);
        }
      }
      if (total.objects === 0) await requireTree(found, place, signal);
    }
    const rows = [...folders].sort(([one], [other]) => (one < other ? -1 : 1));
    if (output.isJson) {
      for (const [folder, sum] of rows) await output.result({ type: 'folder', folder, ...sum });
      await output.result({ type: 'summary', ...total });
    } else {
      const lines = [...rows, [place.label, total] as const].map(([name, { bytes, objects }]) => [
        formatBytes(bytes),
        formatCount(objects, 'object'),
        printable(name),
      ]);
      const cells = table(lines, ['right', 'right']);
      await output.text(...cells.slice(0, -1), output.paint('bold', cells.at(-1) ?? ''));
    }
    return EXIT.ok;
  },
});

function add(sum: Sum, bytes: number): void {
  sum.bytes += bytes;
  sum.objects += 1;
}

/** The folders that a key is in, with their slash, down to a depth. */
function foldersOf(key: string, depth: number): string[] {
  const segments = key.split('/').slice(0, -1).slice(0, depth);
  return segments.map((_segment, index) => `${segments.slice(0, index + 1).join('/')}/`);
}
