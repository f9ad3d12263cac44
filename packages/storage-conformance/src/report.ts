import type { Capabilities } from '@granary/storage-core/provider';

/** How a scenario ended. */
export type ScenarioVerdict = 'passed' | 'failed' | 'skipped' | 'known-gap';

/** One line of a report. */
export interface ScenarioReport {
  readonly rule: string;
  readonly title: string;
  readonly result: ScenarioVerdict;
  /** Why it failed, was skipped, or is a known gap. */
  readonly reason?: string;
  /** How long it took. Units: ms. */
  readonly ms: number;
}

/** What a run found out. Made of plain values: `JSON.stringify` keeps it whole. */
export interface ConformanceReport {
  readonly name: string;
  /** Whether nothing failed. */
  readonly ok: boolean;
  readonly specVersion: 1;
  readonly capabilities: Capabilities;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly knownGaps: number;
  /** Units: ms. */
  readonly ms: number;
  readonly scenarios: readonly ScenarioReport[];
}

/** What {@link formatReport} leaves out. */
export interface FormatOptions {
  /** Which lines are shown. Default: `all`; `notable` leaves out what passed or was skipped. */
  readonly show?: 'all' | 'notable';
}

const MARKS: Readonly<Record<ScenarioVerdict, string>> = {
  passed: 'ok',
  failed: 'FAILED',
  skipped: 'skipped',
  'known-gap': 'known gap',
};

/** The report as a table of plain text, with the totals and the capabilities below it. */
export function formatReport(report: ConformanceReport, options: FormatOptions = {}): string {
  const rows = report.scenarios.filter(
    ({ result }) => options.show !== 'notable' || result === 'failed' || result === 'known-gap',
  );
  const cells = rows.map(({ rule, title, result, reason, ms }) => ({
    rule,
    result: MARKS[result],
    ms: ms.toFixed(0),
    text: reason === undefined ? title : `${title}: ${reason.replaceAll('\n', ' ')}`,
  }));
  const width = (column: 'rule' | 'result' | 'ms', head: string) =>
    cells.reduce((most, cell) => Math.max(most, cell[column].length), head.length);
  const [ruleWidth, resultWidth, msWidth] = [
    width('rule', 'rule'),
    width('result', 'result'),
    width('ms', 'ms'),
  ];
  const line = (rule: string, result: string, ms: string, text: string) =>
    `${rule.padEnd(ruleWidth)}  ${result.padEnd(resultWidth)}  ${ms.padStart(msWidth)}  ${text}`;
  const table =
    cells.length === 0
      ? []
      : [
          line('rule', 'result', 'ms', 'scenario'),
          ...cells.map(({ rule, result, ms, text }) => line(rule, result, ms, text)),
          '',
        ];
  return [...table, ...summary(report)].join('\n');
}

function summary(report: ConformanceReport): string[] {
  const { name, passed, failed, skipped, knownGaps, ms, capabilities } = report;
  const gaps = knownGaps === 0 ? '' : `, ${knownGaps} known gaps`;
  return [
    `${name}: ${passed} passed, ${failed} failed, ${skipped} skipped${gaps} (${(ms / 1000).toFixed(1)} s)`,
    badgeOf(report),
    `capabilities: ${describeCapabilities(capabilities)}`,
  ];
}

/** One line that a README can show: what the run proved. */
export function badgeOf(report: Pick<ConformanceReport, 'ok' | 'passed' | 'knownGaps'>): string {
  if (!report.ok) return 'granary spec 1: not conformant';
  return report.knownGaps === 0
    ? `granary spec 1: conformant (${report.passed} scenarios)`
    : `granary spec 1: conformant but for ${report.knownGaps} known gaps (${report.passed} scenarios)`;
}

/** The declared capabilities, by name, on one line. */
export function describeCapabilities(capabilities: Capabilities): string {
  const words = Object.entries(capabilities)
    .filter(([, value]) => value !== undefined && value !== false && value !== 'none')
    .map(([name, value]) => {
      if (value === true) return name;
      return `${name}=${Array.isArray(value) ? value.join('+') : String(value)}`;
    });
  return words.length === 0 ? 'none' : words.toSorted().join(' ');
}
