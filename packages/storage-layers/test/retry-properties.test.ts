import { isStorageError, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type FaultOptions, fakeClock, withMock } from '../src/mock.ts';
import { withRetry } from '../src/retry.ts';

const count = (max: number) => fc.integer({ min: 0, max });

const fault = fc.record({
  operation: fc.constantFrom('put' as const, 'get' as const, 'stat' as const),
  after: count(4),
  times: fc.integer({ min: 1, max: 6 }),
  kind: fc.constantFrom('before', 'lost', 'cut', 'refused'),
  cutAfterBytes: count(40),
});
type ScriptedFault = typeof fault extends fc.Arbitrary<infer Value> ? Value : never;

const write = fc.record({
  content: fc.string({ minLength: 1, maxLength: 60 }),
  condition: fc.constantFrom('none', 'create', 'replace'),
  isReplayable: fc.boolean(),
});

function optionsOf({ operation, kind, after, times, cutAfterBytes }: ScriptedFault): FaultOptions {
  const when = { after, times };
  if (kind === 'lost') return { ...when, lost: true };
  if (kind === 'refused') return { ...when, with: 'permission-denied' };
  return kind === 'cut' && operation !== 'stat' ? { ...when, cutAfterBytes } : when;
}

/** Content that can be read once, in small chunks. */
async function* chunksOf(content: string) {
  const bytes = new TextEncoder().encode(content);
  for (let at = 0; at < bytes.length; at += 7) yield bytes.slice(at, at + 7);
}

test('whatever goes wrong, a write is what its answer says, and a read is whole', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault), fc.array(write, { minLength: 1 }), async (faults, writes) => {
      const { sleep, now } = fakeClock({ autoAdvance: true });
      const inner = createMemory.provider();
      const mocked = withMock(inner, { clock: { sleep, now } });
      const provider = withRetry(mocked, { sleep });
      const contentNow = () =>
        inner.get('a', {}).then(
          (object) => object.text(),
          () => undefined,
        );
      for (const each of faults) mocked.mock.fail(each.operation, optionsOf(each));

      for (const { content, condition, isReplayable } of writes) {
        const before = await contentNow();
        const etag = await inner.stat('a', {}).then(
          (info) => info.etag,
          () => 'none',
        );
        const conditions = {
          ...(condition === 'create' && { ifNoneMatch: '*' as const }),
          ...(condition === 'replace' && { ifMatch: etag }),
        };
        const body = toBody(isReplayable ? content : chunksOf(content));
        const error = await provider.put('a', body, conditions).then(
          () => undefined,
          (failure: unknown) => failure,
        );
        const after = await contentNow();
        if (error === undefined) expect(after).toBe(content);
        else if (!isStorageError(error)) throw error;
        else if (error.outcome === 'not-applied') expect(after).toBe(before);
        else expect([before, content]).toContain(after);

        const read = await provider
          .get('a', {})
          .then((object) => object.text())
          .catch((failure: unknown) => failure);
        if (!isStorageError(read)) expect(read).toBe(after);
      }
    }),
    { numRuns: 300 },
  );
});
