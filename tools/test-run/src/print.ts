import { type Entry, tally, tallyLine } from './tally.ts';

/** Returns the closing report: a line per group, every skip with its reason, every failure, the sum. */
export function closingReport(entries: readonly Entry[]): string {
  const groups = [...new Set(entries.map(({ group }) => group))];
  const width = Math.max(0, ...groups.map((group) => group.length));
  const lines = groups.map((group) => {
    const own = entries.filter((entry) => entry.group === group);
    return `  ${group.padEnd(width)}  ${tallyLine(tally(own))}`;
  });
  const sections = [
    ['', ...lines],
    section('Skipped, with the reason', entries, 'skipped'),
    section('Failed', entries, 'failed'),
    ['', tallyLine(tally(entries))],
  ];
  return sections.flat().join('\n');
}

function section(
  heading: string,
  entries: readonly Entry[],
  state: 'failed' | 'skipped',
): readonly string[] {
  const own = entries.flatMap((entry) => (entry.state === state ? [entry] : []));
  const lines = [...Map.groupBy(own, ({ reason }) => reason)].flatMap(([reason, group]) => [
    `  ${reason}`,
    ...group.map((entry) => `    ${entry.group}: ${entry.title}`),
  ]);
  return own.length === 0 ? [] : ['', `${heading}:`, ...lines];
}
