import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import {
  type Capabilities,
  guardProvider,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { withCompress } from '../src/compress.ts';
import { type EncryptOptions, withEncrypt } from '../src/encrypt.ts';
import { fakeClock, withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';
import { SECOND, TRIED_AGAIN } from './over-memory.ts';

const key = new Uint8Array(32).fill(7);

function over(
  name: string,
  layer: NonNullable<Harness['layer']>,
  create = () => createMemory.provider({ versioning: true }),
): Harness {
  return { name, create: () => ({ provider: create() }), layer, timeoutMs: 30_000 };
}

const encrypted =
  (options: Partial<EncryptOptions> = {}) =>
  (inner: StorageProvider) =>
    withEncrypt(inner, { key, ...options });

/** A store that other providers are opened over, as other processes do. */
function shared(name: string, options: Partial<EncryptOptions> = {}): Harness {
  return {
    name,
    create() {
      const store = createMemory.provider({ versioning: true });
      const open = () => withEncrypt(guardProvider(unclosed(store)), { key, ...options });
      return { provider: open(), reopen: open };
    },
  };
}

/** The store without its end, since several providers stand over it. */
function unclosed(store: StorageProvider): StorageProvider {
  const view: Record<string, unknown> = {};
  for (const name of Object.keys(store)) {
    if (name !== 'close')
      Object.defineProperty(view, name, { enumerable: true, get: () => store[name as 'get'] });
  }
  return view as unknown as StorageProvider;
}

/** Five operations, and nothing that is not required. */
function bare(): StorageProvider {
  const { get, put, stat, delete: remove, list } = createMemory.provider();
  const capabilities: Capabilities = {
    ...{ attributes: 'none', etagCovers: 'attributes', listOrder: 'utf8' },
    ...{ fileAndFolder: true, caseSensitive: true },
  };
  return { specVersion: 1, name: 'memory', capabilities, get, put, stat, delete: remove, list };
}

describeConformance(over('encryption over memory', encrypted()));
describeProperties(over('encryption over memory', encrypted()));
describeConformance(
  over('encryption bound to a context', encrypted({ bind: 'context', context: 'app' })),
  SECOND,
);
describeProperties(over('encryption bound to a context', encrypted({ bind: 'context' })));
describeConformance(over('encryption per save', encrypted({ mode: 'per-save' })), SECOND);
describeProperties(over('encryption per save', encrypted({ mode: 'per-save' })));
describeConformance(
  over('encryption by rules', encrypted({ mode: 'per-save', rules: [{ key: '*' }] })),
  SECOND,
);
describeConformance(over('encryption over five operations', encrypted(), bare), SECOND);
describeConformance(
  over('encryption per save over five operations', encrypted({ mode: 'per-save' }), bare),
  SECOND,
);
describeConformance(shared('encryption from two processes'), {
  // What one writes and another reads.
  rules: ['OPEN', 'GET', 'PUT', 'ETAG', 'COND', 'LIST', 'META', 'UP', 'WATCH', 'CHG', 'CONC'],
  slow: false,
});
describeConformance(
  over('encryption over retry over a slow mock', (inner) =>
    withEncrypt(
      withRetry(
        withMock(inner, {
          latency: 5,
          clock: fakeClock({ startMs: Date.now(), autoAdvance: true }),
        }),
      ),
      { key },
    ),
  ),
  TRIED_AGAIN,
);
describeConformance(
  over('encryption over a store of small puts', encrypted(), () =>
    createMemory.provider({ maxPutBytes: 4_000_000, partBytes: 9 * 1024 * 1024 }),
  ),
  // What goes up in parts.
  { rules: ['PUT', 'GET', 'RANGE', 'COPY', 'UP', 'ENG-8'], slow: false },
);
describeConformance(
  over('compression over encryption over retry over a mock', (inner) =>
    withCompress(withEncrypt(withRetry(withMock(inner)), { key }), {}),
  ),
  TRIED_AGAIN,
);
