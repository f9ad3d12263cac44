import fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { mapProvider } from '../../../test/map-provider.ts';
import type { Codec } from '../../contract/values.ts';
import { createStorage } from '../create-storage.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function setup(options: Parameters<typeof createStorage>[1] = {}) {
  const provider = mapProvider();
  const text = (key: string) => decoder.decode(provider.entries.get(key)?.bytes);
  return { provider, text, storage: createStorage(provider, options) };
}

describe('the format of an item', () => {
  test('is JSON without a content type where the key says nothing', async () => {
    const { storage, text } = setup();
    const info = await storage.save('a', { b: 1 });
    expect(info).not.toHaveProperty('contentType');
    expect(text('a')).toBe('{"b":1}');
    expect(await storage.load('a')).toEqual({ b: 1 });
  });

  test('keeps "123" a string and 123 a number', async () => {
    const { storage } = setup();
    for (const value of ['123', 123, 'true', true, '', null, '{"a":1}']) {
      for (const key of ['a', 'a.json', 'a.yaml', 'a.unknown']) {
        await storage.save(key, value);
        expect(await storage.load(key)).toBe(value);
      }
    }
  });

  test.each(['a', 'a.json', 'a.txt', 'a.yaml', 'a.unknown'])(
    'keeps bytes under %s bytes',
    async (key) => {
      const { storage } = setup();
      const info = await storage.save(key, encoder.encode('{"a":1}'));
      expect(info.contentType).toBe('application/octet-stream');
      expect(await storage.load(key)).toEqual(encoder.encode('{"a":1}'));
    },
  );

  test('needs no recorded type for bytes whose name tells one', async () => {
    const { storage } = setup();
    expect(await storage.save('a.png', new Uint8Array([1]))).not.toHaveProperty('contentType');
    expect(await storage.load('a.png')).toEqual(new Uint8Array([1]));
  });

  test('takes bytes in any form', async () => {
    const { storage } = setup();
    const bytes = new Uint8Array([1, 2]);
    await storage.save('a', bytes.buffer);
    await storage.save('b', Buffer.from(bytes));
    await storage.save('c', new Blob([bytes]));
    for (const key of ['a', 'b', 'c']) expect(await storage.load(key)).toEqual(bytes);
  });

  test('keeps the type of a Blob, unless that is the type of a value', async () => {
    const { storage } = setup();
    const png = await storage.save('a', new Blob(['x'], { type: 'image/png' }));
    expect(png.contentType).toBe('image/png');
    const text = await storage.save('b', new Blob(['x'], { type: 'text/plain' }));
    expect(text.contentType).toBe('application/octet-stream');
    expect(await storage.load('b')).toEqual(encoder.encode('x'));
  });

  test.each(['a.txt', 'a.md', 'a.html', 'a.csv', 'a.svg', 'a.xml', 'a.js'])(
    'is text for a string under %s',
    async (key) => {
      const { storage, text } = setup();
      await storage.save(key, '\ufeffhé "llo"');
      expect(text(key)).toBe('hé "llo"');
      expect(await storage.load(key)).toBe('\ufeffhé "llo"');
    },
  );

  test('is YAML by name and by request', async () => {
    const { storage, text } = setup();
    await storage.save('a.yml', { b: [1] });
    expect(text('a.yml')).toBe('b:\n  - 1\n');
    expect(await storage.load('a.yml')).toEqual({ b: [1] });
    const info = await storage.save('a', { b: 2 }, { format: 'yaml' });
    expect(info.contentType).toBe('application/yaml');
    expect(await storage.load('a')).toEqual({ b: 2 });
  });

  test('is recorded where it is asked for and the name says another', async () => {
    const { storage } = setup();
    expect((await storage.save('a.png', { b: 1 }, { format: 'json' })).contentType).toBe(
      'application/json',
    );
    expect(await storage.load('a.png')).toEqual({ b: 1 });
    expect((await storage.save('a', 'x', { format: 'text' })).contentType).toBe('text/plain');
    expect(await storage.load('a')).toBe('x');
    expect(await storage.save('b.json', 1, { format: 'json' })).not.toHaveProperty('contentType');
  });

  test('refuses a value that is not of it', async () => {
    const { storage, provider } = setup();
    const refused = [
      storage.save('a.txt', { b: 1 }),
      storage.save('a.txt', '\ud800'),
      storage.save('a.png', 'text'),
      storage.save('a', 'text', { format: 'binary' }),
      storage.save('a', Number.NaN),
      storage.save('a.json', new Date(0)),
      storage.save('a', undefined),
      storage.save('a', new Float32Array(1)),
    ];
    for (const save of refused) {
      await expect(save).rejects.toMatchObject({
        code: 'invalid-data',
        operation: 'save',
        provider: 'map',
        key: expect.stringMatching(/^a/),
        hint: expect.any(String),
        outcome: 'not-applied',
      });
    }
    expect(provider.calls).toEqual([]);
  });

  test('that nobody knows is refused with those there are', async () => {
    const { storage, provider } = setup();
    await expect(storage.save('a', 1, { format: 'cbor' })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('json, yaml, text, binary'),
    });
    await storage.save('a', 1);
    await expect(storage.load('a', { as: 'cbor' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect(provider.openBodies.size).toBe(0);
  });
});

describe('load', () => {
  test('reads a file that somebody else put there', async () => {
    const { storage } = setup();
    await storage.put('a.json', '\ufeff{"a":1}\n');
    await storage.put('b.yaml', 'a: 1\n');
    await storage.put('c', '[1]', { contentType: 'application/manifest+json; charset=utf-8' });
    await storage.put('d', 'x: 1', { contentType: 'text/x-yaml' });
    await storage.put('e.bin', 'x');
    expect(await storage.load('a.json')).toEqual({ a: 1 });
    expect(await storage.load('b.yaml')).toEqual({ a: 1 });
    expect(await storage.load('c')).toEqual([1]);
    expect(await storage.load('d')).toEqual({ x: 1 });
    expect(await storage.load('e.bin')).toEqual(encoder.encode('x'));
  });

  test('reads text in the character set of its content type', async () => {
    const { storage } = setup();
    await storage.put('a', new Uint8Array([0xe9]), { contentType: 'text/plain; charset="latin1"' });
    expect(await storage.load('a')).toBe('é');
    await storage.put('a', 'é', { contentType: 'text/plain; charset=UTF-8' });
    expect(await storage.load('a')).toBe('é');
    await storage.put('a', 'é', { contentType: 'text/plain; charset=klingon' });
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test('prefers the recorded content type to the extension', async () => {
    const { storage } = setup();
    await storage.put('a.json', 'not json', { contentType: 'text/plain' });
    expect(await storage.load('a.json')).toBe('not json');
  });

  test('reads as what it is asked for', async () => {
    const { storage } = setup();
    await storage.save('a', { b: 1 });
    expect(await storage.load('a', { as: 'text' })).toBe('{"b":1}');
    expect(await storage.load('a', { as: 'yaml' })).toEqual({ b: 1 });
    expect(await storage.load('a', { as: 'json' })).toEqual({ b: 1 });
    expect(await storage.load('a', { as: 'bytes' })).toEqual(encoder.encode('{"b":1}'));
    expect(await storage.load('a', { as: 'binary' })).toEqual(encoder.encode('{"b":1}'));
    expect(await new Response(await storage.load('a', { as: 'stream' })).text()).toBe('{"b":1}');
    expect(await (await storage.load('a', { as: 'blob' })).text()).toBe('{"b":1}');
  });

  test.each([
    ['a', 'nothing tells its format', 'as: "bytes"'],
    ['a.json', 'not json, as "application/json" says', 'as: "bytes"'],
    ['a.txt', 'not text', 'as: "bytes"'],
  ])(
    'refuses content under %s that is not of its format, without quoting it',
    async (key, reason, hint) => {
      const { storage } = setup();
      await storage.put(key, new Uint8Array([0xff, 0x73, 0x65, 0x63]));
      const failed = expect(storage.load(key)).rejects;
      await failed.toMatchObject({
        code: 'invalid-data',
        operation: 'load',
        key,
        message: expect.stringContaining(reason),
        hint: expect.stringContaining(hint),
      });
    },
  );

  test('quotes no content of broken JSON', async () => {
    const { storage } = setup();
    await storage.put('a', 'secret');
    const error = await storage.load('a').catch((thrown: unknown) => thrown);
    expect(JSON.stringify(error) + String(error)).not.toContain('secret');
    expect((error as Error).cause).toBeUndefined();
  });

  test('gives the default only where there is no item', async () => {
    const { storage } = setup();
    expect(await storage.load('a', { default: 7 })).toBe(7);
    expect(await storage.load('a', { default: undefined })).toBeUndefined();
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'not-found', key: 'a' });
    await storage.put('a', 'no json');
    await expect(storage.load('a', { default: 7 })).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test('tells the info beside the value with loadItem', async () => {
    const { storage } = setup();
    await storage.save('a', 1, { tags: ['x'] });
    expect(await storage.loadItem('a')).toMatchObject({
      value: 1,
      info: { key: 'a', tags: ['x'] },
    });
  });
});

describe('codecs', () => {
  const upper: Codec = {
    name: 'upper',
    contentType: 'text/x-upper',
    encode: (value) => {
      if (typeof value !== 'string') throw new TypeError('no text');
      return value.toUpperCase();
    },
    decode: (bytes) => decoder.decode(bytes).toLowerCase(),
  };
  const ownJson: Codec = {
    name: 'wrapped',
    contentType: 'application/json',
    encode: async (value) => encoder.encode(JSON.stringify({ value })),
    decode: async (bytes) => JSON.parse(decoder.decode(bytes)).value,
  };

  test('are found by format and by content type', async () => {
    const { storage, text } = setup({ codecs: [upper] });
    const info = await storage.save('a', 'abc', { format: 'upper' });
    expect(info.contentType).toBe('text/x-upper');
    expect(text('a')).toBe('ABC');
    expect(await storage.load('a')).toBe('abc');
    expect(await storage.load('a', { as: 'upper' })).toBe('abc');
  });

  test('may take over a content type', async () => {
    const { storage, text } = setup({ codecs: [ownJson] });
    await storage.save('a.json', 1);
    expect(text('a.json')).toBe('{"value":1}');
    expect(await storage.load('a.json')).toBe(1);
  });

  test('that fail make the value invalid, with the reason as the cause', async () => {
    const { storage } = setup({ codecs: [upper] });
    await expect(storage.save('a', 1, { format: 'upper' })).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringContaining('"upper"'),
      cause: expect.any(TypeError),
    });
  });

  test.each(['json', 'upper'])('of one format %s cannot be two', (name) => {
    expect(() => setup({ codecs: [upper, { ...upper, name }] })).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringContaining(name) }),
    );
  });
});

