import { type Harness, providerScenarios } from '@granary/storage-conformance';
import type { DescribeOptions } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';

/** Of the second harness of a layer: what an engine adds is asked of the first one. */
export const SECOND: DescribeOptions = { scenarios: providerScenarios, slow: false };

/** Of a layer over one that waits and tries again: what that may change. */
export const TRIED_AGAIN: DescribeOptions = {
  rules: ['OPEN', 'GET', 'RANGE', 'PUT', 'COND', 'COPY', 'UP', 'ERR', 'ABORT', 'CONC', 'LAYER'],
  slow: false,
};

/** A harness that runs the kit on a layer over memory. */
export function over(name: string, layer: NonNullable<Harness['layer']>): Harness {
  return {
    name,
    create: () => ({ provider: createMemory.provider({ versioning: true }) }),
    layer,
    timeoutMs: 30_000,
  };
}
