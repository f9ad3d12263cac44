import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type MapSettings, mapProvider } from '../../test/map-provider.ts';
import type { ByteRange } from '../contract/body.ts';
import { createStorage } from './create-storage.ts';

const BYTES = Uint8Array.from({ length: 200 }, (_, index) => index);

async function setup(settings: MapSettings = {}, bytes: Uint8Array = BYTES) {
  const provider = mapProvider(settings);
  const storage = createStorage(provider);
  const { etag } = await storage.put('a', bytes);
  provider.calls.length = 0;
  return { provider, storage, etag };
}

function expected(range: ByteRange, bytes = BYTES): Uint8Array {
  if ('suffix' in range) return bytes.slice(Math.max(0, bytes.byteLength - range.suffix));
  const { offset, length = bytes.byteLength } = range;
  return bytes.slice(offset, offset + length);
}

describe('getRanges', () => {
  test('gives every part in the order asked for, whatever they are', async () => {
    const range = fc.oneof(
      fc.record({
        offset: fc.integer({ min: 0, max: 199 }),
        length: fc.integer({ min: 1, max: 250 }),
      }),
      fc.record({ offset: fc.integer({ min: 0, max: 199 }) }),
      fc.record({ suffix: fc.integer({ min: 1, max: 300 }) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(range, { maxLength: 12 }),
        fc.integer({ min: 0, max: 50 }),
        fc.boolean(),
        async (ranges, mergeGapBytes, readConditions) => {
          const { storage } = await setup({ capabilities: { readConditions } });
          const parts = await storage.getRanges('a', ranges, { mergeGapBytes });
          expect(parts).toEqual(ranges.map((one) => expected(one)));
        },
      ),
    );
  });

  test('fetches near parts together', async () => {
    const { storage, provider } = await setup();
    const near = [
      { offset: 0, length: 10 },
      { offset: 30, length: 10 },
      { offset: 15, length: 5 },
    ];
    await storage.getRanges('a', near);
    expect(provider.calls).toEqual(['get a']);
    provider.calls.length = 0;
    await storage.getRanges('a', near, { mergeGapBytes: 9 });
    expect(provider.calls).toHaveLength(2);
    provider.calls.length = 0;
    await storage.getRanges('a', near, { mergeGapBytes: 0 });
    expect(provider.calls).toHaveLength(3);
  });

  test('asks for a lone suffix without asking for the size', async () => {
    const { storage, provider } = await setup();
    expect(await storage.getRanges('a', [{ suffix: 3 }])).toEqual([BYTES.slice(197)]);
    expect(provider.calls).toEqual(['get a']);
  });

  test('gives parts that share no memory', async () => {
    const { storage } = await setup();
    const same = { offset: 0, length: 4 };
    const [first, second] = await storage.getRanges('a', [same, same]);
    first?.fill(9);
    expect(second).toEqual(BYTES.slice(0, 4));
    expect(second?.buffer.byteLength).toBe(4);
  });

  test('gives nothing for nothing, without a request', async () => {
    const { storage, provider } = await setup();
    expect(await storage.getRanges('a', [])).toEqual([]);
    expect(provider.calls).toEqual([]);
  });

  test.each([
    [[{ offset: 200 }]],
    [
      [
        { offset: 0, length: 1 },
        { offset: 250, length: 1 },
      ],
    ],
    [
      [
        { offset: 190, length: 1 },
        { offset: 200, length: 1 },
      ],
    ],
  ])('refuses parts behind the end: %j', async (ranges) => {
    const { storage } = await setup();
    await expect(storage.getRanges('a', ranges)).rejects.toMatchObject({
      code: 'range-not-satisfiable',
      key: 'a',
    });
  });

  test('refuses any part of an empty object', async () => {
    const { storage } = await setup({}, new Uint8Array());
    for (const ranges of [[{ suffix: 1 }], [{ suffix: 1 }, { suffix: 2 }], [{ offset: 0 }]]) {
      await expect(storage.getRanges('a', ranges)).rejects.toMatchObject({
        code: 'range-not-satisfiable',
      });
    }
  });

  test.each([
    [{ offset: -1 }],
    [{ offset: 0, length: 0 }],
    [{ offset: 0.5 }],
    [{ suffix: 0 }],
    [{ offset: 0, length: Number.NaN }],
    [{}],
  ])('refuses %j before any request', async (range) => {
    const { storage, provider } = await setup();
    const ranges = [{ offset: 0 }, range as ByteRange];
    await expect(storage.getRanges('a', ranges)).rejects.toMatchObject({
      code: 'invalid-argument',
      operation: 'getRanges',
      key: 'a',
    });
    await expect(
      storage.getRanges('a', [{ offset: 0 }], { mergeGapBytes: -1 }),
    ).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(provider.calls).toEqual([]);
  });

  test('is unsupported where parts cannot be read', async () => {
    const { storage } = await setup({ capabilities: { rangeReads: false } });
    await expect(storage.getRanges('a', [{ offset: 0 }])).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test.each([true, false])('reads one write alone (readConditions: %s)', async (readConditions) => {
    const { storage, etag } = await setup({ capabilities: { readConditions } });
    const far = [
      { offset: 0, length: 1 },
      { offset: 100, length: 1 },
    ];
    const options = { mergeGapBytes: 0, ifMatch: etag };
    expect(await storage.getRanges('a', far, options)).toHaveLength(2);
    await storage.put('a', BYTES);
    const failed = { code: 'precondition-failed', key: 'a' };
    await expect(storage.getRanges('a', far, options)).rejects.toMatchObject(failed);
    await expect(
      storage.getRanges('a', [{ suffix: 1 }, { offset: 0 }], options),
    ).rejects.toMatchObject(failed);
  });

  test.each([true, false])(
    'fails with a conflict when it was written between the parts',
    async (fromEnd) => {
      let gets = 0;
      const { storage, provider } = await setup({
        before: (operation) => {
          if (operation !== 'get') return;
          gets += 1;
          const entry = provider.entries.get('a');
          if (entry !== undefined) {
            provider.entries.set('a', { ...entry, info: { ...entry.info, etag: `w${gets}` } });
          }
        },
      });
      const ranges = fromEnd
        ? [{ suffix: 1 }, { offset: 0, length: 1 }]
        : Array.from({ length: 20 }, (_, index) => ({ offset: index * 10, length: 1 }));
      await expect(storage.getRanges('a', ranges, { mergeGapBytes: 0 })).rejects.toMatchObject({
        code: 'conflict',
        retryable: true,
      });
      expect(provider.openBodies.size).toBe(0);
      expect(gets).toBeLessThan(20);
    },
  );

  test('ends with its signal', async () => {
    const { storage } = await setup();
    await expect(
      storage.getRanges('a', [{ offset: 0 }], { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'aborted' });
  });
});
