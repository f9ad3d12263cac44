/** One column of a table. */
export interface Column<Item> {
  readonly title: string;
  /** Default: `left`. */
  readonly align?: 'left' | 'right';
  text(item: Item): string;
}

/** Renders a Markdown table that also reads well as plain text. */
export function renderTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
): string {
  const rows = items.map((item) => columns.map((column) => cell(column.text(item))));
  const widths = columns.map((column, index) =>
    Math.max(3, column.title.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((text, index) => pad(text, widths[index] ?? 0, columns[index]?.align)).join(' | ')} |`;
  const rule = columns.map(({ align }, index) => {
    const dashes = '-'.repeat(widths[index] ?? 3);
    return align === 'right' ? `${dashes.slice(1)}:` : dashes;
  });
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n');
}

function pad(text: string, width: number, align: Column<unknown>['align']): string {
  return align === 'right' ? text.padStart(width) : text.padEnd(width);
}

/** A cell must stay in its row and column. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
