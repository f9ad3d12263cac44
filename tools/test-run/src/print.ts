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
    skips(entries),
    failures(entries),
    ['', tallyLine(tally(entries))],
  ];
  return sections.flat().join('\n');
}

/** By reason, then by suite: a kit skips the same tests for the same reason in many places. */
function skips(entries: readonly Entry[]): readonly string[] {
  const skipped = entries.flatMap((entry) => (entry.state === 'skipped' ? [entry] : []));
  if (skipped.length === 0) return [];
  const reasons = [...Map.groupBy(skipped, ({ reason }) => reason)];
  return [
    '',
    'Skipped, with the reason:',
    ...reasons.flatMap(([reason, group]) => [`  ${reason} (${group.length})`, ...bySuite(group)]),
  ];
}

function bySuite(entries: readonly Entry[]): readonly string[] {
  const place = ({ group, title }: Entry) => `${group} ${title.replace(/ > [^>]*$/, '')}`;
  const name = ({ title }: Entry) => title.replace(/^.* > /, '');
  return [...Map.groupBy(entries, place)].map(
    ([suite, tests]) => `    ${suite}: ${tests.map(name).join('; ')}`,
  );
}

function failures(entries: readonly Entry[]): readonly string[] {
  const failed = entries.flatMap((entry) => (entry.state === 'failed' ? [entry] : []));
  if (failed.length === 0) return [];
  const lines = failed.map(({ group, title, reason }) => `  ${group} ${title}\n    ${reason}`);
  return ['', 'Failed:', ...lines];
}
