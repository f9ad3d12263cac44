import { stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { type Command, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { writeFileWhole } from '../files/write-file.ts';
import { formatBytes } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { trackProgress } from '../output/progress.ts';
import { nameOf } from '../places/parse-place.ts';

export const get: Command = defineCommand({
  name: 'get',
  group: 'Copy and change',
  summary: 'Write one object to a file or to the output',
  details:
    'A file appears all at once, under exactly the name that is given, with nothing but the content. To keep metadata and tags, use granary cp.',
  arguments: [
    { name: 'source', description: 'the object' },
    {
      name: 'target',
      description: 'a file, a folder, or - for the output (default: the current folder)',
      isOptional: true,
      completes: 'file',
    },
  ],
  options: {},
  examples: [
    ['granary get s3://bucket/reports/2026.pdf', 'write 2026.pdf to the current folder'],
    ['granary get backups/shop.sql - | psql shop', 'hand it to a program'],
  ],
  async run({ words, output, places, readPlace, host, signal }) {
    const [source = '', target = '.'] = words;
    const place = await readPlace(source);
    const { store, key } = await places.spot(place);
    await using object = await store.get(key, { signal });
    if (target === '-') {
      for await (const chunk of object.stream()) await output.bytes(chunk);
      return EXIT.ok;
    }
    const path = await targetPath(resolve(host.cwd, target), target, nameOf(place));
    const { size } = object.info;
    const progress = trackProgress({ output, verb: 'Writing', now: host.now });
    progress.expect(size);
    progress.expectNoMore();
    const row = progress.begin(place.label, size);
    try {
      await writeFileWhole(path, object.stream(), row.update);
    } finally {
      progress.end();
    }
    const line = `${printable(path)} ${output.paint('dim', `(${formatBytes(size)})`)}`;
    await output.result({ type: 'file', path, size }, ...(output.isQuiet ? [] : [line]));
    return EXIT.ok;
  },
});

/** The file to write. Errors: usage for a name that would leave the folder. */
async function targetPath(path: string, target: string, name: string): Promise<string> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!isFolder && !/[\\/]$/.test(target)) return path;
  if (basename(join(path, name)) !== name) {
    throw usageError(`"${name}" cannot be the name of a file here.`, 'Name the file to write.');
  }
  return join(path, name);
}
