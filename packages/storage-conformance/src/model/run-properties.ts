import fc from 'fast-check';
import { CheckError } from '../check.ts';
import type { Harness } from '../harness.ts';
import { openContext } from '../open-context.ts';
import { applyOperation, checkAll } from './apply-operation.ts';
import { type Operation, operation } from './operations.ts';
import { plainModel } from './plain-model.ts';

/** How a provider is compared with the model. */
export interface PropertyOptions {
  /** Sequences that are tried, each in a store of its own. Default: 50. */
  readonly runs?: number;
  /** Most operations of a sequence. Default: 40. */
  readonly maxOperations?: number;
  /** Makes the same sequences again. Default: a new one, told in the report. */
  readonly seed?: number;
}

/** What {@link runProperties} did. */
export interface PropertyReport {
  readonly runs: number;
  /** Makes the same sequences again. */
  readonly seed: number;
}

/**
 * Compares a provider with a plain model over random sequences of operations.
 * Rejects with the shortest sequence that it found to go wrong, and with the seed.
 */
export async function runProperties(
  harness: Harness,
  options: PropertyOptions = {},
): Promise<PropertyReport> {
  const { runs = 50, maxOperations = 40, seed } = options;
  const sequence = fc.array(operation, { maxLength: maxOperations, size: 'max' });
  const property = fc.asyncProperty(sequence, (steps) => runSequence(harness, steps));
  const result = await fc.check(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed }),
  });
  if (!result.failed) return { runs: result.numRuns, seed: result.seed };
  const [steps] = result.counterexample as [Operation[]];
  const reason = String((result.errorInstance as Error).message);
  throw new CheckError(
    [
      `${harness.name} and the model disagree after ${steps.length} operations: ${reason}`,
      ...steps.map((step, index) => `  ${index + 1}. ${describe(step)}`),
      `  Run it again with { seed: ${result.seed}, runs: ${result.numRuns} }.`,
    ].join('\n'),
    result.errorInstance,
  );
}

async function runSequence(harness: Harness, steps: readonly Operation[]): Promise<void> {
  const { context, close } = await openContext(harness);
  try {
    const model = plainModel();
    for (const step of steps) await applyOperation(context.provider, model, step);
    await checkAll(context.provider, model);
  } finally {
    await close();
  }
}

function describe({ do: name, ...rest }: Operation): string {
  const words = Object.entries(rest).map(([field, value]) => `${field}: ${JSON.stringify(value)}`);
  return `${name} { ${words.join(', ')} }`;
}
