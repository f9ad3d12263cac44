import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import type { StorageProvider } from '@granary/storage-core/provider';
import { withEncrypt } from '../src/encrypt.ts';
import { withMock } from '../src/mock.ts';
import { withQuota } from '../src/quota.ts';
import { withRetry } from '../src/retry.ts';
import { over, SECOND, TRIED_AGAIN } from './over-memory.ts';
import { plain } from './plain-memory.ts';

const wide = { maxBytes: 2 ** 40, maxObjects: 1e6, limits: { 'a*': { maxBytes: 2 ** 39 } } };

const memory = over('a quota over memory', (inner) => withQuota(inner, wide));
describeConformance(memory);
describeProperties(memory);

describeConformance(
  over('a quota over a place that can do nothing more', (inner) => withQuota(plain(inner), wide)),
  SECOND,
);
describeConformance(
  over('a quota that believes what the store says', (inner) =>
    withQuota(inner, { maxBytes: 2 ** 40, count: 'usage', recountAfterMs: 1 }),
  ),
  SECOND,
);

const stack = over('a quota over retry over a mock over memory', (inner: StorageProvider) =>
  withQuota(withRetry(withMock(inner), { baseDelayMs: 1 }), wide),
);
describeConformance(stack, TRIED_AGAIN);
describeProperties(stack);

// Sessions that another process began tell nothing of what they hold here.
const key = new Uint8Array(32).fill(7);
describeConformance(
  over('a quota over encryption', (inner) => withQuota(withEncrypt(inner, { key }), wide)),
  { rules: ['PUT-1', 'UP'] },
);