describe('schemas', () => {
  const user = z.object({ name: z.string(), age: z.number().optional() });
  const asDate = v.pipe(
    v.string(),
    v.transform((text) => new Date(text)),
  );

  test('of the call check what is saved, and store what was given', async () => {
    const { storage, text } = setup();
    await storage.save('a', { name: 'x', more: 1 }, { schema: user });
    expect(text('a')).toBe('{"name":"x","more":1}');
    await expect(storage.save('a', { name: 1 }, { schema: user })).rejects.toMatchObject({
      code: 'invalid-data',
      operation: 'save',
      key: 'a',
      message: expect.stringContaining('at name'),
      cause: [expect.objectContaining({ message: expect.any(String) })],
    });
  });

  test('of the call give the value that is loaded its type', async () => {
    const { storage } = setup();
    await storage.save('a', '2026-11-21');
    const date = await storage.load('a', { schema: asDate });
    expect(date).toEqual(new Date('2026-11-21'));
    await storage.save('b', [{ name: 1 }, { name: 2 }]);
    await expect(storage.load('b', { schema: z.array(user) })).rejects.toMatchObject({
      code: 'invalid-data',
      operation: 'load',
      message: expect.stringContaining('at [0].name, [1].name'),
    });
    await expect(storage.load('b', { schema: user })).rejects.toMatchObject({
      message: expect.stringContaining('at its root'),
    });
  });

  test('of a key pattern check every save and load', async () => {
    const { storage, provider } = setup({ schemas: { 'users/*': user, 'users/root': z.string() } });
    await storage.save('users/1', { name: 'x' });
    await storage.save('users/root', 'me');
    await storage.save('other', 5);
    await expect(storage.save('users/2', 5)).rejects.toMatchObject({ code: 'invalid-data' });
    await createStorage(provider).save('users/1', 5);
    await expect(storage.load('users/1')).rejects.toMatchObject({ code: 'invalid-data' });
    expect(await storage.load('users/1', { as: 'bytes' })).toEqual(encoder.encode('5'));
    expect(await storage.load('other')).toBe(5);
  });

  test('hold in a view below a prefix too', async () => {
    const { storage } = setup({ schemas: { 'users/*': user } });
    await expect(storage.at('users').save('1', 5)).rejects.toMatchObject({ code: 'invalid-data' });
    await storage.at('users').save('1', { name: 'x' });
    expect(await storage.at('users').load('1')).toEqual({ name: 'x' });
  });

  test('of the key and of the call must both hold', async () => {
    const { storage } = setup({ schemas: { '*': z.looseObject({ name: z.string() }) } });
    const aged = z.object({ age: z.number() });
    await storage.save('a', { name: 'x' });
    await expect(storage.load('a', { schema: aged })).rejects.toMatchObject({
      code: 'invalid-data',
    });
  });

  test('that throw make the value invalid', async () => {
    const { storage } = setup();
    const broken = z.string().refine(() => {
      throw new Error('bug');
    });
    await expect(storage.save('a', 'x', { schema: broken })).rejects.toMatchObject({
      code: 'invalid-data',
      cause: expect.objectContaining({ message: 'bug' }),
    });
  });

  test('may look at names that are numbers, symbols or wrapped', async () => {
    const { storage } = setup();
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: () => ({ issues: [{ message: 'no', path: [{ key: 'a b' }, 0, Symbol('s')] }] }),
      },
    } as const;
    await expect(storage.save('a', 1, { schema })).rejects.toMatchObject({
      message: expect.stringContaining('at ["a b"][0]["Symbol(s)"]'),
    });
  });
});

test('every JSON value survives save and load under every kind of key', async () => {
  const { storage } = setup();
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue({ maxDepth: 4 }),
      fc.constantFrom('a', 'a.json', 'a.yaml', 'a.unknown', 'dir.d/a'),
      async (value, key) => {
        await storage.save(key, value);
        expect(await storage.load(key)).toStrictEqual(value);
      },
    ),
    { numRuns: 200 },
  );
});
