import type { AttributesPatch, PutOptions } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, sameWrite } from '../check.ts';
import { EVERYTHING, hasAttributes } from '../every-attribute.ts';
import type { Scenario } from '../scenario.ts';

const NEEDS = ['attributes'] as const;

export const setMetadataScenarios: readonly Scenario[] = [
  {
    rule: 'META-5',
    title: 'replaces the attributes given, clears those that are null, and keeps the rest',
    needs: ['setMetadata', 'attributes'],
    async run({ provider, put, text }) {
      await put('a', 'content', EVERYTHING);
      const patch: AttributesPatch = {
        metadata: { other: [true] },
        cacheControl: null,
        tags: null,
      };
      const info = await provider.setMetadata?.('a', patch, {});
      const { cacheControl: _cache, tags: _tags, ...rest } = EVERYTHING;
      const wanted: PutOptions = { ...rest, metadata: { other: [true] } };
      ensure(info !== undefined, 'setMetadata should tell the info');
      hasAttributes(info, wanted, 'that setMetadata tells');
      hasAttributes(await provider.stat('a', {}), wanted, 'that stat tells');
      sameWrite(info, await provider.stat('a', {}), 'info of setMetadata, compared with stat');
      equal(await text('a'), 'content', 'the content');
      await provider.setMetadata?.('a', { contentType: 'text/css', expiresAt: null }, {});
      const { expiresAt: _expiry, ...left } = wanted;
      hasAttributes(
        await provider.stat('a', {}),
        { ...left, contentType: 'text/css' },
        'after a second change',
      );
    },
  },
  {
    rule: 'META-5',
    title: 'adds attributes to an object that has none, and clears the last ones',
    needs: ['setMetadata', 'attributes'],
    async run({ provider, put, text, keys }) {
      await put('a', 'content');
      await provider.setMetadata?.('a', { metadata: { n: 1 }, tags: ['t'] }, {});
      equal((await provider.stat('a', {})).metadata, { n: 1 }, 'metadata that was added');
      await provider.setMetadata?.('a', { metadata: {}, tags: null }, {});
      equal((await provider.stat('a', {})).metadata, undefined, 'metadata that was cleared');
      equal((await provider.stat('a', {})).tags, undefined, 'tags that were cleared');
      await provider.setMetadata?.('a', {}, {});
      equal(await text('a'), 'content', 'the content');
      equal(await keys(), ['a'], 'the keys');
    },
  },
  {
    rule: 'META-5',
    title: 'fails with not-found on a missing key',
    needs: ['setMetadata', 'attributes'],
    async run({ provider, keys }) {
      await failsWith(
        'not-found',
        () => provider.setMetadata?.('missing', { tags: ['x'] }, {}),
        'setMetadata',
      );
      equal(await keys(), [], 'the keys');
    },
  },
  {
    rule: 'META-5',
    title: 'refuses a patch that no store can keep',
    needs: ['setMetadata', 'attributes'],
    async run({ provider, put }) {
      await put('a', 'content', { tags: ['x'] });
      for (const patch of [
        { tags: [''] },
        { contentType: 'none' },
        { metadata: { '': 1 } },
        { cacheControl: 'a\nb' },
      ]) {
        await failsWith(
          'invalid-argument',
          () => provider.setMetadata?.('a', patch, {}),
          `setMetadata with ${JSON.stringify(patch)}`,
        );
      }
      equal((await provider.stat('a', {})).tags, ['x'], 'the tags');
    },
  },
  {
    rule: 'META-6',
    title: 'changes attributes only of the write that was asked for',
    needs: ['setMetadata', 'setMetadataIfMatch', 'attributes'],
    async run({ provider, put }) {
      const first = await put('a', 'first', { metadata: { n: 1 } });
      const { etag } = await put('a', 'second', { metadata: { n: 2 } });
      await failsWith(
        'precondition-failed',
        () => provider.setMetadata?.('a', { metadata: { n: 3 } }, { ifMatch: first.etag }),
        'setMetadata with a stale etag',
      );
      equal((await provider.stat('a', {})).metadata, { n: 2 }, 'the metadata');
      await provider.setMetadata?.('a', { metadata: { n: 4 } }, { ifMatch: etag });
      equal((await provider.stat('a', {})).metadata, { n: 4 }, 'the metadata after the change');
      await failsWith(
        ['precondition-failed', 'not-found'],
        () => provider.setMetadata?.('missing', { tags: ['x'] }, { ifMatch: etag }),
        'setMetadata on a missing key',
      );
    },
  },
  {
    rule: 'META-7',
    title: 'takes the content type that the name implies where it keeps no attributes',
    needs: ['!attributes'],
    async run({ provider, put, text }) {
      await put('a.png', 'content', { contentType: 'image/png', metadata: {}, tags: [] });
      equal(await text('a.png'), 'content', 'the content');
      equal((await provider.stat('a.png', {})).metadata, undefined, 'metadata');
    },
  },
  {
    rule: 'META-8',
    title: 'prefers an explicit content type to the one that the name implies',
    needs: NEEDS,
    async run({ provider, put }) {
      await put('a.png', 'content', { contentType: 'text/x-custom; charset=utf-8' });
      equal(
        (await provider.stat('a.png', {})).contentType,
        'text/x-custom; charset=utf-8',
        'the content type',
      );
      await put('plain.png', 'content');
      const implied = (await provider.stat('plain.png', {})).contentType;
      ensure(
        implied === undefined || implied === 'image/png',
        `the content type of a png should be image/png or absent, not ${implied}`,
      );
      await put('unknown', 'content');
      const unknown = (await provider.stat('unknown', {})).contentType;
      ensure(
        unknown === undefined || unknown === 'application/octet-stream',
        `the content type of an unknown name should say nothing, not ${unknown}`,
      );
    },
  },
];
