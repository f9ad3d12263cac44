import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';
import { withCompress } from '../src/compress.ts';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { over, SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plain } from './plain-memory.ts';

const always = over('compression of everything over memory', (inner) =>
  withCompress(inner, { always: true }),
);
describeConformance(always);
describeProperties(always);

describeConformance(
  over('compression on request over memory', (inner) => withCompress(inner)),
  SECOND,
);
describeConformance(
  {
    ...over('compression that marks everything', (inner) =>
      withCompress(inner, { always: true, foreign: 'refuse' }),
    ),
  },
  SECOND,
);
describeConformance(
  over('compression over a place that can do nothing more', (inner) =>
    withCompress(plain(inner), { always: true }),
  ),
  SECOND,
);
describeConformance(
  {
    name: 'compression over a store with small puts',
    create: () => ({
      provider: createMemory.provider({ maxPutBytes: 100_000, partBytes: 60_000 }),
    }),
    layer: (inner) => withCompress(inner, { always: true }),
  },
  // What goes up in parts.
  { rules: ['PUT', 'GET', 'RANGE', 'COPY', 'UP', 'ENG-8'], slow: false },
);

const stack = over('compression over retry over a mock over memory', (inner) =>
  withCompress(withRetry(withMock(inner), { baseDelayMs: 1 }), { always: true }),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack);
