import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { createMemory } from '@granary/storage-memory';
import { type ExpireOptions, withExpire } from '../src/expire.ts';
import { withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plainMemory } from './plain-memory.ts';

const memory = () => createMemory.provider({ versioning: true });

function over(name: string, layer: NonNullable<Harness['layer']>, inner = memory): Harness {
  return { name, create: () => ({ provider: inner() }), layer };
}

const HOUR_MS = 3_600_000;
/** No key of the kit has a time to live, since a put gives back the attributes that it was given. */
const DATED: ExpireOptions = { ttl: { 'cache/*': HOUR_MS } };

const dated = over('expire over memory', (inner) => withExpire(inner, DATED));
describeConformance(dated);
describeProperties(dated);

/** Without the rules of layers, which put it over places where nothing can be swept or prolonged. */
const RULES = [
  ...['KEY', 'OPEN', 'GET', 'STAT', 'RANGE', 'PUT', 'ETAG', 'COND', 'DEL', 'LIST', 'CAND', 'META'],
  ...['COPY', 'MOVE', 'BATCH', 'UP', 'VER', 'TAG', 'WATCH', 'CHG', 'ERR', 'ABORT', 'CONC'],
  'EXP',
];
const busy = over('expire that sweeps and slides over memory', (inner) =>
  withExpire(inner, { ...DATED, sliding: true, sweep: { intervalMs: 5 } }),
);
describeConformance(busy, { rules: RULES, slow: false });
describeProperties(busy);
describeConformance(
  over('expire over a plain place', (inner) => withExpire(inner, DATED), plainMemory),
  SECOND,
);
const stack = over('expire over retry over a mock', (inner) =>
  withExpire(withRetry(withMock(inner), { baseDelayMs: 1, attempts: 2 }), DATED),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack, { runs: 20 });
