import type { Codec, StandardSchemaV1 } from '@granary/storage-core';
import { ensure, equal, failsWith } from '../check.ts';
import { encode, noise } from '../content.ts';
import { isDeclared } from '../needs.ts';
import type { Scenario } from '../scenario.ts';

/** Values that JSON holds, as they should come back. */
const JSON_VALUES: readonly unknown[] = [
  ...[
    'text',
    '',
    '123',
    '0',
    'true',
    'null',
    '{"a":1}',
    'ä 文 😀',
    'line\r\nline',
    '\0',
    '__proto__',
  ],
  ...[0, -0, 1, -1.5, 1e300, 5e-324, Number.MAX_SAFE_INTEGER, true, false, null],
  ...[[], {}, [[]], [null], [1, '1', [true]], { a: { b: { c: [] } } }, { '': 1, ' ': 2, 'a.b': 3 }],
  { list: [{ n: 1 }, { n: '1' }], empty: '', nothing: null },
  JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
];

class Point {
  readonly x: number = 1;
}

/** Values that neither JSON nor YAML holds, by what they are. */
const HELD_BY_NO_FORMAT: Readonly<Record<string, unknown>> = {
  undefined,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  'a bigint': 1n,
  'a function': () => 1,
  'a symbol': Symbol('x'),
  'a date': new Date(0),
  'a map': new Map([['a', 1]]),
  'a set': new Set([1]),
  'an instance of a class': new Point(),
  'an object with toJSON': { toJSON: () => 'bent' },
  'bytes inside': { inner: new Uint8Array([1]) },
  'a date inside': { deep: [{ at: new Date(0) }] },
  'NaN inside': [1, Number.NaN],
  // biome-ignore lint/suspicious/noSparseArray: a hole is what is tried
  'a hole': [1, , 2],
};

/** A schema that takes objects with a number `n`. */
const NUMBERED: StandardSchemaV1<unknown, { readonly n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'granary-conformance',
    validate: (value) =>
      typeof (value as { n?: unknown } | null)?.n === 'number'
        ? { value: value as { n: number } }
        : { issues: [{ message: 'is no number', path: ['n'] }] },
  },
};

const REVERSED: Codec = {
  name: 'reversed',
  contentType: 'application/x-reversed',
  encode: (value) => encode([...String(value)].reverse().join('')),
  decode: (bytes) => [...new TextDecoder().decode(bytes)].reverse().join(''),
};

