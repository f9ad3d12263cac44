/** One line of the table at the end. */
export interface Row {
  readonly step: string;
  readonly objects: number;
  /** Units: bytes moved. */
  readonly bytes: number;
  /** Units: ms. */
  readonly ms: number;
  readonly checks: number;
}

/** Counts checks, keeps the differences and shows how far a step is. */
export interface Report {
  /** Runs one step, shows its progress and adds its row. */
  step(name: string, total: number, work: (tally: Tally) => Promise<void>): Promise<void>;
  readonly rows: readonly Row[];
  readonly differences: readonly string[];
}

/** What a step counts. */
export interface Tally {
  /** One object is done. Units: bytes moved. */
  done(bytes: number): void;
  /** Holds an answer against the truth; a difference fails the job. */
  check(what: string, actual: unknown, expected: unknown): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const REDRAW_MS = 80;

/** Makes a report that draws on a terminal, and prints one line per step elsewhere. */
export function createReport(output: Output): Report {
  const rows: Row[] = [];
  const differences: string[] = [];

  return {
    rows,
    differences,
    async step(name, total, work) {
      const startedAt = performance.now();
      let [objects, bytes, checks, drawnAt] = [0, 0, 0, 0];
      const draw = () => {
        if (!output.isTTY || performance.now() - drawnAt < REDRAW_MS) return;
        drawnAt = performance.now();
        const filled = total === 0 ? 20 : Math.round((20 * Math.min(objects, total)) / total);
        const bar = '█'.repeat(filled) + '░'.repeat(20 - filled);
        output.write(
          `\r\u001b[K  ${name.padEnd(26)} ${bar} ${objects}/${total}  ${megabytes(bytes)} MB`,
        );
      };
      await work({
        done(moved) {
          objects += 1;
          bytes += moved;
          draw();
        },
        check(what, actual, expected) {
          checks += 1;
          if (Object.is(actual, expected)) return;
          differences.push(`${name}: ${what}: expected ${String(expected)}, got ${String(actual)}`);
        },
      });
      const row = { step: name, objects, bytes, ms: performance.now() - startedAt, checks };
      rows.push(row);
      output.write(`${output.isTTY ? '\r\u001b[K' : ''}  ${stepLine(row)}\n`);
    },
  };
}

interface Column {
  readonly title: string;
  readonly isName?: boolean;
  textOf(row: Row): string;
}

const COLUMNS: readonly Column[] = [
  { title: 'step', isName: true, textOf: ({ step }) => step },
  { title: 'objects', textOf: ({ objects }) => String(objects) },
  { title: 'MB', textOf: ({ bytes }) => megabytes(bytes) },
  { title: 'seconds', textOf: ({ ms }) => (ms / 1000).toFixed(2) },
  {
    title: 'MB/s',
    textOf: ({ bytes, ms }) => (bytes === 0 ? '–' : megabytes((bytes * 1000) / ms)),
  },
  { title: 'checks', textOf: ({ checks }) => String(checks) },
];

/** The table of all steps, with their sum. */
export function formatTable(rows: readonly Row[]): string {
  const sum = rows.reduce(
    (total, row) => ({
      step: 'in all',
      objects: total.objects + row.objects,
      bytes: total.bytes + row.bytes,
      ms: total.ms + row.ms,
      checks: total.checks + row.checks,
    }),
    { step: 'in all', objects: 0, bytes: 0, ms: 0, checks: 0 },
  );
  const columns = COLUMNS.map((column) => {
    const texts = [column.title, ...[...rows, sum].map(column.textOf)];
    return { ...column, width: Math.max(...texts.map(({ length }) => length)) };
  });
  const draw = (textOf: (column: Column) => string) =>
    columns
      .map((column) => {
        const text = textOf(column);
        return column.isName ? text.padEnd(column.width) : text.padStart(column.width);
      })
      .join('  ');
  const drawRow = (row: Row) => draw((column) => column.textOf(row));
  const rule = columns.map(({ width }) => '─'.repeat(width)).join('──');
  const head = draw(({ title }) => title);
  return [head, rule, ...rows.map(drawRow), rule, drawRow(sum)].join('\n');
}

function stepLine({ step, objects, bytes, ms, checks }: Row): string {
  const size = bytes === 0 ? '' : `, ${megabytes(bytes)} MB`;
  return `${step.padEnd(26)} ${objects} objects${size}, ${checks} checks, ${(ms / 1000).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
