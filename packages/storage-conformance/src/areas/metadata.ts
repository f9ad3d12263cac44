import { type Metadata, type PutOptions, toBody } from '@granary/storage-core/provider';
import { ensure, equal, failsWith, present } from '../check.ts';
import { watchedSource } from '../content.ts';
import { EVERYTHING, FAR, FIELDS, type Field, hasAttributes } from '../every-attribute.ts';
import type { Scenario, ScenarioContext } from '../scenario.ts';

const NEEDS = ['attributes'] as const;

/** Checks a put's own answer, stat and get. */
async function comesBack(
  { provider, put }: ScenarioContext,
  key: string,
  options: PutOptions,
  names: readonly Field[],
): Promise<void> {
  const written = await put(key, 'content', options);
  const object = await provider.get(key, {});
  await object.cancel();
  const infos = { put: written, stat: await provider.stat(key, {}), get: object.info };
  for (const [operation, info] of Object.entries(infos)) {
    for (const name of names) equal(info[name], options[name], `${name} that ${operation} tells`);
  }
}

export const metadataScenarios: readonly Scenario[] = [
  {
    rule: 'META-1',
    title: 'gives back content headers, metadata, tags and expiry',
    needs: NEEDS,
    run: (context) => comesBack(context, 'folder/a', EVERYTHING, FIELDS),
  },
  {
    rule: 'META-1',
    title: 'gives back each attribute alone, and no other with it',
    needs: NEEDS,
    async run({ put, provider }) {
      for (const field of FIELDS) {
        const wanted = { [field]: EVERYTHING[field] };
        await put(`only-${field}`, 'content', wanted);
        hasAttributes(
          await provider.stat(`only-${field}`, {}),
          wanted,
          `of the object with ${field} alone`,
        );
      }
    },
  },
  {
    rule: 'META-1',
    title: 'keeps tags in their order, many and odd ones too',
    needs: NEEDS,
    async run(context) {
      const tags = [
        'z',
        'a',
        'Ä',
        'a,b',
        'a b',
        '"quoted"',
        'x=y',
        '__proto__',
        '1',
        ' ',
        '文',
        '😀',
        'a\nb',
      ];
      await comesBack(context, 'a', { tags }, ['tags']);
      const many = Array.from({ length: 30 }, (_, index) => `tag-${index}`);
      await comesBack(context, 'b', { tags: many }, ['tags']);
    },
  },
  {
    rule: 'META-1',
    title: 'keeps an expiry to the millisecond',
    needs: NEEDS,
    async run(context) {
      for (const time of [
        4_102_444_800_123, 4_102_444_800_000, 8_640_000_000_000_000, 2_147_483_648_000,
      ]) {
        await comesBack(context, 'a', { expiresAt: new Date(time) }, ['expiresAt']);
      }
    },
  },
  {
    rule: 'META-1',
    title: 'hands out attributes that belong to the caller',
    needs: NEEDS,
    async run({ provider, put }) {
      const metadata = { list: [1, 2], deep: { a: 1 } };
      const tags = ['x'];
      const expiresAt = new Date(FAR);
      await put('a', 'content', { metadata, tags, expiresAt });
      metadata.list.push(3);
      metadata.deep.a = 2;
      tags.push('y');
      expiresAt.setTime(0);
      const untouched = async (what: string) => {
        const info = await provider.stat('a', {});
        equal(info.metadata, { list: [1, 2], deep: { a: 1 } }, `metadata after ${what}`);
        equal(info.tags, ['x'], `tags after ${what}`);
        equal(info.expiresAt, FAR, `expiresAt after ${what}`);
      };
      await untouched('the writer changed its own');
      const info = await provider.stat('a', {});
      (info.metadata as { deep: { a: number } }).deep.a = 9;
      (info.tags as string[]).push('z');
      info.expiresAt?.setTime(0);
      info.modifiedAt.setTime(0);
      await untouched('a reader changed its own');
      ensure(
        (await provider.stat('a', {})).modifiedAt.getTime() > 0,
        'modifiedAt should be as it was',
      );
    },
  },
  {
    rule: 'META-2',
    title: 'keeps the type of every value',
    needs: NEEDS,
    async run(context) {
      const metadata: Metadata = {
        text: 'text',
        digits: '123',
        zero: '0',
        yes: 'true',
        nothing: 'null',
        number: 123,
        fraction: -0.5,
        large: 9_007_199_254_740_991,
        tiny: 5e-324,
        on: true,
        off: false,
        empty: null,
        emptyText: '',
        list: [1, '1', null, true, [], {}],
        deep: { a: { b: [{ c: 'd' }] } },
        date: '2026-01-01T00:00:00.000Z',
        json: '{"a":1}',
        space: '  both ends  ',
      };
      await comesBack(context, 'a', { metadata }, ['metadata']);
    },
  },
  {
    rule: 'META-2',
    title: 'keeps names and values outside ASCII, and odd ones',
    needs: NEEDS,
    async run(context) {
      const metadata: Metadata = {
        größe: 'Größe ✓ 文字 😀',
        'with space': 'a  b',
        'with.dot': '1',
        'with/slash': '2',
        'with:colon': '3',
        'with=equals&and%25': '4',
        _: '5',
        '1': '6',
        'x-amz-meta-a': '7',
        granary: 'mine',
        'Content-Type': 'text/plain',
        quoted: '"\'\\',
        lines: 'one\r\ntwo\nthree\ttab',
        '\u202e': '\u200b',
        nul: 'a\0b',
        separators: '\u2028\u2029\u0085',
        high: 'ÿþ\u00ff',
      };
      await comesBack(context, 'a', { metadata }, ['metadata']);
    },
  },
  {
    rule: 'META-2',
    title: 'keeps names that differ in their case alone',
    needs: NEEDS,
    async run(context) {
      await comesBack(context, 'a', { metadata: { name: 'lower', Name: 'title', NAME: 'upper' } }, [
        'metadata',
      ]);
    },
  },
  {
    rule: 'META-2',
    title: 'keeps names that objects of JavaScript have, and pollutes nothing',
    needs: NEEDS,
    async run({ provider, put }) {
      const text =
        '{"__proto__":{"polluted":true},"constructor":"c","toString":"t","hasOwnProperty":1}';
      const metadata = JSON.parse(text) as Metadata;
      await put('a', 'content', { metadata });
      const info = await provider.stat('a', {});
      equal(JSON.parse(JSON.stringify(info.metadata)), JSON.parse(text), 'the metadata');
      ensure(
        Object.hasOwn(present(info.metadata, 'metadata'), '__proto__'),
        '__proto__ should be a name of its own',
      );
      ensure(!('polluted' in {}), 'no other object should be changed');
    },
  },
  {
    rule: 'META-2',
    title: 'takes an empty map and an empty list for none',
    needs: NEEDS,
    async run({ provider, put }) {
      await put('a', 'content', { metadata: {}, tags: [] });
      const info = await provider.stat('a', {});
      equal(info.metadata, undefined, 'metadata');
      equal(info.tags, undefined, 'tags');
    },
  },
  {
    rule: 'META-3',
    title: 'refuses attributes that no store can give back',
    needs: NEEDS,
    async run({ provider, put, missing, outside }) {
      const circle: Record<string, unknown> = {};
      circle['self'] = circle;
      const meta = (metadata: unknown) => ({ metadata }) as PutOptions;
      const bad: Readonly<Record<string, PutOptions>> = {
        'an empty metadata name': meta({ '': 'x' }),
        undefined: meta({ a: undefined }),
        NaN: meta({ a: Number.NaN }),
        Infinity: meta({ a: [Number.POSITIVE_INFINITY] }),
        'a bigint': meta({ a: 1n }),
        'a function': meta({ a: () => 1 }),
        'a symbol': meta({ a: Symbol('x') }),
        'a date in metadata': meta({ a: new Date(0) }),
        'a map in metadata': meta({ a: new Map([[1, 2]]) }),
        'a circle': meta(circle),
        'metadata that is a list': meta(['a']),
        'CR LF in a header': { cacheControl: 'no-store\r\nX-Injected: 1' },
        'NUL in a header': { contentLanguage: 'd\0e' },
        'LF in a content type': { contentType: 'text/plain\n' },
        'a content type that is none': { contentType: 'plain' },
        'an empty content type': { contentType: '' },
        'a content type with a space': { contentType: 'text plain' },
        'a content type without a subtype': { contentType: 'text/' },
        'an empty tag': { tags: ['a', ''] },
        'a repeated tag': { tags: ['a', 'b', 'a'] },
        'tags that are no list': { tags: 'a' as unknown as string[] },
        'an invalid date': { expiresAt: new Date(Number.NaN) },
        'a date that is a number': { expiresAt: 5 as unknown as Date },
      };
      const before = outside.requests?.();
      for (const [what, options] of Object.entries(bad)) {
        await failsWith('invalid-argument', put('a', 'content', options), `put with ${what}`);
      }
      equal(outside.requests?.(), before, 'requests sent for bad attributes');
      const source = watchedSource([new Uint8Array(4)]);
      await failsWith(
        'invalid-argument',
        provider.put('a', toBody(source.stream), { tags: [''] }),
        'put of a stream',
      );
      equal(source.pulled(), 0, 'chunks read for bad attributes');
      await missing('a');
    },
  },
  {
    rule: 'META-4',
    title: 'refuses more metadata than it can keep, and writes nothing',
    needs: ['attributes', 'maxMetadataBytes'],
    async run({ provider, put, text, capabilities, missing }) {
      const most = present(capabilities.maxMetadataBytes, 'maxMetadataBytes');
      await put('a', 'first', { metadata: { n: 1 } });
      const metadata = { long: 'x'.repeat(most + 1) };
      await failsWith('too-large', put('a', 'second', { metadata }), 'put with too much metadata');
      await failsWith(
        'too-large',
        put('b', 'second', { metadata }),
        'put of a new key with too much metadata',
      );
      if (capabilities.setMetadata) {
        await failsWith(
          'too-large',
          () => provider.setMetadata?.('a', { metadata }, {}),
          'setMetadata with too much metadata',
        );
      }
      equal(await text('a'), 'first', 'the object');
      equal((await provider.stat('a', {})).metadata, { n: 1 }, 'its metadata');
      await missing('b');
    },
  },
  {
    rule: 'META-4',
    title: 'keeps a large amount of metadata whole, or refuses it',
    needs: NEEDS,
    async run({ provider, put, capabilities }) {
      const most = capabilities.maxMetadataBytes;
      const metadata = { long: 'ä'.repeat(Math.floor((most ?? 20_000) / 4)) };
      try {
        await put('a', 'content', { metadata });
      } catch (error) {
        ensure(
          most !== undefined,
          'a provider that declares no `maxMetadataBytes` should keep 10,000 bytes',
        );
        await failsWith('too-large', Promise.reject(error), 'put with much metadata');
        return;
      }
      equal((await provider.stat('a', {})).metadata, metadata, 'the metadata');
    },
  },
];
