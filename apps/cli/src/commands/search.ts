import { isStorageError, type StorageItem, type StorageQuery } from '@granary/storage-core';
import { type Command, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { choice, flag, list, parsed, text } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { infoRecord } from '../output/info-record.ts';
import type { Output } from '../output/output.ts';
import { printable } from '../output/printable.ts';
import { requireTree } from '../places/look-up.ts';
import { labelBelow } from '../places/parse-place.ts';
import { parseComparisons } from '../values/metadata.ts';
import { parseWholeNumber } from '../values/whole-number.ts';

export const search: Command = defineCommand({
  name: 'search',
  group: 'Look',
  summary: 'Search objects by words, tags and metadata',
  details:
    'All that is asked for must hold. Words are looked for in keys, tags and metadata, in any letter case.',
  arguments: [
    { name: 'place', description: 'where to search' },
    {
      name: 'word',
      description: 'words that must all occur',
      isOptional: true,
      isVariadic: true,
      completes: [],
    },
  ],
  options: {
    tag: list('tag', 'has this tag', { short: 't' }),
    anyTag: list('tag', 'has at least one of these tags'),
    meta: list('test', "metadata compares so: camera=Leica, 'iso>=400', title~harbor", {
      short: 'm',
    }),
    type: text('type', 'has this content type, such as image/png'),
    content: flag('look for the words in the content too; reads every candidate'),
    scan: flag('allow a request for each object where the store cannot list metadata'),
    sort: choice('order of the results', ['key', 'size', 'modified', 'created']),
    descending: flag('the other way round'),
    limit: parsed('n', 'show no more than this many', (word) => parseWholeNumber(word, 1)),
  },
  examples: [
    ["granary search photos --tag holiday --meta 'camera.iso>=400'", 'by tag and metadata'],
    ['granary search notes harbor lights', 'objects that both words stand on'],
  ],
  async run({ words, options, output, places, readPlace, signal }) {
    const [word = '.', ...wanted] = words;
    const place = await readPlace(word);
    const tree = await places.tree(place);
    const { store, prefix } = tree;
    const metadata = parseComparisons(options.meta);
    const query: StorageQuery = {
      prefix,
      ...(wanted.length === 0 ? {} : { text: wanted.join(' ') }),
      ...(options.content ? { textIn: ['key', 'tags', 'metadata', 'value'] } : {}),
      ...(options.tag.length === 0 ? {} : { tags: options.tag }),
      ...(options.anyTag.length === 0 ? {} : { anyTags: options.anyTag }),
      ...(options.meta.length === 0 ? {} : { metadata }),
      ...(options.type === undefined ? {} : { contentType: options.type }),
      ...(options.limit === undefined ? {} : { limit: options.limit }),
      ...(options.scan || options.content ? { scan: true } : {}),
      ...(options.sort === undefined && !options.descending
        ? {}
        : {
            sort: {
              by: SORT_FIELDS[options.sort ?? 'key'],
              order: options.descending ? 'desc' : 'asc',
            },
          }),
    };
    let found = 0;
    try {
      for await (const item of store.search(query, { signal })) {
        const key = item.key.slice(prefix.length);
        await output.result(
          { type: 'object', ...infoRecord({ ...item, key }) },
          resultLine(item, labelBelow(place, key), output),
        );
        found += 1;
      }
    } catch (error) {
      if (!isStorageError(error, 'unsupported') || query.scan === true) throw error;
      throw usageError(errorFacts(error).message, 'Add --scan: a request for each object.');
    }
    if (found === 0) await requireTree(tree, place, signal);
    return EXIT.ok;
  },
});

const SORT_FIELDS = {
  key: 'key',
  size: 'size',
  modified: 'modifiedAt',
  created: 'createdAt',
} as const;

function resultLine({ tags = [] }: StorageItem, label: string, { paint }: Output): string {
  const tagged = tags.length === 0 ? '' : paint('dim', `  #${tags.map(printable).join(' #')}`);
  return `${printable(label)}${tagged}`;
}
