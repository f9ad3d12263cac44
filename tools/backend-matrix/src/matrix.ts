import type { Capabilities } from '@granary/storage-core';

/** A backend's capabilities, after opening. */
export interface Column {
  readonly name: string;
  readonly capabilities: Capabilities;
}

interface Row {
  readonly title: string;
  readonly cell: (capabilities: Capabilities) => unknown;
}

const ROWS: readonly Row[] = [
  { title: 'survives the process', cell: ({ durable }) => durable },
  { title: 'ranged reads', cell: ({ rangeReads }) => rangeReads },
  { title: 'create if absent', cell: ({ createIfAbsent }) => createIfAbsent },
  { title: 'replace if unchanged', cell: ({ replaceIfMatch }) => replaceIfMatch },
  { title: 'delete if unchanged', cell: ({ deleteIfMatch }) => deleteIfMatch },
  { title: 'read if changed', cell: ({ readConditions }) => readConditions },
  { title: 'metadata and tags', cell: ({ attributes }) => attributes },
  { title: 'metadata in listings', cell: ({ listAttributes }) => listAttributes },
  { title: 'search by an index', cell: ({ candidates }) => candidates },
  { title: 'listing in key order', cell: ({ listOrder }) => listOrder === 'utf8' },
  { title: 'delimiter', cell: ({ delimiter }) => delimiter },
  { title: 'SHA-256 kept', cell: ({ checksum }) => checksum },
  { title: 'copy inside the service', cell: ({ copy }) => copy },
  { title: 'move in one step', cell: ({ move }) => move },
  { title: 'attributes changed in place', cell: ({ setMetadata }) => setMetadata },
  { title: 'resumable uploads', cell: ({ upload }) => upload },
  { title: 'lists unfinished uploads', cell: ({ uploads }) => uploads },
  { title: 'deletes many at once', cell: ({ deleteMany }) => deleteMany },
  { title: 'all-or-nothing batches', cell: ({ atomicBatch }) => atomicBatch },
  { title: 'versions', cell: ({ versions }) => versions },
  { title: 'deletes one version', cell: ({ deleteVersion }) => deleteVersion },
  { title: 'watch', cell: ({ watch }) => watch },
  { title: 'change feed with cursors', cell: ({ changes }) => changes },
  { title: 'presigned requests', cell: ({ presign }) => presign },
  { title: "the service's own tags", cell: ({ objectTags }) => objectTags },
  { title: '`a` beside `a/b`', cell: ({ fileAndFolder }) => fileAndFolder },
  { title: 'letter case kept apart', cell: ({ caseSensitive }) => caseSensitive },
  { title: 'largest single put', cell: ({ maxPutBytes }) => maxPutBytes ?? 'no limit' },
  { title: 'longest key, bytes', cell: ({ maxKeyBytes }) => maxKeyBytes ?? 1024 },
];

/** The table, in Markdown. */
export function matrixTable(columns: readonly Column[]): string {
  const lines = [
    ['', ...columns.map(({ name }) => name)],
    ['---', ...columns.map(() => '---')],
    ...ROWS.map(({ title, cell }) => [
      title,
      ...columns.map((column) => text(cell(column.capabilities))),
    ]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const BLOCK = /(<!-- matrix: pnpm matrix -->\n)[\s\S]*?(<!-- \/matrix -->)/;

/** The page with the table in its place. Fails when the page has no place for it. */
export function putTable(page: string, table: string): string {
  if (!BLOCK.test(page))
    throw new Error('README.md has no "<!-- matrix: pnpm matrix -->" … "<!-- /matrix -->"');
  return page.replace(BLOCK, (_, start: string, end: string) => `${start}${table}\n${end}`);
}

function text(value: unknown): string {
  if (value === true) return 'yes';
  return value === undefined || value === false || value === 'none' ? '–' : String(value);
}
