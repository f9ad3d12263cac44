import { equal, failsWith } from '../check.ts';
import type { Scenario } from '../scenario.ts';

export const readConditionScenarios: readonly Scenario[] = [
  {
    rule: 'COND-6',
    title: 'reads under conditions',
    needs: ['readConditions'],
    async run({ provider, put, text }) {
      const first = await put('a', 'first');
      const { etag } = await put('a', 'second');
      equal(await text('a', { ifMatch: etag }), 'second', 'a read of the current write');
      equal(
        await text('a', { ifNoneMatch: first.etag }),
        'second',
        'a read of another write than the first',
      );
      await failsWith(
        'precondition-failed',
        provider.get('a', { ifMatch: first.etag }),
        'a read of a write that is gone',
      );
      await failsWith(
        'not-modified',
        provider.get('a', { ifNoneMatch: etag }),
        'a read of what is known',
      );
      await failsWith(
        'precondition-failed',
        provider.get('a', { ifMatch: first.etag, ifNoneMatch: etag }),
        'a read under both conditions',
      );
      await failsWith(
        'not-modified',
        provider.get('a', { ifMatch: etag, ifNoneMatch: etag }),
        'a read of the current write that is known',
      );
      await failsWith(
        'not-found',
        provider.get('missing', { ifNoneMatch: etag }),
        'a read of a missing key',
      );
      await failsWith(
        ['precondition-failed', 'not-found'],
        provider.get('missing', { ifMatch: etag }),
        'a read of one write of a missing key',
      );
    },
  },
  {
    rule: 'COND-6',
    title: 'reads a part under conditions',
    needs: ['readConditions', 'rangeReads'],
    async run({ provider, put, text }) {
      const first = await put('a', 'abcdef');
      const { etag } = await put('a', 'ABCDEF');
      equal(
        await text('a', { range: { offset: 1, length: 2 }, ifMatch: etag }),
        'BC',
        'a part of the current write',
      );
      await failsWith(
        'precondition-failed',
        provider.get('a', { range: { offset: 1, length: 2 }, ifMatch: first.etag }),
        'a part of a write that is gone',
      );
      await failsWith(
        'precondition-failed',
        provider.get('a', { range: { offset: 100 }, ifMatch: first.etag }),
        'a part past the end of a write that is gone',
      );
    },
  },
];
