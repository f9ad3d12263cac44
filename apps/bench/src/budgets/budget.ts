import type { Row, WorkloadResult } from '../harness/run-workload.ts';

/** What a budget found in the results. */
export interface Finding {
  readonly value: number;
  /** Shows the value and its spread. */
  readonly text: string;
  /** What it was compared with. */
  readonly against?: string;
}

/** A promise about a figure. */
export interface Budget {
  readonly title: string;
  readonly limit: number;
  readonly compare: 'at least' | 'at most';
  /** Shows the limit. */
  readonly limitText: string;
  /** Undefined when the results do not hold what it takes. */
  read(results: readonly WorkloadResult[]): Finding | undefined;
}

/** What became of a budget. */
export interface BudgetResult {
  readonly title: string;
  readonly limit: string;
  readonly measured: string;
  readonly isMet: boolean;
  /** `met`, or by how much it was missed. */
  readonly verdict: string;
  readonly against?: string;
}

/** Checks the budgets that the results have figures for. */
export function checkBudgets(
  budgets: readonly Budget[],
  results: readonly WorkloadResult[],
): BudgetResult[] {
  const checked: BudgetResult[] = [];
  for (const budget of budgets) {
    const finding = budget.read(results);
    if (finding === undefined) continue;
    const { value, text, against } = finding;
    const { limit, compare } = budget;
    const isMet = compare === 'at least' ? value >= limit : value <= limit;
    checked.push({
      title: budget.title,
      limit: `${compare === 'at least' ? '>=' : '<='} ${budget.limitText}`,
      measured: text,
      isMet,
      verdict: isMet ? 'met' : `missed by ${shortfall(value, limit)}`,
      ...(against !== undefined && { against }),
    });
  }
  return checked;
}

/** A share of the limit, where that is one. */
function shortfall(value: number, limit: number): string {
  return limit === 0 ? String(value) : `${Math.abs((value / limit - 1) * 100).toFixed(1)} %`;
}

/** The result of a workload, when it was measured. */
export function resultOf(
  results: readonly WorkloadResult[],
  workload: string,
): WorkloadResult | undefined {
  return results.find(({ name }) => name === workload);
}

/** The row of a subject, when it was measured without an error. */
export function rowOf(result: WorkloadResult | undefined, subject: string): Row | undefined {
  const row = result?.rows.find((candidate) => candidate.subject.id === subject);
  return row?.error === undefined ? row : undefined;
}
