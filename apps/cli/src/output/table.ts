import { stripVTControlCharacters } from 'node:util';

/** One column: how its cells stand. */
export type Alignment = 'left' | 'right';

/** Lays rows out in columns two spaces apart; the last column is never padded. */
export function table(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = [],
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const padding = ' '.repeat((widths[column] ?? 0) - width(cell));
        if (alignments[column] === 'right') return padding + cell;
        return column === row.length - 1 ? cell : cell + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}

function width(cell: string): number {
  return [...stripVTControlCharacters(cell)].length;
}
