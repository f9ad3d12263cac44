import type { BudgetResult } from '../budgets/budget.ts';
import type { Machine } from '../harness/machine.ts';
import type { WorkloadResult } from '../harness/run-workload.ts';
import type { Scale } from '../harness/workload.ts';

/** Everything one call of the benchmark found out, as it is written to JSON. */
export interface Report {
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly scale: Scale;
  readonly runs: number;
  readonly warmUps: number;
  readonly machine: Machine;
  readonly budgets: readonly BudgetResult[];
  readonly workloads: readonly WorkloadResult[];
}
