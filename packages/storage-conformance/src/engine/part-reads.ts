import { createStorage } from '@granary/storage-core';
import { guardProvider } from '@granary/storage-core/provider';
import { equal, failsWith, rejection } from '../check.ts';
import { collect, join, noise } from '../content.ts';
import { operations } from '../open-context.ts';
import { relay } from '../relay.ts';
import type { Scenario } from '../scenario.ts';

export const partReadScenarios: readonly Scenario[] = [
  {
    rule: 'RANGE-7',
    title: 'reads an object in parts at once',
    needs: ['rangeReads', 'readConditions'],
    slow: true,
    async run({ storage }) {
      const engine = storage();
      const mebibyte = 1024 * 1024;
      const content = noise(20 * mebibyte + 5, 61);
      await engine.put('a', content);
      equal(await (await engine.get('a', { concurrency: 3 })).bytes(), content, 'the content');
      const stream = (await engine.get('a', { concurrency: 2 })).stream();
      equal(join(await collect(stream)), content, 'the content, streamed');
      const range = { offset: 7, length: 17 * mebibyte };
      const part = await engine.get('a', { concurrency: 4, range });
      equal(part.range, range, 'the range');
      equal(await part.bytes(), content.subarray(7, 7 + range.length), 'a part');
      await (await engine.get('a', { concurrency: 4 })).cancel();
      await engine.put('empty', '');
      equal((await (await engine.get('empty', { concurrency: 4 })).bytes()).byteLength, 0, 'size');
      await failsWith('not-found', engine.get('missing', { concurrency: 4 }), 'get');
      await failsWith('invalid-argument', engine.get('a', { concurrency: 0 }), 'get');
    },
  },
  {
    rule: 'RANGE-6',
    title: 'reads several parts in the order asked for, merged, overlapping, repeated or none',
    needs: ['rangeReads'],
    async run({ storage, put }) {
      const engine = storage();
      const content = noise(10_000, 54);
      await put('a', content);
      const ranges = [
        { offset: 5000, length: 100 },
        { offset: 0, length: 10 },
        { offset: 5, length: 10 },
        { offset: 0, length: 10 },
        { offset: 9990 },
        { suffix: 5 },
        { offset: 9995, length: 100 },
        { offset: 5100, length: 1 },
      ];
      const wanted = [
        content.slice(5000, 5100),
        content.slice(0, 10),
        content.slice(5, 15),
        content.slice(0, 10),
        content.slice(9990),
        content.slice(9995),
        content.slice(9995),
        content.slice(5100, 5101),
      ];
      for (const mergeGapBytes of [undefined, 0, 1, 100, 100_000]) {
        const parts = await engine.getRanges(
          'a',
          ranges,
          mergeGapBytes === undefined ? {} : { mergeGapBytes },
        );
        equal(parts, wanted, `parts with the gap ${mergeGapBytes}`);
      }
      const [first, second] = await engine.getRanges('a', [
        { offset: 0, length: 4 },
        { offset: 2, length: 4 },
      ]);
      first?.fill(0);
      equal(second, content.slice(2, 6), 'a part after another one was changed');
      equal(await engine.getRanges('a', []), [], 'no parts');
      await failsWith(
        'invalid-argument',
        engine.getRanges('a', [{ offset: 0, length: 0 }]),
        'an empty part',
      );
      await failsWith(
        'range-not-satisfiable',
        engine.getRanges('a', [{ offset: 0, length: 1 }, { offset: 10_000 }]),
        'a part past the end',
      );
      await failsWith(
        'not-found',
        engine.getRanges('missing', [{ offset: 0 }]),
        'parts of a missing key',
      );
    },
  },
  {
    rule: 'RANGE-6',
    title: 'fetches near parts together, and all parts of one write',
    needs: ['rangeReads'],
    async run({ provider, put }) {
      await put('a', noise(100_000, 55));
      let reads = 0;
      let before: Promise<unknown> = Promise.resolve();
      const counting = relay(provider, {
        async get(key, options) {
          reads += 1;
          if (reads === 3) {
            await before;
            await operations(provider).put('a', noise(100_000, 56));
          }
          const found = provider.get(key, options);
          before = found.catch(() => {});
          return found;
        },
      });
      const engine = createStorage(guardProvider(counting));
      const near = Array.from({ length: 20 }, (_, index) => ({ offset: index * 100, length: 50 }));
      await engine.getRanges('a', near, { mergeGapBytes: 64 });
      equal(reads, 1, 'reads for twenty near parts');
      const far = [
        { offset: 0, length: 1 },
        { offset: 50_000, length: 1 },
        { offset: 99_000, length: 1 },
      ];
      const error = await rejection(
        engine.getRanges('a', far, { mergeGapBytes: 0 }),
        'parts of an object that is written meanwhile',
      );
      await failsWith(['conflict', 'precondition-failed'], Promise.reject(error), 'getRanges');
    },
  },
];
