import { inspect } from 'node:util';
import type { OpenableBackend } from '@granary/storage-core';
import {
  type ConfigSource,
  defineBackend,
  defineLayer,
  readOptions,
  StorageError,
  type StorageProvider,
  withReadOnly,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import {
  configProblems,
  type Environment,
  formatProblem,
  type LayerTable,
  type OpenStoresOptions,
  openStores,
  parseConfig,
} from './index.ts';

/** What a backend was opened with. */
interface Seen {
  readonly options: unknown[];
  closed: number;
}

/** A backend over memory that keeps the options it gets. */
function acme(seen: Seen): OpenableBackend {
  return defineBackend<{ bucket: string }>({
    name: 'acme',
    aliases: ['fancy'],
    schemes: ['ac'],
    provider(options) {
      if (options.bucket === 'bad') throw new StorageError('invalid-config', 'no bucket is bad.');
      if (options.bucket === 'broken') throw new TypeError('it broke');
      seen.options.push(options);
      const memory = createMemory.provider();
      return {
        ...memory,
        async close() {
          seen.closed += 1;
          if (options.bucket === 'stuck') throw new Error('stuck');
        },
      };
    },
    fromConfig: (source: ConfigSource) =>
      readOptions(source, {
        bucket: { type: 'string', required: true, from: 'host' },
        prefixPath: { type: 'string', from: 'path' },
        secretKey: { type: 'string', names: ['secret_key'], from: 'password' },
        accessKey: { type: 'string', from: 'username' },
        port: { type: 'number' },
        native: { type: 'object' },
        tags: { type: 'strings' },
        mode: { type: 'string', oneOf: ['fast', 'hunter2'] },
      }),
  });
}

/** Layers that only leave their name. */
function marking(marks: string[]): LayerTable {
  const mark = (name: string) => (provider: StorageProvider, options: object) => {
    marks.push(`${name} ${JSON.stringify(options)}`);
    return defineLayer({
      name,
      layer: withReadOnly,
      notOver: () => (name === 'encrypted' ? { compressed: 'Compress first.' } : {}),
    }).provider(provider, options);
  };
  return { compress: mark('compressed'), encrypt: mark('encrypted') };
}

function open(text: string, options: Partial<OpenStoresOptions> = {}, file = 'f') {
  const seen: Seen = { options: [], closed: 0 };
  const stores = openStores(parseConfig(text, { file }), {
    backends: [acme(seen), createMemory],
    ...options,
  });
  return { stores, seen };
}

/** What is wrong with all stores of a file. */
function problems(text: string, options: Partial<OpenStoresOptions> = {}): readonly string[] {
  return open(text, options).stores.check().map(formatProblem);
}

const provider = (lines: string): string => `storage:\n  providers:\n    main:\n      ${lines}\n`;

describe('openStores', () => {
  test('gives each store by its name, the same each time, and saves in it', async () => {
    const { stores } = open(
      'storage: { default_provider: two, providers: { one: { type: memory }, two: { url: "memory:" } } }',
    );
    expect(stores.names()).toEqual(['one', 'two']);
    expect(stores.get('two')).toBe(stores.default);
    expect(stores.get('one')).not.toBe(stores.default);
    await stores.default.save('a', { b: 1 });
    expect(await stores.get('two').load('a')).toEqual({ b: 1 });
    await stores.close();
  });

  test('takes the only store for the default one, and says when there is none', () => {
    const one = open('storage: { providers: { one: { type: memory } } }').stores;
    expect(one.default).toBe(one.get('one'));
    const two = open('storage: { providers: { one: { type: memory }, two: { type: memory } } }');
    expect(() => two.stores.default).toThrow('the key "default_provider" is missing');
    expect(two.stores.check()).toEqual([]);
    expect(() => two.stores.get('tow')).toThrow(
      'f has no provider "tow". Providers are: one, two. Did you mean "two"?',
    );
    expect(() => two.stores.get('__proto__')).toThrow('f has no provider');
  });

  test('tells the backend of a store, also where a variable says it', () => {
    const text = `storage: { providers: { one: { type: s3 }, two: { url: "\${URL}" }, three: { url: "ac://b" } } }`;
    const { stores } = open(text, { backends: [], env: { URL: 'gs://b' } });
    expect(stores.names().map(stores.typeOf)).toEqual(['s3', 'gs', 'ac']);
    expect(() => open(text).stores.typeOf('two')).toThrow('the variable URL is not set.');
    expect(() => stores.typeOf('four')).toThrow('f has no provider "four".');
  });

  test('lets a variable choose the default store', () => {
    const text = `storage: { default_provider: "\${STORE:-one}", providers: { one: { type: memory }, two: { type: memory } } }`;
    expect(open(text).stores.defaultName()).toBe('one');
    expect(open(text, { env: { STORE: 'two' } }).stores.defaultName()).toBe('two');
    expect(problems(text, { env: { STORE: 'tow' } })).toEqual([
      'f:1:30 storage.default_provider: there is no provider "tow". Providers are: one, two. Did you mean "two"?',
    ]);
  });

  test('puts variables into values, and nothing but values', () => {
    const env = {
      BUCKET: `b: { c: d }\n- e # "f" \${OTHER}`,
      EMPTY: '',
      PORT: '9000',
      LIST: 'a, b',
    };
    const text = provider(`type: fancy
      config:
        bucket: "\${BUCKET}"
        port: \${PORT}
        native: { deep: ["\${PORT}", "x\${EMPTY:-y}z\${UNSET:-}", "$\${PORT}", "$PORT $$"] }
        tags: \${LIST}
        secretKey: "\${BUCKET}\${PORT}"`);
    const { stores, seen } = open(text, { env });
    stores.get('main');
    expect(seen.options).toEqual([
      {
        bucket: env.BUCKET,
        port: 9000,
        native: { deep: ['9000', 'xyz', `\${PORT}`, '$PORT $$'] },
        tags: ['a', 'b'],
        secretKey: `${env.BUCKET}9000`,
      },
    ]);
  });

  test('keeps a number as it is written where that matters', () => {
    const { stores, seen } = open(
      provider(
        'type: acme\n      config: { bucket: 007, prefixPath: 1_0, secretKey: 12, port: 0x10 }',
      ),
    );
    stores.get('main');
    expect(seen.options).toEqual([{ bucket: '007', prefixPath: '1_0', secretKey: '12', port: 16 }]);
  });

  test('looks at the variables of the stores that are used alone', () => {
    const text = `storage: { providers: { one: { type: memory }, two: { type: acme, config: { bucket: "\${NONE}" } } } }`;
    const { stores } = open(text);
    stores.get('one');
    expect(() => stores.get('two')).toThrow(
      `f:1:85 storage.providers.two.config.bucket: the variable NONE is not set. Set it, or give a default: \${NONE:-value}.`,
    );
    expect(problems(text, { env: { NONE: '' } })).toEqual([
      expect.stringContaining('the variable NONE is empty.'),
    ]);
    expect(problems(text, { env: Object.create({ NONE: 'inherited' }) as Environment })).toEqual([
      expect.stringContaining('the variable NONE is not set.'),
    ]);
  });

  test('escapes what variables put into a part of a URL', () => {
    const env = { BUCKET: 'b/../x?mode=fast#@', WHERE: 'ac://whole?mode=fast' };
    const { stores, seen } = open(
      `storage: { providers: { one: { url: "ac://\${BUCKET}/p?port=\${PORT:-80}" }, two: { url: "\${WHERE}" } } }`,
      { env },
    );
    stores.get('one');
    stores.get('two');
    expect(seen.options).toEqual([
      { bucket: env.BUCKET, prefixPath: '/p', port: 80 },
      { bucket: 'whole', mode: 'fast' },
    ]);
  });

  test('tells every option that a backend refuses, with its place', () => {
    const text = provider(
      'type: acme\n      config: { buckt: x, port: many, mode: slow, secret_key: s }',
    );
    const options = 'bucket (required), prefixPath, secretKey, accessKey, port, native, tags, mode';
    expect(problems(text)).toEqual([
      `f:5:17 storage.providers.main.config.buckt: there is no option "buckt". Options are: ${options}. Did you mean "bucket"?`,
      'f:5:27 storage.providers.main.config.port: the option "port" is not a number.',
      expect.stringMatching(/^f:5:39 storage\.providers\.main\.config\.mode: .* is one of: fast, /),
      `f:5:15 storage.providers.main.config: the option "bucket" is missing. Options are: ${options}.`,
    ]);
    expect(problems(provider('type: acme'))).toEqual([
      `f:4:7 storage.providers.main.config: the option "bucket" is missing. Options are: ${options}.`,
    ]);
  });

  test('tells what is wrong with a URL', () => {
    expect(problems(provider('url: "ac://b?prot=1"'))).toEqual([
      expect.stringContaining('f:4:12 storage.providers.main.url: there is no option "prot".'),
    ]);
    expect(problems(provider('url: nowhere'))).toEqual([
      expect.stringContaining('f:4:12 storage.providers.main.url: not a storage URL: "nowhere"'),
    ]);
    expect(problems(provider(`url: "\${NONE}"`))).toEqual([
      expect.stringContaining('f:4:12 storage.providers.main.url: the variable NONE is not set.'),
    ]);
  });

  test('tells what a backend refuses when it is made', () => {
    expect(problems(provider('type: acme\n      config: { bucket: bad }'))).toEqual([
      'f:5:15 storage.providers.main.config: no bucket is bad.',
    ]);
    const broken = open(provider('type: acme\n      config: { bucket: broken }')).stores;
    expect(() => broken.get('main')).toThrow(TypeError);
    expect(() => broken.check()).toThrow(TypeError);
  });

  test.each([
    ['s3', 'Run "npm install @granary/storage-s3" and pass its factory in `backends`.'],
    ['local', 'Run "npm install @granary/storage-fs" and pass its factory in `backends`.'],
    ['memry', 'Did you mean "memory"?'],
    ['xyzzy', ''],
  ])('says what to do for the backend %s', (type, hint) => {
    expect(problems(provider(`type: ${type}`))).toEqual([
      `f:4:13 storage.providers.main.type: there is no backend "${type}" here; there are: acme, fancy, ac, memory. ${hint}`.trim(),
    ]);
  });

  test('says what to do where no backend is passed, or one cannot be opened from a file', () => {
    const text = provider('type: odd');
    expect(problems(text, { backends: [] })[0]).toContain('there are: none.');
    const odd = defineBackend({ name: 'odd', provider: () => createMemory.provider() });
    expect(problems(text, { backends: [odd] })).toEqual([
      'f:4:7 storage.providers.main.config: the backend "odd" cannot be opened from a file.',
    ]);
  });

  test('puts layers over a backend, the first one listed outermost, with their options', () => {
    const marks: string[] = [];
    const text = provider(
      `type: memory\n      layers: [compress, { encrypt: { key: "\${KEY}" } }]`,
    );
    const { stores } = open(text, { layers: marking(marks), env: { KEY: 'k' } });
    expect(stores.get('main').getInfo().layers).toEqual(['encrypted', 'compressed']);
    expect(marks).toEqual(['encrypted {"key":"k"}', 'compressed {}']);
  });

  test('tells a wrong order of layers, a layer that is not passed and options that are refused', () => {
    const layers: LayerTable = {
      ...marking([]),
      quota(_provider, { maxBytes }) {
        throw new StorageError('invalid-config', `${String(maxBytes)} is too little.`);
      },
      shred() {
        throw new TypeError('it broke');
      },
    };
    const wrong = (list: string): readonly string[] =>
      problems(provider(`type: memory\n      layers: ${list}`), { layers });
    expect(wrong('[encrypt, compress]')).toEqual([
      'f:5:16 storage.providers.main.layers[0]: the layer "encrypted" cannot stand over the layer "compressed". Compress first.',
    ]);
    expect(wrong('[expire, compress]')).toEqual([
      'f:5:16 storage.providers.main.layers[0]: the layer "expire" is not among those passed. Pass it in `layers`.',
    ]);
    expect(wrong('[compress, quota: { maxBytes: 1kB }]')).toEqual([
      'f:5:26 storage.providers.main.layers[1]: 1000 is too little.',
    ]);
    expect(() => wrong('[shred]')).toThrow(TypeError);
    expect(wrong(`[{ encrypt: { key: "\${NONE}" } }]`)).toEqual([
      expect.stringContaining('layers[0].encrypt.key: the variable NONE is not set.'),
    ]);
  });

  test('takes paths of a file to be relative to it', () => {
    const seen: unknown[] = [];
    const fs = defineBackend<{ baseDir?: string }>({
      name: 'fs',
      provider(options) {
        seen.push(options.baseDir);
        return createMemory.provider();
      },
      fromConfig: (source) =>
        readOptions(source, { baseDir: { type: 'string', names: ['base_path'], from: 'path' } }),
    });
    const paths = ['data', './data', '/srv', 'C:\\data', '\\\\host\\share'];
    const providers = paths.map(
      (path, index) => `p${index}: { type: fs, config: { base_path: '${path}' } }`,
    );
    const text = `storage: { providers: { ${providers.join()}, url: { url: "fs:data" }, none: { type: fs } } }`;
    open(text, { backends: [fs] }, '/etc/app/storage.yaml').stores.check();
    expect(seen.splice(0)).toEqual([
      ...['/etc/app/data', '/etc/app/./data', '/srv', 'C:\\data', '\\\\host\\share'],
      ...['/etc/app/data', undefined],
    ]);
    open(text, { backends: [fs] }, 'storage.yaml').stores.get('p0');
    open(text, { backends: [fs] }, 'config\\storage.yaml').stores.get('p0');
    expect(seen).toEqual(['data', 'config/data']);
  });

  test('shows no secret in errors, whoever says it, and none when it is printed', () => {
    const layers: LayerTable = {
      encrypt(_provider, { key }) {
        throw new StorageError('invalid-config', `the key ${String(key)} is too short.`, {
          cause: new Error(String(key)),
        });
      },
    };
    const env = { SECRET: 'hunter2/+' };
    for (const lines of [
      `type: acme\n      config: { secretKey: "\${SECRET}" }`,
      `type: acme\n      config: { secretKey: ["\${SECRET}"], bucket: b }`,
      `type: acme\n      config: { mode: "\${SECRET}", secretKey: "\${SECRET}", bucket: b, x: 1 }`,
      `url: "ac://me:\${SECRET}@b?nothing=1"`,
      `type: memory\n      layers: [{ encrypt: { key: "\${SECRET}" } }]`,
    ]) {
      const { stores } = open(provider(lines), { layers, env });
      expect(stores.check().length).toBeGreaterThan(0);
      let thrown: unknown;
      try {
        stores.get('main');
      } catch (error) {
        thrown = error;
      }
      const shown = [inspect(thrown, { depth: 9 }), inspect(stores), String(thrown)].join();
      expect(shown).not.toMatch(/hunter2(\/|%2F)/);
    }
  });

  test('closes what was opened, once, and is closed then', async () => {
    const text =
      'storage: { providers: { one: { url: "ac://a" }, two: { url: "ac://b" }, three: { url: "ac://c" } } }';
    const { stores, seen } = open(text);
    await Promise.all([stores.get('one').ready(), stores.get('two').ready()]);
    await stores.close();
    await stores.close();
    expect(seen.closed).toBe(2);
    expect(() => stores.get('one')).toThrow(expect.objectContaining({ code: 'closed' }));
  });

  test('closes the others where one fails to', async () => {
    const text = 'storage: { providers: { one: { url: "ac://stuck" }, two: { url: "ac://b" } } }';
    const { stores, seen } = open(text);
    await Promise.all([stores.get('one').ready(), stores.get('two').ready()]);
    await expect(stores[Symbol.asyncDispose]()).rejects.toThrow('stuck');
    expect(seen.closed).toBe(2);
  });

  test('gives problems as data', () => {
    try {
      open(provider('type: acme')).stores.get('main');
    } catch (error) {
      expect(configProblems(error)).toEqual([
        {
          ...{ file: 'f', line: 4, column: 7, path: 'storage.providers.main.config' },
          message: expect.stringContaining('"bucket" is missing'),
        },
      ]);
    }
    expect.assertions(1);
  });
});
