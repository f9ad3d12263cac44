import type { WorkloadResult } from '../harness/run-workload.ts';
import { verdictOn } from '../report/matrix.ts';
import { type Budget, type Finding, resultOf } from './budget.ts';

/*
 * The budgets of people's own drives: calls are what users wait for, and what vendors limit.
 */

const SERVICES = { gdrive: 'Google Drive', onedrive: 'OneDrive', dropbox: 'Dropbox' } as const;

/** Every budget of drives that something in this benchmark measures. */
export const driveBudgets: readonly Budget[] = Object.entries(SERVICES).map(
  ([id, service]): Budget => ({
    title: `${service}: operations with more calls than the best peer`,
    limit: 0,
    compare: 'at most',
    limitText: '0',
    read: (results) => countMissed(resultOf(results, `calls-${id}`)),
  }),
);

/** Counts the operations in which a way of Granary makes more calls. Undefined where no peer was there. */
function countMissed(result: WorkloadResult | undefined): Finding | undefined {
  if (result === undefined) return undefined;
  const verdicts = Object.entries(result.metrics).flatMap(([name, { title, unit }]) => {
    const verdict = unit === 'calls' ? verdictOn(result, name) : undefined;
    return verdict === undefined ? [] : [{ title, ...verdict }];
  });
  if (verdicts.length === 0) return undefined;
  const missed = verdicts.filter(({ isMet }) => !isMet);
  return {
    value: missed.length,
    text: `${missed.length} of ${verdicts.length}`,
    ...(missed.length > 0 && { against: missed.map(({ title }) => title).join('; ') }),
  };
}