export const valueScenarios: readonly Scenario[] = [
  {
    rule: 'VAL-1',
    title: 'loads JSON values as they were saved',
    async run({ storage }) {
      const engine = storage();
      for (const key of ['item', 'item.json']) {
        for (const value of JSON_VALUES) {
          await engine.save(key, value);
          equal(await engine.load(key), value, `value under ${key}`);
        }
      }
      equal(({} as { a?: unknown }).a, undefined, 'a property of every object');
    },
  },
  {
    rule: 'VAL-1',
    title: 'loads YAML values as they were saved',
    async run({ storage }) {
      const engine = storage();
      for (const value of JSON_VALUES.filter((one) => one !== '\0')) {
        await engine.save('item.yaml', value);
        equal(await engine.load('item.yaml'), value, 'value');
      }
    },
  },
  {
    rule: 'VAL-1',
    title: 'loads bytes and text as they were saved',
    async run({ storage }) {
      const engine = storage();
      const bytes = noise(3000, 51);
      const inputs: readonly unknown[] = [
        bytes,
        bytes.slice().buffer,
        new Blob([bytes as BlobPart]),
      ];
      for (const input of inputs) {
        await engine.save('a.bin', input);
        equal(await engine.load('a.bin'), bytes, 'bytes');
      }
      for (const text of ['123', '', 'true', 'ä\r\n', '\ufeffmarked', '{"a":1}']) {
        await engine.save('a.txt', text);
        equal(await engine.load('a.txt'), text, 'text');
      }
    },
  },
  {
    rule: 'VAL-1',
    title: 'loads bytes and text under keys without an extension',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage();
      await engine.save('bytes', noise(10));
      equal(await engine.load('bytes'), noise(10), 'bytes');
      await engine.save('text', '123', { format: 'text' });
      equal(await engine.load('text'), '123', 'text');
      await engine.save('a.png', { not: 'an image' }, { format: 'json' });
      equal(await engine.load('a.png'), { not: 'an image' }, 'JSON under a name of an image');
      await engine.save('a.json', noise(10, 2));
      equal(await engine.load('a.json'), noise(10, 2), 'bytes under a name of JSON');
    },
  },
  {
    rule: 'VAL-1',
    title: 'keeps values with a codec that is given',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage({ codecs: [REVERSED] });
      await engine.save('a', 'forward', { format: 'reversed' });
      equal(await engine.load('a'), 'forward', 'value');
      equal(await engine.load('a', { as: 'text' }), 'drawrof', 'content');
      await failsWith(
        'invalid-argument',
        engine.save('a', 'x', { format: 'unheard-of' }),
        'save in an unknown format',
      );
    },
  },
  {
    rule: 'VAL-2',
    title: 'refuses values that no format holds, and stores nothing',
    async run({ storage, keys, text }) {
      const engine = storage();
      await engine.save('there.json', 'kept');
      for (const [what, value] of Object.entries(HELD_BY_NO_FORMAT)) {
        for (const key of ['a', 'a.yaml', 'there.json']) {
          await failsWith('invalid-data', engine.save(key, value), `save of ${what} under ${key}`);
        }
      }
      const circle: unknown[] = [];
      circle.push({ circle });
      const error = await failsWith('invalid-data', engine.save('a', circle), 'save of a circle');
      equal(error.key, 'a', 'key of the error');
      equal(error.operation, 'save', 'operation of the error');
      await failsWith('invalid-data', engine.save('a.txt', 5), 'save of a number as text');
      await failsWith('invalid-data', engine.save('a.png', 'text'), 'save of text as an image');
      await engine.save('optional', { a: undefined, b: 1 });
      equal(await engine.load('optional'), { b: 1 }, 'a value with an undefined member');
      await engine.delete('optional');
      equal(await keys(), ['there.json'], 'the keys');
      equal(await text('there.json'), '"kept"', 'the content');
    },
  },
  {
    rule: 'VAL-3',
    title: 'reads what somebody else stored by its extension, else as JSON',
    async run({ storage, put }) {
      const engine = storage();
      await put('a.json', '{"a":1}');
      await put('b.yaml', 'a: 1\nb: [x, "2"]\n');
      await put('c.txt', '{"a":1}');
      await put('d.png', '{"a":1}');
      await put('e', '[1]');
      await put('f', 'no JSON');
      equal(await engine.load('a.json'), { a: 1 }, 'JSON');
      equal(await engine.load('b.yaml'), { a: 1, b: ['x', '2'] }, 'YAML');
      equal(await engine.load('c.txt'), '{"a":1}', 'text');
      equal(await engine.load('d.png'), encode('{"a":1}'), 'an image');
      equal(await engine.load('e'), [1], 'a key without an extension');
      const error = await failsWith('invalid-data', engine.load('f'), 'load of what is no JSON');
      ensure(error.message.includes('as'), 'the message should name `as`');
      equal(await engine.load('f', { as: 'text' }), 'no JSON', 'content as text');
      equal(await engine.load('f', { as: 'bytes' }), encode('no JSON'), 'content as bytes');
      const blob: Blob = await engine.load('f', { as: 'blob' });
      equal(await blob.text(), 'no JSON', 'content as a blob');
      const stream: ReadableStream<Uint8Array> = await engine.load('f', { as: 'stream' });
      equal(await new Response(stream).text(), 'no JSON', 'content as a stream');
      await put('broken.json', '{"a":');
      await failsWith('invalid-data', engine.load('broken.json'), 'load of broken JSON');
    },
  },
  {
    rule: 'VAL-4',
    title: 'records no content type that the key implies',
    async run({ storage, provider, put }) {
      const engine = storage();
      for (const key of ['a', 'a.json']) {
        await put(key, '{}');
        const plain = (await provider.stat(key, {})).contentType;
        await engine.save(key, { a: 1 });
        equal((await provider.stat(key, {})).contentType, plain, `content type of ${key}`);
      }
    },
  },
  {
    rule: 'VAL-5',
    title: 'checks values by a schema on save and on load',
    async run({ storage, put, missing, text }) {
      const engine = storage({ schemas: { 'numbered/*': NUMBERED } });
      await engine.save('numbered/a', { n: 1 });
      equal(await engine.load('numbered/a'), { n: 1 }, 'value');
      await failsWith(
        'invalid-data',
        engine.save('numbered/b', { n: '1' }),
        'save against the schema of the key',
      );
      await missing('numbered/b');
      await failsWith(
        'invalid-data',
        engine.save('numbered/a', {}),
        'save over an item against the schema',
      );
      equal(await text('numbered/a'), '{"n":1}', 'the content');
      await put('numbered/c', '{"n":"1"}');
      await failsWith(
        'invalid-data',
        engine.load('numbered/c'),
        'load against the schema of the key',
      );
      await failsWith(
        'invalid-data',
        engine.save('free', {}, { schema: NUMBERED }),
        'save against the schema of the call',
      );
      await put('free', '{}');
      await failsWith(
        'invalid-data',
        engine.load('free', { schema: NUMBERED }),
        'load against the schema of the call',
      );
    },
  },
  {
    rule: 'VAL-6',
    title: 'gives the default for a missing item alone',
    async run({ storage, put }) {
      const engine = storage();
      equal(await engine.load('missing', { default: 7 }), 7, 'the default');
      equal(
        await engine.load('missing', { default: undefined }),
        undefined,
        'a default that is undefined',
      );
      await failsWith('not-found', engine.load('missing'), 'load without a default');
      await failsWith('not-found', engine.loadItem('missing'), 'loadItem');
      await failsWith('invalid-key', engine.load('a//b', { default: 7 }), 'load of a bad key');
      await put('broken.json', '{');
      await failsWith(
        'invalid-data',
        engine.load('broken.json', { default: 7 }),
        'load of broken JSON',
      );
    },
  },
  {
    rule: 'VAL-7',
    title: 'refuses to encrypt or compress where no layer does',
    async run({ storage, capabilities, missing, skip }) {
      const engine = storage();
      let tried = 0;
      for (const option of ['encrypt', 'compress'] as const) {
        if (isDeclared(capabilities, option)) continue;
        tried += 1;
        await failsWith(
          'unsupported',
          engine.save('a', 'secret', { [option]: true }),
          `save with ${option}`,
        );
        await failsWith(
          'unsupported',
          engine.put('a', 'secret', { [option]: true }),
          `put with ${option}`,
        );
      }
      await missing('a');
      if (tried === 0) skip('both are declared');
    },
  },
  {
    rule: 'VAL-8',
    title: 'keeps metadata, tags and expiration of a save, and drops them with the next',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage();
      const expiration = new Date(4_102_444_800_000);
      await engine.save('a', { v: 1 }, { metadata: { n: 1 }, tags: ['x', 'y'], expiration });
      const { value, info } = await engine.loadItem('a');
      equal(value, { v: 1 }, 'value');
      equal(info.metadata, { n: 1 }, 'metadata');
      equal(info.tags, ['x', 'y'], 'tags');
      equal(info.expiresAt, expiration, 'expiry');
      await engine.save('a', { v: 2 });
      const second = (await engine.loadItem('a')).info;
      equal(
        [second.metadata, second.tags, second.expiresAt],
        [undefined, undefined, undefined],
        'attributes after a save without them',
      );
    },
  },
  {
    rule: 'VAL-8',
    title: 'saves under conditions and with a checksum',
    needs: ['createIfAbsent', 'replaceIfMatch'],
    async run({ storage, capabilities }) {
      const engine = storage();
      const { etag } = await engine.save('a', 1, { ifNoneMatch: '*' });
      await failsWith(
        'precondition-failed',
        engine.save('a', 2, { ifNoneMatch: '*' }),
        'a second create',
      );
      await engine.save('a', 3, { ifMatch: etag });
      await failsWith(
        'precondition-failed',
        engine.save('a', 4, { ifMatch: etag }),
        'save with a stale etag',
      );
      equal(await engine.load('a'), 3, 'value');
      if (!capabilities.checksum) return;
      const { checksums } = await engine.save('c.txt', 'abc', { checksum: true });
      equal(
        checksums?.['sha256'],
        'sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
        'checksum',
      );
    },
  },
];
