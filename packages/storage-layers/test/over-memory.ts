import type { Harness } from '@granary/storage-conformance';
import { createMemory } from '@granary/storage-memory';

/** A harness that runs the kit on a layer over memory. */
export function over(name: string, layer: NonNullable<Harness['layer']>): Harness {
  return {
    name,
    create: () => ({ provider: createMemory.provider({ versioning: true }) }),
    layer,
    timeoutMs: 30_000,
  };
}
