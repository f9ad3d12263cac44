import { describeConformance } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';
import { withAcme } from '../src/acme.ts';

describeConformance({
  name: 'acme over memory',
  create: () => ({ provider: createMemory.provider({ versioning: true }) }),
  layer: (inner) => withAcme(inner, { onOperation: () => {} }),
});
