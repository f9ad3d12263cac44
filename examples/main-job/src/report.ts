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
  const cells = [
    ['step', 'objects', 'MB', 'seconds', 'MB/s', 'checks'],
    ...[...rows, sum].map((row) => [
      row.step,
      String(row.objects),
      megabytes(row.bytes),
      (row.ms / 1000).toFixed(2),
      row.bytes === 0 ? '–' : megabytes((row.bytes * 1000) / row.ms),
      String(row.checks),
    ]),
  ];
  const widths =
    cells[0]?.map((_, column) => Math.max(...cells.map((line) => line[column]?.length ?? 0))) ?? [];
  const draw = (line: readonly string[]) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  const rule = widths.map((width) => '─'.repeat(width)).join('──');
  const [head = [], ...body] = cells;
  return [draw(head), rule, ...body.slice(0, -1).map(draw), rule, draw(body.at(-1) ?? [])].join(
    '\n',
  );
}

function stepLine({ step, objects, bytes, ms, checks }: Row): string {
  const size = bytes === 0 ? '' : `, ${megabytes(bytes)} MB`;
  return `${step.padEnd(26)} ${objects} objects${size}, ${checks} checks, ${(ms / 1000).toFixed(2)} s`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
