import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { withShred } from '../src/shred.ts';
import { SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plainMemory } from './plain-memory.ts';

const memory = () => createMemory.provider({});
const versioned = () => createMemory.provider({ versioning: true });

function over(name: string, layer: NonNullable<Harness['layer']>, inner = memory): Harness {
  return { name, create: () => ({ provider: inner() }), layer };
}

const shredding = over('shred over memory', (inner) => withShred(inner, {}));
describeConformance(shredding);
describeProperties(shredding);

const thorough = over('shred with all it can do over memory', (inner) =>
  withShred(inner, {
    overwrite: 'always',
    copies: [createMemory()],
    mayDelete: async () => true,
    destroyKey: async () => {},
  }),
);
describeConformance(thorough, SECOND);
describeProperties(thorough);

describeConformance(
  {
    ...over('shred over memory with versions', (inner) => withShred(inner, {}), versioned),
    knownGaps: { 'VER-3': 'A delete that shreds leaves no version that could be brought back.' },
  },
  SECOND,
);
const tidy = over(
  'shred on replace over memory with versions',
  (inner) => withShred(inner, { onReplace: true }),
  versioned,
);
describeConformance(tidy, SECOND);
describeProperties(tidy);
describeConformance(
  over(
    'shred over a plain place',
    (inner) => withShred(inner, { overwrite: 'always' }),
    plainMemory,
  ),
  SECOND,
);
const stack = over('shred over retry over a mock', (inner) =>
  withShred(withRetry(withMock(inner), { baseDelayMs: 1, attempts: 2 }), {}),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack, { runs: 20 });
