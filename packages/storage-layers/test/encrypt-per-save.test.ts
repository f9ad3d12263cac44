import { createStorage } from '@granary/storage-core';
import { guardProvider, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import {
  createEncrypted,
  type EncryptOptions,
  encryptionRules,
  withEncrypt,
} from '../src/encrypt.ts';
import { createVerified } from '../src/integrity.ts';
import { withMock } from '../src/mock.ts';

vi.setConfig({ testTimeout: 60_000 });

const key = new Uint8Array(32).fill(7);
const RECORD = 'granary.encrypted';

function open(options: Partial<EncryptOptions> = {}, memory = {}) {
  const below = withMock(createMemory.provider(memory));
  return { below, store: withEncrypt(below, { key, mode: 'per-save', ...options }) };
}

async function isPlain(below: StorageProvider, name: string, content: string): Promise<boolean> {
  return (
    (await (await below.get(name, {})).bytes()).toString() ===
    String(new TextEncoder().encode(content))
  );
}

async function entriesOf(store: StorageProvider) {
  const entries = [];
  for await (const page of store.list({})) entries.push(...page.entries);
  return entries;
}

/** A store of the five operations that every one has. */
function fiveOperations(capabilities: StorageProvider['capabilities']): StorageProvider {
  const { get, put, stat, delete: remove, list } = createMemory.provider();
  return {
    specVersion: 1,
    name: 'memory',
    capabilities,
    ...{ get, put, stat, delete: remove, list },
  };
}

describe('a store where encryption is chosen per save', () => {
  it('encrypts what asks for it, and reads both', async () => {
    const { below, store } = open();
    await store.put('secret', toBody('content'), { encrypt: true });
    await store.put('open', toBody('content'), { tags: ['t'] });
    expect(await isPlain(below, 'secret', 'content')).toBe(false);
    expect(await isPlain(below, 'open', 'content')).toBe(true);
    for (const name of ['secret', 'open']) {
      expect((await store.stat(name, {})).size).toBe(7);
      expect(await (await store.get(name, {})).text()).toBe('content');
      const part = await store.get(name, { range: { offset: 3, length: 2 } });
      expect(await part.text()).toBe('te');
      expect(await (await store.get(name, { range: { suffix: 2 } })).text()).toBe('nt');
    }
    expect((await store.stat('open', {})).tags).toEqual(['t']);
  });

  it('reads what was written where everything is encrypted, large and small, as a stream too', async () => {
    const { below, store } = open();
    const required = withEncrypt(below, { key });
    for (const size of [0, 10, 300_000]) {
      const content = new Uint8Array(size).fill(3);
      await required.put('a', toBody(content), {});
      await store.put('b', toBody(content), {});
      for (const name of ['a', 'b']) {
        expect((await store.stat(name, {})).size).toBe(size);
        expect((await (await store.get(name, {})).bytes()).byteLength).toBe(size);
        let length = 0;
        for await (const piece of (await store.get(name, {})).stream()) length += piece.byteLength;
        expect(length).toBe(size);
      }
    }
  });

  it('lists sizes that it is sure of', async () => {
    const { below, store } = open();
    await store.put('secret', toBody('content'), { encrypt: true });
    await store.put('small', toBody('content'), {});
    await store.put('large', toBody(new Uint8Array(5000)), {});
    expect(await entriesOf(store)).toMatchObject([
      { key: 'large' },
      { key: 'secret', size: 7 },
      { key: 'small', size: 7 },
    ]);
    expect((await entriesOf(store))[0]).not.toHaveProperty('size');
    expect(store.capabilities.listFields).not.toContain('size');
    expect(below.capabilities.listFields).toContain('size');
  });

  it('encrypts by itself what a rule names, as the rules are at the time', async () => {
    const rules = encryptionRules([
      { key: 'secrets/*' },
      { tag: 'private' },
      { key: '*.key', tag: 'x' },
    ]);
    const { below, store } = open({ rules });
    const encrypted = async (name: string, tags: string[] = []) => {
      await store.put(name, toBody('content'), { tags });
      return !(await isPlain(below, name, 'content'));
    };
    expect(await encrypted('secrets/a/b')).toBe(true);
    expect(await encrypted('a/secrets/b')).toBe(false);
    expect(await encrypted('a', ['private'])).toBe(true);
    expect(await encrypted('a', ['private2'])).toBe(false);
    expect(await encrypted('my.key')).toBe(false);
    expect(await encrypted('my.key', ['x'])).toBe(true);
    rules.set([{ key: 'a*b*c' }, { key: 'exact' }]);
    expect(rules.get()).toEqual([{ key: 'a*b*c' }, { key: 'exact' }]);
    expect(await encrypted('secrets/a/b')).toBe(false);
    expect(await encrypted('a1b2c')).toBe(true);
    expect(await encrypted('abc')).toBe(true);
    expect(await encrypted('ac')).toBe(false);
    expect(await encrypted('abcd')).toBe(false);
    expect(await encrypted('exact')).toBe(true);
    expect(await encrypted('exactly')).toBe(false);
    expect(() => rules.set([{}])).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    expect(Object.isFrozen(rules.get())).toBe(true);
  });

  it('keeps encrypted what is replaced under a condition, and updated', async () => {
    const { below, store } = open();
    const storage = createStorage(store);
    await storage.save('counter', 1, { encrypt: true });
    await storage.update('counter', (count: unknown) => Number(count) + 1);
    expect(await storage.load('counter')).toBe(2);
    expect(await isPlain(below, 'counter', '2')).toBe(false);
    await storage.save('plain', 1);
    await storage.update('plain', (count: unknown) => Number(count) + 1);
    expect(await isPlain(below, 'plain', '2')).toBe(true);
    const { etag } = await store.stat('counter', {});
    await expect(store.put('counter', toBody('x'), { ifMatch: `${etag}x` })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    below.mock.fail('stat', { with: 'unavailable' });
    await expect(store.put('counter', toBody('x'), { ifMatch: etag })).rejects.toMatchObject({
      code: 'unavailable',
      operation: 'put',
    });
    expect(await storage.load('counter')).toBe(2);
  });

  it('copies and moves what is encrypted encrypted', async () => {
    const { below, store } = open({}, { maxPutBytes: 3_000_000, partBytes: 9_000_000 });
    const storage = createStorage(store);
    await storage.save('a', 'content', { encrypt: true, tags: ['t'] });
    await storage.copy('a', 'b');
    await storage.move('a', 'c');
    for (const name of ['b', 'c']) {
      expect(await isPlain(below, name, '"content"')).toBe(false);
      expect(await storage.loadItem(name)).toMatchObject({
        value: 'content',
        info: { tags: ['t'] },
      });
    }
    await storage.save('p', 'content');
    await storage.copy('p', 'q');
    expect(await isPlain(below, 'q', '"content"')).toBe(true);
    await storage.put('large', new Uint8Array(7_000_000), { encrypt: true });
    await storage.copy('large', 'copy');
    expect((await below.stat('copy', {})).metadata).toHaveProperty([RECORD]);
    expect(((await storage.load('copy', { as: 'bytes' })) as Uint8Array).byteLength).toBe(
      7_000_000,
    );
  });

  it('refuses attributes by which a rule would want it encrypted', async () => {
    const { store } = open({ rules: [{ tag: 'private' }] });
    await store.put('a', toBody('content'), {});
    await expect(store.setMetadata?.('a', { tags: ['private'] }, {})).rejects.toMatchObject({
      code: 'unsupported',
      operation: 'setMetadata',
    });
    await store.setMetadata?.('a', { tags: ['other'] }, {});
    expect((await store.stat('a', {})).tags).toEqual(['other']);
    await store.put('b', toBody('content'), { tags: ['private'] });
    await store.setMetadata?.('b', { tags: null, metadata: { n: 1 } }, {});
    expect(await store.stat('b', {})).toMatchObject({ metadata: { n: 1 } });
  });

  it('refuses plain content and attributes that would be taken for encrypted', async () => {
    const { below, store } = open();
    await store.put('a', toBody('content'), { encrypt: true });
    const stored = await (await below.get('a', {})).bytes();
    const large = Buffer.concat([stored, new Uint8Array(5_000_000)]);
    for (const body of [
      toBody(stored),
      toBody(new Blob([stored as Uint8Array<ArrayBuffer>])),
      toBody(new Blob([large]).stream()),
    ]) {
      await expect(store.put('b', body, {})).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    const metadata = { [RECORD]: 'x' };
    const refused = { code: 'invalid-argument' };
    await expect(store.put('b', toBody('x'), { metadata })).rejects.toMatchObject(refused);
    await expect(store.upload?.('b', { attributes: { metadata } })).rejects.toMatchObject(refused);
    const session = await store.upload?.('b', {});
    await expect(session?.write(0, stored)).rejects.toMatchObject(refused);
    await expect(store.stat('b', {})).rejects.toMatchObject({ code: 'not-found' });
    await store.put('b', toBody(stored), { encrypt: true });
    expect(Buffer.compare(await (await store.get('b', {})).bytes(), stored)).toBe(0);
  });

  it('takes upload sessions of both kinds', async () => {
    const { below, store } = open();
    for (const encrypt of [true, false]) {
      const session = await store.upload?.('a', {
        encrypt,
        totalBytes: 1000,
        attributes: { tags: ['t'] },
      });
      const again = await store.upload?.('a', { token: session?.token ?? '' });
      await again?.write(0, new Uint8Array(1000).fill(5));
      expect((await again?.status())?.held).toEqual([{ offset: 0, length: 1000 }]);
      expect(await again?.complete()).toMatchObject({ size: 1000, tags: ['t'] });
      expect((await below.stat('a', {})).size === 1000).toBe(!encrypt);
    }
  });

  it('keeps encrypted what is replaced in parts', async () => {
    const { below, store } = open({}, { maxPutBytes: 100 });
    const storage = createStorage(store);
    const { etag } = await storage.put('a', 'content', { encrypt: true });
    await storage.put('a', 'x'.repeat(1000), { ifMatch: etag });
    expect((await below.stat('a', {})).size).toBeGreaterThan(1000);
    await storage.put('b', 'x'.repeat(1000));
    expect((await below.stat('b', {})).size).toBe(1000);
    below.mock.fail('stat', { with: 'unavailable' });
    await expect(store.upload?.('a', {})).rejects.toMatchObject({ code: 'unavailable', key: 'a' });
  });

  it('goes on with no plain upload where it is to be encrypted', async () => {
    const rules = encryptionRules();
    const { below, store } = open({ rules }, { maxPutBytes: 100 });
    const token = (await store.upload?.('a', { totalBytes: 1000 }))?.token ?? '';
    const storage = createStorage(store);
    const body = 'x'.repeat(1000);
    const refused = { code: 'invalid-argument', outcome: 'not-applied', key: 'a' };
    await expect(storage.put('a', body, { resume: token, encrypt: true })).rejects.toMatchObject(
      refused,
    );
    await expect(withEncrypt(below, { key }).upload?.('a', { token })).rejects.toMatchObject(
      refused,
    );
    rules.set([{ key: 'a' }]);
    await expect(storage.put('a', body, { resume: token })).rejects.toMatchObject(refused);
    expect(await storage.exists('a')).toBe(false);
    rules.set([]);
    await storage.put('a', body, { resume: token });
    expect((await below.stat('a', {})).size).toBe(1000);
    const begun = await store.upload?.('b', { totalBytes: 1000, encrypt: true });
    await storage.put('b', body, { resume: begun?.token ?? '', encrypt: true });
    expect((await below.stat('b', {})).size).toBeGreaterThan(1000);
  });

  it('works over a store without parts and attributes', async () => {
    const bare = fiveOperations({ attributes: 'none', etagCovers: 'write' });
    const store = withEncrypt(guardProvider(bare), { key, mode: 'per-save' });
    for (const [name, encrypt] of [
      ['a', true],
      ['b', false],
    ] as const) {
      await store.put(name, toBody(new Uint8Array(2000)), { encrypt });
      expect((await store.stat(name, {})).size).toBe(2000);
      expect((await (await store.get(name, {})).bytes()).byteLength).toBe(2000);
    }
  });

  it('stays encrypted when its attributes change where only content can be written', async () => {
    const bare = fiveOperations({ attributes: 'native', etagCovers: 'attributes' });
    const storage = createStorage(withEncrypt(guardProvider(bare), { key, mode: 'per-save' }));
    for (const [name, encrypt] of [
      ['a', true],
      ['b', false],
    ] as const) {
      await storage.put(name, 'content', { encrypt, tags: ['old'] });
      await storage.copy(name, name, { attributes: { tags: ['new'] } });
      expect(await isPlain(bare, name, 'content')).toBe(!encrypt);
      expect((await storage.stat(name)).tags).toEqual(['new']);
      expect(await (await storage.get(name)).text()).toBe('content');
    }
    const { etag } = await storage.stat('a');
    await storage.copy('a', 'c', { sourceIfMatch: etag });
    expect(await isPlain(bare, 'c', 'content')).toBe(false);
  });

  it('stays encrypted when it is repaired from a plain copy', async () => {
    const bare = fiveOperations({ attributes: 'native', etagCovers: 'attributes' });
    const from = createMemory();
    const storage = createVerified({
      underlying: withEncrypt(guardProvider(bare), { key, mode: 'per-save' }),
      repair: { from },
    });
    await storage.put('a', 'content', { encrypt: true });
    await from.put('a', 'content');
    const stored = await bare.get('a', {});
    const { metadata = {} } = stored.info;
    const damaged = (await stored.bytes()).map((byte, at) => (at === 552 ? byte ^ 1 : byte));
    await bare.put('a', toBody(damaged), { metadata });
    expect(await (await storage.get('a')).text()).toBe('content');
    expect((await bare.stat('a', {})).etag).not.toBe(stored.info.etag);
    expect(await isPlain(bare, 'a', 'content')).toBe(false);
  });

  it('keeps rules apart from the engine', async () => {
    const rules = encryptionRules();
    await using storage = createEncrypted({
      underlying: createMemory(),
      ...{ key, mode: 'per-save', rules },
    });
    await storage.save('a', 1);
    rules.set([{ key: '*' }]);
    await storage.save('b', 1);
    expect([await storage.load('a'), await storage.load('b')]).toEqual([1, 1]);
  });

  it('tells versions of both kinds', async () => {
    const { store } = open({}, { versioning: true });
    await store.put('a', toBody(new Uint8Array(1000)), {});
    await store.put('a', toBody(new Uint8Array(2000)), { encrypt: true });
    const sizes = [];
    for await (const page of store.versions?.list('a', {}) ?? []) {
      for (const { size } of page) sizes.push(size);
    }
    expect(sizes).toEqual([2000, 1000]);
  });
});
