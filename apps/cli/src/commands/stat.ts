import type { ObjectInfo } from '@granary/storage-core';
import { type Command, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { formatBytes, formatDate } from '../output/format.ts';
import { infoRecord } from '../output/info-record.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';

export const stat: Command = defineCommand({
  name: 'stat',
  group: 'Look',
  summary: 'Show all that is known of objects',
  arguments: [{ name: 'place', description: 'objects to show', isVariadic: true }],
  options: {},
  examples: [['granary stat photos/a.jpg', 'size, times, type, metadata, tags, checksums']],
  async run({ words, output, places, readPlace, signal }) {
    for (const [index, word] of words.entries()) {
      const { store, key } = await places.spot(await readPlace(word));
      const info = await store.stat(key, { signal });
      const lines = table(facts(info).map(([name, value]) => [output.paint('dim', name), value]));
      await output.result(
        { type: 'object', ...infoRecord(info) },
        ...(index === 0 ? lines : ['', ...lines]),
      );
    }
    return EXIT.ok;
  },
});

function facts(info: ObjectInfo): [string, string][] {
  const { key, size, metadata = {}, tags = [], checksums = {} } = info;
  const all: [string, string | undefined][] = [
    ['key', printable(key)],
    [
      'size',
      `${formatBytes(size)}${size < 1000 ? '' : ` (${size.toLocaleString('en-US')} bytes)`}`,
    ],
    ['modified', formatDate(info.modifiedAt)],
    ['created', info.createdAt && formatDate(info.createdAt)],
    ['expires', info.expiresAt && formatDate(info.expiresAt)],
    ['type', info.contentType],
    ['encoding', info.contentEncoding],
    ['language', info.contentLanguage],
    ['disposition', info.contentDisposition],
    ['cache control', info.cacheControl],
    ['tags', tags.length === 0 ? undefined : tags.join(', ')],
    ...Object.entries(metadata).map(([name, value]): [string, string] => [
      `metadata ${printable(name)}`,
      JSON.stringify(value),
    ]),
    ...Object.values(checksums).map((checksum): [string, string] => ['checksum', checksum]),
    ['etag', info.etag],
    ['id', info.id],
    ['version', info.version],
  ];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, printable(value)]]));
}
