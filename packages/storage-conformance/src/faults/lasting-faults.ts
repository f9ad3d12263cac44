import { ensure } from '../check.ts';
import type { FaultContext } from './fault-context.ts';
import { FAULT_OPERATIONS, type FaultOperation } from './fault-operations.ts';
import { FAULTS, type FaultScenario, type NamedFault } from './fault-scenario.ts';

/** Every operation under every fault that does not end. */
export const lastingFaults: readonly FaultScenario[] = FAULTS.flatMap((named) =>
  FAULT_OPERATIONS.filter(({ hasReplyBody }) => hasReplyBody || !named.inReplyBody).map(
    (operation): FaultScenario => ({
      title: `${operation.name} fails as it should while ${named.name}`,
      run: (context) => failsWhole(context, operation, named),
    }),
  ),
);

async function failsWhole(
  context: FaultContext,
  operation: FaultOperation,
  { name, fault, codes }: NamedFault,
): Promise<void> {
  const reason = operation.unmet?.(context.provider);
  if (reason !== undefined) context.skip(reason);
  const error = await context.failure(fault, () => operation.run(context.provider));
  ensure(
    codes.includes(error.code),
    `while ${name}, ${operation.name} should fail with ${codes.join(' or ')}, ` +
      `not with ${error.code} (${error.message})`,
  );
  // A service may end its work after the connection has gone.
  await operation.either(context);
  if (operation.writes && error.outcome === 'not-applied') await operation.before(context);
}
