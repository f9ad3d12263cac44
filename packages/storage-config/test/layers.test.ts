import { defineBackend, layersOf } from '@granary/storage-core/provider';
import { createVault, memoryDriver, type Vault } from '@granary/storage-credentials';
import { rewrap } from '@granary/storage-layers/encrypt';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import {
  configProblems,
  formatProblem,
  openStores,
  parseConfig,
  type Stores,
} from '../src/index.ts';
import { encryptionOptions, type StorageLayersOptions, storageLayers } from '../src/layers.ts';

/** The stores of a file, with the layers as they are. */
function open(
  text: string,
  layers: StorageLayersOptions = {},
  env: Readonly<Record<string, string>> = {},
): Stores {
  const config = parseConfig(text, { file: 'f' });
  return openStores(config, { backends: [createMemory], layers: storageLayers(layers), env });
}

const memory = (layers: string): string =>
  `storage: { providers: { main: { type: memory, layers: ${layers} } } }`;
const newVault = (): Vault => createVault({ driver: memoryDriver() });
const KEY = Buffer.alloc(32, 7).toString('base64');

describe('storageLayers', () => {
  test('makes every layer with its options, and says in which order', async () => {
    const text = `
storage:
  default_provider: main
  providers:
    backup: { type: memory }
    main:
      type: memory
      layers:
        - validate: { maxBytes: 1MB, onRead: true, rules: { "*.png": { name: "^\\\\w+\\\\.png$", contentTypeByContent: true } } }
        - expire: { ttl: { "tmp/*": 1000 }, sliding: true, sweep: { intervalMs: 60000, jitter: 0.2 } }
        - quota: { maxBytes: 10MB, limits: { "a/*": { maxObjects: 2 } }, count: listing, recountAfterMs: 1000 }
        - compress: { always: true, contentTypes: [text/*], keys: ["*.log"], foreign: refuse }
        - shred: { overwrite: auto, copies: [backup] }
        - encrypt: { key: "${KEY}", bind: context, context: docs, encryption: { algorithm: AES-256-GCM } }
        - retry: { attempts: 2, backoff: none }
        - integrity: { unchecked: read, repair: { from: backup } }
`;
    await using stores = open(text);
    expect(stores.check().map(formatProblem)).toEqual([]);
    const store = stores.default;
    expect(store.getInfo().layers).toEqual([
      ...['verified', 'retrying', 'encrypted', 'shredding', 'compressed', 'limited'],
      ...['expiring', 'validated'],
    ]);
    await store.save('tmp/a', { text: 'x'.repeat(5000) });
    expect(await store.load('tmp/a')).toEqual({ text: 'x'.repeat(5000) });
    expect((await store.stat('tmp/a')).expiresAt).toBeInstanceOf(Date);
    await expect(store.put('not a.png', 'x')).rejects.toMatchObject({ code: 'invalid-data' });
    await expect(store.put('big', new Uint8Array(1_000_001))).rejects.toMatchObject({
      code: 'too-large',
    });
  });

  test('encrypts with a passphrase or a key, in plain or URL-safe base64', async () => {
    const encrypts = async (options: string): Promise<void> => {
      const env = { KEY, PASS: 'correct horse' };
      await using stores = open(memory(`[{ encrypt: ${options} }]`), {}, env);
      await stores.default.put('a', 'plain');
      expect(await (await stores.default.get('a')).text()).toBe('plain');
    };
    await encrypts(`{ key: "\${KEY}" }`);
    await encrypts(`{ key: "${Buffer.alloc(32, 255).toString('base64url')}" }`);
    await encrypts(`{ passphrase: "\${PASS}" }`);
    await encrypts(`{ passphrase: "\${PASS}", mode: per-save, rules: [{ key: "a*", tag: b }] }`);
  });

  test('encrypts with a key of the vault, and reads what older versions of it encrypt', async () => {
    const vault = newVault();
    const text = memory('[encrypt]');
    const store = open(text, { vault }).default;
    await store.put('a', 'first');
    expect((await vault.keyVersions('storage')).map(({ version }) => version)).toEqual([1]);
    await vault.rotateKey('storage');
    await store.put('b', 'second');
    expect(await (await store.get('a')).text()).toBe('first');
    expect(await (await store.get('b')).text()).toBe('second');
  });

  test('gives what stands under a layer, so that keys can be wrapped anew', async () => {
    const vault = newVault();
    const inner = createMemory.provider();
    const backend = defineBackend({ name: 'one', provider: () => inner, fromConfig: () => ({}) });
    const config = parseConfig(memory('[compress, encrypt, quota]').replace('memory', 'one'));
    const stores = openStores(config, { backends: [backend], layers: storageLayers({ vault }) });
    await stores.default.put('a', 'plain');
    await vault.rotateKey('storage');
    const part = stores.under('main', 'encrypt');
    expect(part?.options).toEqual({});
    expect(layersOf(part?.provider ?? inner)).toEqual(['limited']);
    const outcomes: unknown[] = [];
    for await (const { results } of rewrap(
      part?.provider ?? inner,
      encryptionOptions({}, { vault }),
    )) {
      outcomes.push(...results);
    }
    expect(outcomes).toEqual([{ key: 'a', outcome: 'rewrapped' }]);
    await vault.dropKey('storage', 1);
    expect(await (await stores.default.get('a')).text()).toBe('plain');
    expect(stores.under('main', 'shred')).toBeUndefined();
    expect(() => encryptionOptions({})).toThrow('there is no vault');
  });

  test('reads with older keys of every kind, and moves what they encrypt under the new one', async () => {
    const vault = newVault();
    const inner = createMemory.provider();
    const backend = defineBackend({ name: 'one', provider: () => inner, fromConfig: () => ({}) });
    const env = { KEY, OLD: 'old passphrase', NEW: 'new passphrase' };
    const opened = (options: string): Stores => {
      const text = memory(`[{ encrypt: ${options} }]`).replace('memory', 'one');
      const settings = { backends: [backend], layers: storageLayers({ vault }), env };
      return openStores(parseConfig(text, { file: 'f' }), settings);
    };
    const before = [`{ key: "\${KEY}" }`, `{ passphrase: "\${OLD}" }`, '{ vault: photos }'];
    const older = `[${before.join()}]`;
    for (const [at, options] of before.entries()) {
      await opened(options).default.put(`old/${at}`, 'kept', { metadata: { at } });
    }
    const stores = opened(`{ passphrase: "\${NEW}", older: ${older} }`);
    await stores.default.put('new', 'kept');
    for (const at of before.keys()) {
      const object = await stores.default.get(`old/${at}`);
      expect([await object.text(), object.info.metadata]).toEqual(['kept', { at }]);
    }
    const alone = opened(`{ passphrase: "\${NEW}" }`);
    const denied = { code: 'permission-denied' };
    expect(await (await alone.default.get('new')).text()).toBe('kept');
    for (const at of before.keys()) {
      await expect(alone.default.get(`old/${at}`)).rejects.toMatchObject(denied);
    }
    const part = stores.under('main', 'encrypt');
    const outcomes: unknown[] = [];
    for await (const { results } of rewrap(
      part?.provider ?? inner,
      encryptionOptions(part?.options ?? {}, { vault }),
    )) {
      outcomes.push(...results.map(({ key, outcome }) => `${key} ${outcome}`));
    }
    expect(outcomes).toEqual([
      ...['new current', 'old/0 rewrapped', 'old/1 rewrapped', 'old/2 rewrapped'],
    ]);
    for (const at of before.keys()) {
      expect(await (await alone.default.get(`old/${at}`)).text()).toBe('kept');
    }
  });

  test('an empty passphrase is no reason to take the key of the vault', async () => {
    const text = memory(`[{ encrypt: { passphrase: "\${PASS:-}" } }]`);
    const problems = open(text, { vault: newVault() }).check();
    expect(problems.map(formatProblem).join()).toContain('the passphrase is empty.');
  });

  test('uses the key of the vault that is named', async () => {
    const vault = newVault();
    await open(memory('[{ encrypt: { vault: photos } }]'), { vault }).default.put('a', 'b');
    expect(await vault.listKeys()).toEqual(['photos']);
  });

  test.each([
    ['[encrypt]', 'there is no vault that has the key.'],
    ['[{ encrypt: { key: "AAAA" } }]', 'the option "key" is not 32 bytes in base64.'],
    ['[{ encrypt: { key: "no base64" } }]', 'the option "key" is not 32 bytes in base64.'],
    ['[{ encrypt: { key: "AAAA", passphrase: p } }]', 'only one of passphrase, key, vault'],
    ['[{ encrypt: { older: [{}] } }]', 'one of passphrase, key, vault is missing.'],
    ['[{ encrypt: { older: [{ key: a, vault: b }] } }]', 'only one of passphrase, key, vault'],
    ['[{ encrypt: { passphrase: p, older: [{ key: a }] } }]', 'the option "key" is not 32 bytes'],
    ['[{ encrypt: { passphrase: p, older: [{ vault: a }] } }]', 'there is no vault'],
    ['[{ validate: { name: "(" } }]', 'the option "name" is not a regular expression.'],
    ['[{ integrity: { repair: { from: other } } }]', 'f has no provider "other".'],
    ['[{ integrity: { repair: { from: main } } }]', 'the provider "main" needs itself'],
    ['[{ shred: { copies: [other] } }]', 'f has no provider "other".'],
    ['[encrypt, compress]', 'there is no vault'],
    ['[{ encrypt: { passphrase: p } }, compress]', 'cannot stand over the layer "compressed"'],
    ['[{ quota: { limits: { a: {} }, count: usage } }]', 'limits by key need count'],
  ])('refuses %s', (layers, problem) => {
    const problems = () => {
      try {
        return open(memory(layers)).check();
      } catch (error) {
        return configProblems(error);
      }
    };
    expect(problems().map(formatProblem).join()).toContain(problem);
  });

  test('shows no key that it refuses', () => {
    for (const options of [
      '{ key: hunter2hunter2 }',
      '{ passphrase: p, older: [{ key: hunter2hunter2 }] }',
    ]) {
      const problems = open(memory(`[{ encrypt: ${options} }]`)).check();
      expect(problems).toHaveLength(1);
      expect(problems.map(formatProblem).join()).not.toContain('hunter2');
    }
  });
});
