import { deriveKey, newKeyDerivation } from '@granary/storage-core/crypto';
import { StorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, it, vi } from 'vitest';
import { decodeHeader } from '../src/encrypt/header.ts';
import { CHUNK_PLAIN_BYTES } from '../src/encrypt/layout.ts';
import {
  createEncrypted,
  type KeyProvider,
  keyChain,
  keyRing,
  passphraseKeys,
  type RewrapOptions,
  type RewrapResult,
  rewrap,
  withEncrypt,
} from '../src/encrypt.ts';
import { withMock } from '../src/mock.ts';

vi.setConfig({ testTimeout: 60_000 });

const one = new Uint8Array(32).fill(1);
const two = new Uint8Array(32).fill(2);

async function text(store: StorageProvider, name: string): Promise<string> {
  return (await store.get(name, {})).text();
}

async function headerOf(below: StorageProvider, name: string) {
  return decodeHeader(await (await below.get(name, {})).bytes());
}

async function allOf(below: StorageProvider, options: RewrapOptions): Promise<RewrapResult[]> {
  const results: RewrapResult[] = [];
  for await (const page of rewrap(below, options)) results.push(...page.results);
  return results;
}

/** A key service that counts what it is asked. */
function service(id: string, master: number) {
  const calls = { wrap: 0, unwrap: 0 };
  const mask = (bytes: Uint8Array) => bytes.map((byte) => byte ^ master);
  const provider: KeyProvider = {
    async wrap(fileKey) {
      calls.wrap += 1;
      return { keyId: id, bytes: new Uint8Array([...mask(fileKey), ...new Uint8Array(200)]) };
    },
    async unwrap({ keyId, bytes }) {
      calls.unwrap += 1;
      if (keyId !== id) throw new StorageError('permission-denied', 'not mine.');
      return mask(bytes.slice(0, 32));
    },
    isCurrent: ({ keyId }) => keyId === id,
  };
  return { calls, provider };
}

