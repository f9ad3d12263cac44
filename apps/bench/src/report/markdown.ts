import type { BudgetResult } from '../budgets/budget.ts';
import { overBaseline, overBestPeer, ranked } from '../harness/compare.ts';
import type { Row, WorkloadResult } from '../harness/run-workload.ts';
import { summarize } from '../harness/statistics.ts';
import { formatBytes, formatDuration, formatPercent, formatRatio, formatValue } from './format.ts';
import { renderMatrix } from './matrix.ts';
import type { Report } from './report.ts';
import { type Column, renderTable } from './table.ts';

/** Above this the machine was too busy for figures to be quoted. */
const DISTURBED_SHARE = 0.1;
const NONE = '–';

/** Renders a report as Markdown. */
export function renderReport(report: Report): string {
  return [
    '# Benchmark results',
    renderConditions(report),
    '## Budgets',
    renderBudgets(report.budgets),
    ...report.workloads.map(renderWorkload),
  ]
    .join('\n\n')
    .concat('\n');
}

function renderConditions(report: Report): string {
  const { machine, scale, runs, warmUps, startedAt, elapsedMs } = report;
  const lines = [
    `Measured ${startedAt} in ${formatDuration(elapsedMs)}: ${warmUps} warm-up rounds, ${runs} measured ones, scale \`${scale}\`.`,
    `${machine.processor}, ${machine.processors} processors, ${formatBytes(machine.memoryBytes)} of memory, ${machine.system}, Node ${machine.node}, disk ${machine.fileSystems.disk}, memory ${machine.fileSystems.memory}. Load before: ${machine.loadBefore.toFixed(2)}.`,
  ];
  if (scale !== 'full') {
    lines.push('**This scale is for a look while working. Its figures are not to be quoted.**');
  }
  const names = report.workloads
    .filter(({ disturbance = 0 }) => disturbance > DISTURBED_SHARE)
    .map(({ name, disturbance = 0 }) => `${name} ${formatPercent(disturbance)}`);
  if (names.length > 0) {
    lines.push(`**Other programs used the machine meanwhile: ${names.join(', ')}.**`);
  }
  lines.push(
    'A ratio compares two subjects round by round, above 1 is better, with the range of 80 of 100 rounds; only subjects that give the same guarantees are compared. ' +
      '`p95`: 95 of 100 runs were at least as good. Class `A`: written in place (torn by a crash); `B`: temporary file and rename; `C`: as B, and synced.',
  );
  return lines.join('\n\n');
}

/** Renders what became of the budgets. */
export function renderBudgets(budgets: readonly BudgetResult[]): string {
  if (budgets.length === 0) return 'No budget applies to what was measured.';
  return renderTable(budgets, [
    { title: 'budget', text: ({ title }) => title },
    { title: 'limit', align: 'right', text: ({ limit }) => limit },
    { title: 'measured', align: 'right', text: ({ measured }) => measured },
    { title: 'verdict', text: ({ verdict }) => verdict },
    { title: 'against', text: ({ against }) => against ?? '' },
  ]);
}

/** Renders one workload: a table per metric, and the subjects that failed. */
export function renderWorkload(result: WorkloadResult): string {
  const parts = [`## ${result.title} (\`${result.name}\`)`, result.about];
  parts.push(...(result.layout === 'matrix' ? renderMatrix(result) : renderLists(result)));
  for (const { subject, error } of result.rows) {
    if (error !== undefined) parts.push(`- **${subject.title} was left out:** ${error}`);
  }
  for (const { title, reason } of result.leftOut ?? []) {
    parts.push(`- ${title} is not measured: ${reason}`);
  }
  const { elapsedMs, disturbance, rounds, leftBehind } = result;
  if (leftBehind !== undefined) parts.push(`- The server was not cleaned up: ${leftBehind}`);
  const others =
    disturbance === undefined
      ? ''
      : `; other programs used ${formatPercent(disturbance)} of the machine`;
  const fewer = rounds === undefined ? '' : ` for ${rounds.warmUps} + ${rounds.runs} rounds`;
  parts.push(`Took ${formatDuration(elapsedMs)}${fewer}${others}.`);
  return parts.join('\n\n');
}

function renderLists(result: WorkloadResult): string[] {
  return Object.entries(result.metrics).flatMap(([metric, { title }]) => {
    const rows = ranked(result, metric);
    if (rows.length === 0) return [];
    return [`### ${title}`, renderTable(rows, columnsOf(result, metric, rows))];
  });
}

function columnsOf(result: WorkloadResult, metric: string, rows: readonly Row[]): Column<Row>[] {
  const { unit = 'ops/s', better = 'higher' } = result.metrics[metric] ?? {};
  const summaryOf = (row: Row) => summarize(row.values[metric] ?? [], better);
  const value = (number: number) => formatValue(number, unit);
  const columns: (Column<Row> & { readonly isShown?: boolean })[] = [
    { title: 'subject', text: ({ subject }) => subject.title },
    { title: 'class', text: classOf, isShown: rows.some((row) => classOf(row) !== NONE) },
    {
      title: 'place',
      text: ({ place }) => place,
      isShown: new Set(rows.map(({ place }) => place)).size > 1,
    },
    { title: 'median', align: 'right', text: (row) => value(summaryOf(row).median) },
    {
      title: 'p95',
      align: 'right',
      text: (row) => value(row.distributions[metric]?.p95 ?? summaryOf(row).p95),
      isShown: rows.some((row) => summaryOf(row).runs > 1),
    },
    {
      title: 'best',
      align: 'right',
      text: (row) => value(summaryOf(row).best),
      isShown: rows.some((row) => summaryOf(row).runs > 1),
    },
    {
      title: 'over bare calls',
      align: 'right',
      text: (row) => ratioText(overBaseline(result, metric, row)),
      isShown: rows.some((row) => overBaseline(result, metric, row)),
    },
    {
      title: 'over best peer',
      align: 'right',
      text: (row) => ratioText(overBestPeer(result, metric, row)),
      isShown: rows.some((row) => overBestPeer(result, metric, row)),
    },
    {
      title: 'peak over idle',
      align: 'right',
      text: ({ resources }) =>
        resources === undefined ? NONE : formatBytes(resources.peakBytes - resources.idleBytes),
      isShown: rows.some(({ resources }) => resources !== undefined),
    },
    {
      title: 'files',
      align: 'right',
      text: ({ resources }) => String(resources?.openFiles ?? NONE),
      isShown: rows.some(({ resources }) => resources?.openFiles !== undefined),
    },
    { title: 'note', text: noteOf, isShown: rows.some((row) => noteOf(row) !== '') },
  ];
  return columns.filter(({ isShown = true }) => isShown);
}

function ratioText(comparison: ReturnType<typeof overBaseline>): string {
  return comparison === undefined ? NONE : formatRatio(comparison.ratio);
}

/** The durability class, and what else the rows of a group have in common. */
function classOf({ subject, group }: Row): string {
  const { durability } = subject;
  if (durability === undefined) return NONE;
  if (group === 'reads') return durability;
  if (durability === 'memory' || group.startsWith(durability)) return group;
  return `${durability}, ${group}`;
}

function noteOf({ subject, isShortened = false }: Row): string {
  return [subject.note, isShortened ? 'slow: fewer runs' : undefined]
    .filter((note) => note !== undefined)
    .join('; ');
}
