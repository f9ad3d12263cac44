import type { ByteRange } from '@granary/storage-core/provider';
import { equal, failsWith } from '../check.ts';
import { drain, noise } from '../content.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const NEEDS = ['rangeReads'] as const;
const CONTENT = noise(1000, 7);
const BIG = 3 * 1024 * 1024 + 17;

async function check(
  { provider }: ScenarioContext,
  content: Uint8Array,
  range: ByteRange,
  from: number,
  to: number,
): Promise<void> {
  const named = `range ${JSON.stringify(range)} of ${content.byteLength} bytes`;
  const object = await provider.get('a', { range });
  equal(object.range, { offset: from, length: to - from }, `${named}: what was returned`);
  equal(object.info.size, content.byteLength, `${named}: size of the whole object`);
  equal(await object.bytes(), content.slice(from, to), named);
  const streamed = await provider.get('a', { range });
  equal(await drain(streamed.stream()), content.slice(from, to), `${named}, streamed`);
}

export const rangeScenarios: readonly Scenario[] = [
  {
    rule: 'RANGE-1',
    title: 'returns the first byte, a middle part, the rest and the last bytes',
    needs: NEEDS,
    async run(context) {
      await context.put('a', CONTENT);
      await check(context, CONTENT, { offset: 0, length: 1 }, 0, 1);
      await check(context, CONTENT, { offset: 1, length: 1 }, 1, 2);
      await check(context, CONTENT, { offset: 100, length: 300 }, 100, 400);
      await check(context, CONTENT, { offset: 0, length: 1000 }, 0, 1000);
      await check(context, CONTENT, { offset: 999, length: 1 }, 999, 1000);
      await check(context, CONTENT, { offset: 0 }, 0, 1000);
      await check(context, CONTENT, { offset: 400 }, 400, 1000);
      await check(context, CONTENT, { offset: 999 }, 999, 1000);
      await check(context, CONTENT, { suffix: 1 }, 999, 1000);
      await check(context, CONTENT, { suffix: 250 }, 750, 1000);
      await check(context, CONTENT, { suffix: 1000 }, 0, 1000);
    },
  },
  {
    rule: 'RANGE-1',
    title: 'returns parts across the borders of blocks and parts of a large object',
    needs: NEEDS,
    slow: true,
    async run(context) {
      const content = noise(BIG, 8);
      await context.put('a', content);
      const borders = [4096, 65_536, 262_144, 1_048_576, 2_097_152, 3_145_728];
      for (const border of borders) {
        await check(context, content, { offset: border - 1, length: 2 }, border - 1, border + 1);
        await check(context, content, { offset: border, length: 1 }, border, border + 1);
        await check(context, content, { offset: border - 1, length: 1 }, border - 1, border);
      }
      await check(context, content, { offset: 60_000, length: 2_500_000 }, 60_000, 2_560_000);
      await check(context, content, { suffix: 1_048_577 }, BIG - 1_048_577, BIG);
    },
  },
  {
    rule: 'RANGE-2',
    title: 'cuts a part that reaches past the end',
    needs: NEEDS,
    async run(context) {
      await context.put('a', CONTENT);
      await check(context, CONTENT, { offset: 900, length: 200 }, 900, 1000);
      await check(context, CONTENT, { offset: 999, length: 2 }, 999, 1000);
      await check(context, CONTENT, { offset: 0, length: 2 ** 33 }, 0, 1000);
      await check(
        context,
        CONTENT,
        { offset: 500, length: Number.MAX_SAFE_INTEGER - 500 },
        500,
        1000,
      );
    },
  },
  {
    rule: 'RANGE-3',
    title: 'refuses a part that begins at or past the end',
    needs: NEEDS,
    async run({ provider, put }) {
      await put('a', CONTENT);
      const refused = (range: ByteRange) =>
        failsWith(
          'range-not-satisfiable',
          provider.get('a', { range }),
          `range ${JSON.stringify(range)}`,
        );
      for (const offset of [1000, 1001, 5000, 2 ** 31, 2 ** 31 + 1, 2 ** 32, 2 ** 40]) {
        await refused({ offset });
        await refused({ offset, length: 1 });
      }
    },
  },
  {
    rule: 'RANGE-3',
    title: 'refuses every range of an empty object',
    needs: NEEDS,
    async run({ provider, put, bytes }) {
      await put('a', '');
      for (const range of [
        { offset: 0 },
        { offset: 0, length: 1 },
        { suffix: 1 },
        { offset: 1 },
      ] as const) {
        const error = await failsWith(
          'range-not-satisfiable',
          provider.get('a', { range }),
          'range of an empty object',
        );
        equal(error.key, 'a', 'key of the error');
      }
      equal(await bytes('a'), new Uint8Array(0), 'the empty object');
    },
  },
  {
    rule: 'RANGE-3',
    title: 'returns all of it for a suffix larger than the object',
    needs: NEEDS,
    async run(context) {
      await context.put('a', CONTENT);
      await check(context, CONTENT, { suffix: 1001 }, 0, 1000);
      await check(context, CONTENT, { suffix: 2 ** 33 }, 0, 1000);
    },
  },
  {
    rule: 'RANGE-3',
    title: 'fails with not-found for a part of a missing key',
    needs: NEEDS,
    async run({ provider }) {
      await failsWith(
        'not-found',
        provider.get('missing', { range: { offset: 5, length: 1 } }),
        'range of a missing key',
      );
      await failsWith(
        'not-found',
        provider.get('missing', { range: { suffix: 1 } }),
        'suffix of a missing key',
      );
    },
  },
  {
    rule: 'RANGE-4',
    title: 'refuses ranges that are not whole numbers, negative or empty',
    needs: NEEDS,
    async run({ provider, put, outside }) {
      await put('a', CONTENT);
      const before = outside.requests?.();
      const bad: readonly ByteRange[] = [
        ...[-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53].map((offset) => ({ offset })),
        ...[0, -1, 1.5, Number.NaN].map((length) => ({ offset: 0, length })),
        ...[0, -1, 2.5, Number.NaN].map((suffix) => ({ suffix })),
      ];
      for (const range of bad) {
        await failsWith(
          'invalid-argument',
          provider.get('a', { range }),
          `range ${JSON.stringify(range)}`,
        );
      }
      equal(outside.requests?.(), before, 'requests sent for bad ranges');
    },
  },
  {
    rule: 'RANGE-5',
    title: 'hands out no wrong bytes when the service ignores the range',
    needs: ['rangeReads', 'outside.fault'],
    async run({ provider, put, during }) {
      await put('a', CONTENT);
      await during('ignore-range', async () => {
        const codes = ['unsupported', 'unavailable', 'corrupted', 'unknown'] as const;
        const read = async () => {
          const object = await provider.get('a', { range: { offset: 10, length: 20 } });
          return { range: object.range, bytes: await object.bytes() };
        };
        const answer = await read().catch((error: unknown) =>
          failsWith(codes, Promise.reject(error), 'get of a part'),
        );
        if ('bytes' in answer) {
          equal(
            answer,
            { range: { offset: 10, length: 20 }, bytes: CONTENT.slice(10, 30) },
            'the part',
          );
        }
      });
    },
  },
  {
    rule: 'RANGE-2',
    title: 'keeps to the current object after it was replaced by a shorter one',
    needs: NEEDS,
    async run(context) {
      await context.put('a', CONTENT);
      await check(context, CONTENT, { offset: 500, length: 10 }, 500, 510);
      const shorter = noise(100, 9);
      await context.put('a', shorter);
      await failsWith(
        'range-not-satisfiable',
        context.provider.get('a', { range: { offset: 500, length: 10 } }),
        'range past the shorter object',
      );
      await check(context, shorter, { suffix: 10 }, 90, 100);
    },
  },
];