describe('a ring of keys', () => {
  it('writes under the current key and reads with all of them', async () => {
    const below = createMemory.provider();
    const keys = { old: one, new: two };
    await withEncrypt(below, { keyProvider: keyRing({ current: 'old', keys }) }).put(
      'a',
      toBody('1'),
      {},
    );
    const store = withEncrypt(below, { keyProvider: keyRing({ current: 'new', keys }) });
    await store.put('b', toBody('2'), {});
    expect([await text(store, 'a'), await text(store, 'b')]).toEqual(['1', '2']);
    expect((await headerOf(below, 'b')).wrapped.keyId).toBe('new');
    const without = withEncrypt(below, {
      keyProvider: keyRing({ current: 'new', keys: { new: two } }),
    });
    await expect(text(without, 'a')).rejects.toMatchObject({
      code: 'permission-denied',
      message: expect.stringContaining('"old"'),
    });
    const swapped = keyRing({ current: 'new', keys: { old: two, new: two } });
    await expect(text(withEncrypt(below, { keyProvider: swapped }), 'a')).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  it('asks a vault once for each key', async () => {
    const below = createMemory.provider();
    const asked: string[] = [];
    let current = 'k1';
    const ring = () =>
      keyRing({
        current: () => current,
        async find(id) {
          asked.push(id);
          return id === 'gone' ? undefined : id === 'k1' ? one : two;
        },
      });
    const store = withEncrypt(below, { keyProvider: ring() });
    await store.put('a', toBody('1'), {});
    await store.put('b', toBody('2'), {});
    current = 'k2';
    await store.put('c', toBody('3'), {});
    expect(asked).toEqual(['k1', 'k2']);
    const reading = withEncrypt(below, { keyProvider: ring() });
    expect(await Promise.all(['a', 'b', 'c'].map((name) => text(reading, name)))).toEqual([
      '1',
      '2',
      '3',
    ]);
    current = 'gone';
    await expect(reading.put('d', toBody('4'), {})).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await expect(reading.stat('d', {})).rejects.toMatchObject({ code: 'not-found' });
    for (let n = 0; n < 70; n += 1) {
      current = `many-${n}`;
      await store.put('many', toBody('x'), {});
    }
    expect(await text(store, 'a')).toBe('1');
  });

  it('refuses what is no ring', () => {
    const wrong: readonly (() => unknown)[] = [
      () => keyRing({ current: 'a', keys: { b: one } }),
      () => keyRing({ current: '', keys: { '': one } }),
      () => keyRing({ current: 'x'.repeat(64), keys: { ['x'.repeat(64)]: one } }),
      () => keyRing({ current: 'a', keys: { a: new Uint8Array(31) } }),
    ];
    for (const make of wrong)
      expect(make).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  });
});

describe('a key service', () => {
  it('wraps once for an object, and unwraps once', async () => {
    const below = createMemory.provider();
    const { calls, provider } = service('kms/1', 9);
    await withEncrypt(below, { keyProvider: provider }).put('a', toBody('content'), {
      tags: ['t'],
    });
    const store = withEncrypt(below, { keyProvider: provider });
    for (let n = 0; n < 5; n += 1) {
      expect(await text(store, 'a')).toBe('content');
      await store.stat('a', {});
    }
    expect(calls).toEqual({ wrap: 1, unwrap: 1 });
  });

  it('that fails says so, and nothing is stored', async () => {
    const below = createMemory.provider();
    const { provider } = service('kms/1', 9);
    const store = withEncrypt(below, { keyProvider: provider });
    await store.put('a', toBody('content'), {});
    const failing = (error: unknown): KeyProvider => ({
      wrap: () => Promise.reject(error),
      unwrap: () => Promise.reject(error),
      isCurrent: () => true,
    });
    const offline = withEncrypt(below, { keyProvider: failing(new TypeError('fetch failed')) });
    await expect(offline.put('b', toBody('x'), {})).rejects.toMatchObject({ code: 'unavailable' });
    await expect(text(offline, 'a')).rejects.toMatchObject({ code: 'unavailable' });
    const limited = withEncrypt(below, {
      keyProvider: failing(new StorageError('rate-limited', 'slow down.', { retryAfterMs: 5 })),
    });
    await expect(text(limited, 'a')).rejects.toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 5,
    });
    await expect(below.stat('b', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  it('that fails is not taken for an object that is missing, changed or elsewhere', async () => {
    const below = createMemory.provider();
    const { provider } = service('kms/1', 9);
    await createEncrypted({ underlying: below, keyProvider: provider }).put('a', 'content');
    const hint = 'Unlock it.';
    for (const [code, told] of [
      ['not-found', 'permission-denied'],
      ['store-not-found', 'unavailable'],
      ['conflict', 'unavailable'],
      ['precondition-failed', 'unavailable'],
      ['corrupted', 'unavailable'],
      ['permission-denied', 'permission-denied'],
    ] as const) {
      const place = { provider: 'vault', operation: 'key', key: 'storage', hint };
      const cause = new StorageError(code, 'no luck.', place);
      const fails = () => Promise.reject(cause);
      const keyProvider: KeyProvider = { ...provider, wrap: fails, unwrap: fails };
      const storage = createEncrypted({ underlying: below, keyProvider });
      const load = () => storage.load('a', { default: 'lost' });
      for (const ask of [load, () => storage.put('a', 'over')]) {
        await expect(ask()).rejects.toMatchObject({
          ...{ code: told, provider: 'memory', key: 'a', hint, cause },
          message: expect.stringMatching(
            /^memory \w+ "a": the key provider failed: vault key "storage": no luck\. Unlock it\.$/,
          ),
        });
      }
    }
  });

  it('that makes what no header holds is refused', async () => {
    const { provider } = service('kms/1', 9);
    const wrapping = (keyId: string, length: number): KeyProvider => ({
      ...provider,
      wrap: async () => ({ keyId, bytes: new Uint8Array(length) }),
    });
    for (const bad of [wrapping('k', 371), wrapping('k', 0), wrapping('', 40)]) {
      const store = withEncrypt(createMemory.provider(), { keyProvider: bad });
      await expect(store.put('a', toBody('x'), {})).rejects.toMatchObject({
        code: 'invalid-config',
      });
    }
    const short: KeyProvider = { ...provider, unwrap: async () => new Uint8Array(31) };
    const below = createMemory.provider();
    await withEncrypt(below, { keyProvider: provider }).put('a', toBody('x'), {});
    await expect(text(withEncrypt(below, { keyProvider: short }), 'a')).rejects.toMatchObject({
      code: 'corrupted',
    });
  });

  it('may keep what it unwraps, and wipe what it wraps', async () => {
    const below = createMemory.provider();
    const kept = new Map<string, Uint8Array>();
    let current = 'old';
    const keyProvider: KeyProvider = {
      async wrap(fileKey) {
        const place = String(kept.size);
        kept.set(place, fileKey.slice());
        fileKey.fill(0);
        return { keyId: current, bytes: new TextEncoder().encode(place) };
      },
      unwrap: async ({ bytes }) => kept.get(new TextDecoder().decode(bytes)) ?? bytes,
      isCurrent: ({ keyId }) => keyId === current,
    };
    await withEncrypt(below, { keyProvider }).put('a', toBody('content'), {});
    expect(await text(withEncrypt(below, { keyProvider }), 'a')).toBe('content');
    current = 'new';
    expect(await allOf(below, { keyProvider })).toEqual([{ key: 'a', outcome: 'rewrapped' }]);
    for (let n = 0; n < 2; n += 1) {
      expect(await text(withEncrypt(below, { keyProvider }), 'a')).toBe('content');
    }
  });

  it('that answers with what is no key, or throws at once, is told as such', async () => {
    const below = createMemory.provider();
    const { provider } = service('kms/1', 9);
    await withEncrypt(below, { keyProvider: provider }).put('a', toBody('x'), {});
    const wrong = (given: unknown) =>
      withEncrypt(below, {
        keyProvider: {
          ...provider,
          wrap: async () => given as never,
          unwrap: async () => given as never,
        },
      });
    for (const given of [undefined, 'a'.repeat(32), new ArrayBuffer(32), { keyId: 'k' }]) {
      const expected = { code: 'invalid-config', key: 'a' };
      await expect(wrong(given).put('a', toBody('y'), {})).rejects.toMatchObject(expected);
      await expect(text(wrong(given), 'a')).rejects.toMatchObject(expected);
    }
    const cause = new TypeError('no client');
    const fails = (): never => {
      throw cause;
    };
    const keyProvider = { ...provider, wrap: fails, unwrap: fails };
    const store = withEncrypt(below, { keyProvider });
    const expected = { code: 'unavailable', key: 'a', cause };
    await expect(store.put('a', toBody('y'), {})).rejects.toMatchObject(expected);
    await expect(text(store, 'a')).rejects.toMatchObject(expected);
    expect(await text(withEncrypt(below, { keyProvider: provider }), 'a')).toBe('x');
  });

  it('that never answers is not waited for after an abort', async () => {
    const below = createMemory.provider();
    const { provider } = service('kms/1', 9);
    await withEncrypt(below, { keyProvider: provider }).put('a', toBody('x'), {});
    const hangs = () => new Promise<never>(() => {});
    const keyProvider = { ...provider, wrap: hangs, unwrap: hangs, isCurrent: hangs };
    const store = withEncrypt(below, { keyProvider });
    for (const ask of [
      (signal: AbortSignal) => store.put('a', toBody('y'), { signal }),
      async (signal: AbortSignal) => (await store.get('a', { signal })).bytes(),
      (signal: AbortSignal) => allOf(below, { keyProvider, signal }),
    ]) {
      const enough = new AbortController();
      const asking = ask(enough.signal);
      setTimeout(() => enough.abort());
      await expect(asking).rejects.toMatchObject({ code: 'aborted' });
    }
  });

  it('keeps many keys of objects, and not all', async () => {
    const below = createMemory.provider();
    const { calls, provider } = service('kms/1', 9);
    const store = withEncrypt(below, { keyProvider: provider });
    for (let n = 0; n < 520; n += 1) await store.put(`a${n}`, toBody('x'), {});
    await text(store, 'a0');
    await text(store, 'a519');
    expect(calls.unwrap).toBe(1);
  });
});

describe('a passphrase', () => {
  it('is derived once, and a store has one salt', async () => {
    const below = createMemory.provider();
    let asked = 0;
    const ask = () => {
      asked += 1;
      return Promise.resolve('correct horse');
    };
    const store = withEncrypt(below, { passphrase: ask });
    expect(asked).toBe(0);
    await Promise.all(['a', 'b', 'c'].map((name) => store.put(name, toBody(name), {})));
    const another = withEncrypt(below, { passphrase: 'correct horse' });
    await another.put('d', toBody('d'), {});
    const salts = await Promise.all(
      ['a', 'b', 'c', 'd'].map(async (name) =>
        String((await headerOf(below, name)).wrapped.derivation?.salt),
      ),
    );
    expect(new Set(salts).size).toBe(1);
    expect(asked).toBe(1);
    expect(await text(another, 'a')).toBe('a');
  });

  it('goes on with no salt that it did not choose', async () => {
    const below = createMemory.provider();
    const weak = { name: 'PBKDF2' as const, iterations: 1000, salt: new Uint8Array(16) };
    const planted = withEncrypt(below, {
      keyProvider: passphraseKeys('correct horse', { derivation: weak }),
    });
    await planted.put('a', toBody('weak'), {});
    const store = withEncrypt(below, { passphrase: 'correct horse' });
    await store.put('b', toBody('strong'), {});
    expect((await headerOf(below, 'b')).wrapped.derivation?.iterations).toBe(600_000);
    expect(await text(store, 'a')).toBe('weak');
    const other = createMemory.provider();
    await withEncrypt(other, { passphrase: 'stranger' }).put('a', toBody('x'), {});
    const keyProvider = passphraseKeys('correct horse');
    await withEncrypt(other, { keyProvider }).put('b', toBody('y'), {});
    const salts = await Promise.all(['a', 'b'].map((name) => headerOf(other, name)));
    expect(String(salts[0]?.wrapped.derivation?.salt)).not.toBe(
      String(salts[1]?.wrapped.derivation?.salt),
    );
  });

  it('writes nothing where it is mistyped, and is asked for again', async () => {
    const below = createMemory.provider();
    const keyProvider = passphraseKeys('correct horse', {
      derivation: { ...newKeyDerivation('PBKDF2'), iterations: 1000 },
    });
    await withEncrypt(below, { keyProvider }).put('a', toBody('content'), {});
    const answers = ['wrong', 'correct horse'];
    const passphrase = vi.fn(() => answers.shift() ?? 'never');
    const store = withEncrypt(below, { passphrase });
    const denied = { code: 'permission-denied' };
    await expect(store.put('b', toBody('x'), {})).rejects.toMatchObject({
      ...denied,
      outcome: 'not-applied',
      hint: expect.stringContaining('keyProvider'),
    });
    expect(await text(store, 'a')).toBe('content');
    await store.put('b', toBody('x'), {});
    expect(await text(store, 'b')).toBe('x');
    expect(passphrase).toHaveBeenCalledTimes(2);
    const mistyped = withEncrypt(below, { passphrase: 'wrong' });
    for (let n = 0; n < 2; n += 1) {
      await expect(mistyped.put('a', toBody('x'), {})).rejects.toMatchObject(denied);
      await expect(text(mistyped, 'a')).rejects.toMatchObject(denied);
    }
  });

  it('works with Argon2id', async () => {
    const below = createMemory.provider();
    const encryption = { algorithm: 'AES-256-GCM', keyDerivation: 'Argon2id' } as const;
    await withEncrypt(below, { encryption, passphrase: 'correct horse' }).put(
      'a',
      toBody('content'),
      {},
    );
    const { derivation } = (await headerOf(below, 'a')).wrapped;
    expect(derivation).toMatchObject({
      name: 'Argon2id',
      memoryKiB: 19_456,
      iterations: 2,
      parallelism: 1,
    });
    expect(await text(withEncrypt(below, { passphrase: 'correct horse' }), 'a')).toBe('content');
    const keys = passphraseKeys('correct horse', { keyDerivation: 'Argon2id' });
    expect(await keys.isCurrent((await headerOf(below, 'a')).wrapped)).toBe(true);
  });

  it('that is not given is asked for again', async () => {
    const answers: (string | Error)[] = ['', new Error('the user left'), 'correct horse'];
    const store = withEncrypt(createMemory.provider(), {
      passphrase: () => {
        const answer = answers.shift();
        if (typeof answer === 'string') return answer;
        throw answer;
      },
    });
    await expect(store.put('a', toBody('x'), {})).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await expect(store.put('a', toBody('x'), {})).rejects.toMatchObject({ code: 'unavailable' });
    await store.put('a', toBody('x'), {});
    expect(await text(store, 'a')).toBe('x');
  });

  it('is refused where it is none', () => {
    for (const make of [
      () => passphraseKeys(''),
      () => passphraseKeys(7 as unknown as string),
      () => passphraseKeys('x', { keyDerivation: 'scrypt' as 'PBKDF2' }),
    ]) {
      expect(make).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    }
  });

  it('writes when the store cannot be looked at', async () => {
    const below = withMock(createMemory.provider());
    below.mock.fail('list', { times: 9, with: 'permission-denied' });
    const store = withEncrypt(below, { passphrase: 'correct horse' });
    await store.put('a', toBody('x'), {});
    expect(await text(store, 'a')).toBe('x');
  });
});

describe('rewrapping', () => {
  const keys = { old: one, new: two };
  const oldRing = keyRing({ current: 'old', keys });
  const newRing = keyRing({ current: 'new', keys });

  it('puts every object under the current key, without its content being decrypted', {
    timeout: 60_000,
  }, async () => {
    const below = createMemory.provider({ maxPutBytes: 2_000_000, partBytes: 9_000_000 });
    const old = withEncrypt(below, { keyProvider: oldRing });
    const large = new Uint8Array(3 * CHUNK_PLAIN_BYTES - 100).fill(5);
    await old.put('a', toBody('content'), { tags: ['t'], metadata: { n: 1 } });
    await old.put('empty', toBody(''), {});
    const session = await old.upload?.('large', {});
    await session?.write(0, large.subarray(0, 2 * CHUNK_PLAIN_BYTES));
    await session?.write(2 * CHUNK_PLAIN_BYTES, large.subarray(2 * CHUNK_PLAIN_BYTES));
    await session?.complete();
    await below.put('plain', toBody(new Uint8Array(1000)), {});
    await below.put('small', toBody('x'), {});
    await withEncrypt(below, { keyProvider: newRing }).put('z', toBody('new'), {});
    const before = await (await below.get('large', {})).bytes();
    const outcomes = (await allOf(below, { keyProvider: newRing })).map(({ key, outcome }) => [
      key,
      outcome,
    ]);
    expect(outcomes).toEqual([
      ...['a', 'empty', 'large'].map((name) => [name, 'rewrapped']),
      ...['plain', 'small'].map((name) => [name, 'plain']),
      ['z', 'current'],
    ]);
    const after = await (await below.get('large', {})).bytes();
    expect(Buffer.compare(after.subarray(512, 1_000_000), before.subarray(512, 1_000_000))).toBe(0);
    const store = withEncrypt(below, {
      keyProvider: keyRing({ current: 'new', keys: { new: two } }),
    });
    expect(await store.stat('a', {})).toMatchObject({ size: 7, tags: ['t'], metadata: { n: 1 } });
    expect(await text(store, 'a')).toBe('content');
    expect(await text(store, 'empty')).toBe('');
    expect(Buffer.compare(await (await store.get('large', {})).bytes(), large)).toBe(0);
    expect((await allOf(below, { keyProvider: newRing })).map(({ outcome }) => outcome)).toEqual([
      'current',
      ...['current', 'current', 'plain', 'plain', 'current'],
    ]);
  });

  it('moves a store from a passphrase to a key service', async () => {
    const below = createMemory.provider();
    await withEncrypt(below, { passphrase: 'correct horse' }).put('a', toBody('content'), {
      tags: ['t'],
    });
    const { provider } = service('kms/1', 9);
    const chain = keyChain(provider, passphraseKeys('correct horse'));
    expect(await text(withEncrypt(below, { keyProvider: chain }), 'a')).toBe('content');
    expect(await allOf(below, { keyProvider: chain })).toEqual([
      { key: 'a', outcome: 'rewrapped' },
    ]);
    const store = withEncrypt(below, { keyProvider: provider });
    expect(await text(store, 'a')).toBe('content');
    expect((await store.stat('a', {})).tags).toEqual(['t']);
  });

  it('raises the rounds of a passphrase', async () => {
    const below = createMemory.provider();
    await withEncrypt(below, { passphrase: 'correct horse' }).put('a', toBody('content'), {});
    const derivation = { ...newKeyDerivation('PBKDF2'), iterations: 700_000 } as const;
    const keyProvider = passphraseKeys('correct horse', {
      derivation: { ...derivation, name: 'PBKDF2' },
    });
    expect(await allOf(below, { keyProvider })).toEqual([{ key: 'a', outcome: 'rewrapped' }]);
    expect((await headerOf(below, 'a')).wrapped.derivation?.iterations).toBe(700_000);
    expect(await allOf(below, { keyProvider })).toEqual([{ key: 'a', outcome: 'current' }]);
  });

  it('tells what failed and goes on', async () => {
    const below = createMemory.provider();
    const old = withEncrypt(below, { keyProvider: oldRing });
    for (const name of ['a', 'b', 'c', 'd']) await old.put(name, toBody(name), {});
    const damaged = (await (await below.get('b', {})).bytes()).slice();
    damaged[500] = (damaged[500] ?? 0) ^ 1;
    await below.put('b', toBody(damaged), {});
    const stranger = keyRing({ current: 'else', keys: { else: new Uint8Array(32) } });
    await withEncrypt(below, { keyProvider: stranger }).put('c', toBody('c'), {});
    const results = await allOf(below, { keyProvider: newRing, concurrency: 1 });
    expect(results).toMatchObject([
      { key: 'a', outcome: 'rewrapped' },
      { key: 'b', outcome: 'failed', error: { code: 'corrupted' } },
      { key: 'c', outcome: 'failed', error: { code: 'permission-denied' } },
      { key: 'd', outcome: 'rewrapped' },
    ]);
  });

  it('lets a write meanwhile win', async () => {
    const inner = createMemory.provider();
    const old = withEncrypt(inner, { keyProvider: oldRing });
    await old.put('a', toBody('before'), {});
    const below = withMock(inner);
    const racing: StorageProvider = {
      ...below,
      async put(name, body, options) {
        await old.put('a', toBody('meanwhile'), {});
        return below.put(name, body, options);
      },
    };
    const results = await allOf(racing, { keyProvider: newRing });
    expect(results).toMatchObject([{ outcome: 'failed', error: { code: 'precondition-failed' } }]);
    expect(await text(old, 'a')).toBe('meanwhile');
  });

  it('goes on beside another one', async () => {
    const below = createMemory.provider();
    const old = withEncrypt(below, { keyProvider: oldRing });
    for (let n = 0; n < 9; n += 1) await old.put(`o/${n}`, toBody('x'), {});
    const runs = await Promise.all([1, 2].map(() => allOf(below, { keyProvider: newRing })));
    const outcomes = runs.flat().map(({ outcome }) => outcome);
    expect(outcomes.toSorted()).toEqual([
      ...new Array(9).fill('current'),
      ...new Array(9).fill('rewrapped'),
    ]);
  });

  it('leaves out what is deleted meanwhile', async () => {
    const inner = createMemory.provider();
    await withEncrypt(inner, { keyProvider: oldRing }).put('a', toBody('x'), {});
    const below: StorageProvider = {
      ...inner,
      async stat(name, options) {
        await inner.delete(name, {});
        return inner.stat(name, options);
      },
    };
    expect(await allOf(below, { keyProvider: newRing })).toEqual([]);
  });

  it('writes nothing over when the new key cannot be read again', async () => {
    const below = createMemory.provider();
    const old = service('kms/1', 9);
    await withEncrypt(below, { keyProvider: old.provider }).put('a', toBody('x'), {});
    let unwrapped = 0;
    const forgetful: KeyProvider = {
      ...old.provider,
      wrap: async () => ({ keyId: 'kms/1', bytes: new Uint8Array(40) }),
      isCurrent: () => false,
    };
    const fickle: KeyProvider = {
      ...service('kms/1', 9).provider,
      async unwrap(wrapped, options) {
        unwrapped += 1;
        const fileKey = await old.provider.unwrap(wrapped, options);
        return unwrapped === 1 ? fileKey : fileKey.fill(unwrapped === 2 ? 1 : 2, 0, 1);
      },
      isCurrent: () => false,
    };
    for (const keyProvider of [forgetful, fickle]) {
      const [result] = await allOf(below, { keyProvider });
      expect(result).toMatchObject({ outcome: 'failed', error: { code: 'invalid-config' } });
    }
    expect(await text(withEncrypt(below, { keyProvider: old.provider }), 'a')).toBe('x');
  });

  it('goes on after a page, and takes a prefix', async () => {
    const below = createMemory.provider();
    const old = withEncrypt(below, { keyProvider: oldRing });
    for (let n = 0; n < 1005; n += 1)
      await old.put(`p/${String(n).padStart(4, '0')}`, toBody('x'), {});
    await old.put('q', toBody('x'), {});
    let cursor: string | undefined;
    for await (const page of rewrap(below, { keyProvider: newRing, prefix: 'p/' })) {
      cursor = page.cursor;
      break;
    }
    const rest = await allOf(below, {
      keyProvider: newRing,
      prefix: 'p/',
      ...(cursor !== undefined && { cursor }),
    });
    expect(rest.map(({ outcome }) => outcome)).toEqual(new Array(5).fill('rewrapped'));
  });

  it('is aborted by its signal, and refused where writes could be lost', async () => {
    const below = createMemory.provider();
    await withEncrypt(below, { keyProvider: oldRing }).put('a', toBody('x'), {});
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(allOf(below, { keyProvider: newRing, signal })).rejects.toMatchObject({
      code: 'aborted',
    });
    const { get, put, stat, delete: remove, list } = below;
    const bare: StorageProvider = {
      specVersion: 1,
      name: 'memory',
      capabilities: { attributes: 'none', etagCovers: 'write' },
      ...{ get, put, stat, delete: remove, list },
    };
    await expect(allOf(bare, { keyProvider: newRing })).rejects.toMatchObject({
      code: 'unsupported',
    });
    expect(await allOf(bare, { keyProvider: newRing, isExclusive: true })).toEqual([
      { key: 'a', outcome: 'rewrapped' },
    ]);
    await expect(allOf(below, {})).rejects.toMatchObject({ code: 'invalid-config' });
  });
});

describe('keys made elsewhere', () => {
  it('fit when they come from deriveKey', async () => {
    const key = await deriveKey('correct horse', newKeyDerivation('PBKDF2'));
    const store = withEncrypt(createMemory.provider(), { key });
    await store.put('a', toBody('x'), {});
    expect(await text(store, 'a')).toBe('x');
  });
});
