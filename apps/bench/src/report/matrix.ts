import type { Row, WorkloadResult } from '../harness/run-workload.ts';
import { median } from '../harness/statistics.ts';
import type { Metric, Unit } from '../harness/workload.ts';
import { formatValue } from './format.ts';
import { type Column, renderTable } from './table.ts';

const NONE = '–';

const HEADINGS: Partial<Readonly<Record<Unit, string>>> = { calls: 'Calls', ms: 'Waiting' };

interface Line {
  readonly name: string;
  readonly metric: Metric;
}

/** What Granary has to be: never more calls than the best peer that stores the same. */
export interface Verdict {
  readonly isMet: boolean;
  /** `met`, or in bold who makes how many calls. */
  readonly text: string;
}

/** Renders metrics by subjects, a table for each unit, those of calls with a verdict. */
export function renderMatrix(result: WorkloadResult): string[] {
  const lines = Object.entries(result.metrics).map(([name, metric]): Line => ({ name, metric }));
  const units = [...new Set(lines.map(({ metric }) => metric.unit))];
  const tables = units.flatMap((unit) => {
    const some = lines.filter(({ metric }) => metric.unit === unit);
    const rows = result.rows.filter(({ values }) => some.some(({ name }) => name in values));
    if (rows.length === 0) return [];
    return [`### ${HEADINGS[unit] ?? unit}`, renderTable(some, columnsOf(result, rows, unit))];
  });
  return [...tables, ...notesOf(result)];
}

/** What a reader has to know of the subjects, a line each. */
function notesOf({ rows }: WorkloadResult): string[] {
  return rows.flatMap(({ subject: { title, note }, error }) =>
    note === undefined || error !== undefined ? [] : [`- ${title}: ${note}.`],
  );
}

function columnsOf(result: WorkloadResult, rows: readonly Row[], unit: Unit): Column<Line>[] {
  return [
    { title: 'operation', text: ({ metric }) => metric.title },
    ...rows.map(
      (row): Column<Line> => ({
        title: row.subject.title,
        align: 'right',
        text({ name, metric }) {
          const value = numberOf(row, name);
          return value === undefined ? NONE : formatValue(value, metric.unit);
        },
      }),
    ),
    ...(unit === 'calls'
      ? [
          {
            title: 'never more than the best peer',
            text: ({ name }: Line) => verdictOn(result, name)?.text ?? NONE,
          },
        ]
      : []),
  ];
}

/**
 * Holds every way of Granary against the peer with the fewest calls of its group. Undefined where there
 * is nobody to be held against.
 */
export function verdictOn(result: WorkloadResult, metric: string): Verdict | undefined {
  const verdicts = result.rows.flatMap((row) => {
    const ours = row.subject.kind === 'granary' ? numberOf(row, metric) : undefined;
    const best = bestPeer(result, metric, row.group);
    return ours === undefined || best === undefined ? [] : [{ row, ours, best }];
  });
  if (verdicts.length === 0) return undefined;
  const missed = verdicts.filter(({ ours, best }) => ours > best.value);
  const text = missed
    .map(({ row, ours, best }) => `${row.subject.title} ${ours}, ${best.title} ${best.value}`)
    .join('; ');
  return { isMet: missed.length === 0, text: text === '' ? 'met' : `**missed: ${text}**` };
}

function bestPeer(
  { rows }: WorkloadResult,
  metric: string,
  group: string,
): { readonly title: string; readonly value: number } | undefined {
  const [best] = rows
    .filter(({ subject, group: other }) => subject.kind === 'peer' && other === group)
    .flatMap((row) => {
      const value = numberOf(row, metric);
      return value === undefined ? [] : [{ title: row.subject.title, value }];
    })
    .sort((a, b) => a.value - b.value);
  return best;
}

function numberOf({ values }: Row, metric: string): number | undefined {
  const found = values[metric] ?? [];
  return found.length === 0 ? undefined : median(found);
}
