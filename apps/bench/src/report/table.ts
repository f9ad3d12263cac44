/** One column of a table. */
export interface Column<Item> {
  readonly title: string;
  /** Default: `left`. */
  readonly align?: 'left' | 'right';
  text(item: Item): string;
}

/** The shortest rule that Markdown takes for a table's. */
const MIN_WIDTH = 3;

/** Renders a Markdown table that also reads well as plain text. */
export function renderTable<Item>(
  items: readonly Item[],
  columns: readonly Column<Item>[],
): string {
  const texts = columns.map(({ title, align, text }) =>
    lineUp([title, ...items.map((item) => cell(text(item)))], align),
  );
  const rows = items.map((_, index) => texts.map((column) => column[index + 1]));
  const heads = texts.map(([head]) => head);
  const rules = columns.map(({ align }, index) => {
    const dashes = '-'.repeat(String(heads[index]).length);
    return align === 'right' ? `${dashes.slice(1)}:` : dashes;
  });
  return [heads, rules, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Makes texts equally long, and long enough for a rule. */
function lineUp(texts: readonly string[], align: Column<unknown>['align']): string[] {
  const width = Math.max(MIN_WIDTH, ...texts.map(({ length }) => length));
  return texts.map((text) => (align === 'right' ? text.padStart(width) : text.padEnd(width)));
}

/** A cell must stay in its row and column. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
