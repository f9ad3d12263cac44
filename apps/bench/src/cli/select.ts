import type { Subject } from '../harness/subject.ts';
import type { Workload } from '../harness/workload.ts';

/** A workload and those of its subjects that were asked for. */
export interface Selection {
  readonly workload: Workload;
  readonly subjects: readonly Subject[];
}

/** Picks workloads by name and subjects by id or kind; empty lists pick all. A word that names begin with picks those alone. Errors: a `TypeError` when nothing is left. */
export function select(
  workloads: readonly Workload[],
  filters: readonly string[],
  words: readonly string[],
): Selection[] {
  const isFamily = (word: string) => workloads.some(({ name }) => name.startsWith(`${word}-`));
  const isMeant = (name: string, word: string) =>
    isFamily(word) ? name.startsWith(`${word}-`) : name.includes(word);
  const selected = workloads
    .filter(({ name }) => filters.length === 0 || filters.some((word) => isMeant(name, word)))
    .map((workload) => ({
      workload,
      subjects: workload.subjects.filter(
        ({ id, kind }) =>
          words.length === 0 || words.some((word) => id.includes(word) || kind === word),
      ),
    }))
    .filter(({ subjects }) => subjects.length > 0);
  if (selected.length > 0) return selected;
  const names = workloads.map(({ name }) => name).join(', ');
  throw new TypeError(`Nothing matches ${[...filters, ...words].join(' ')}. Workloads: ${names}.`);
}
