import { describe, expect, test } from 'vitest';
import { drain } from '../../test/drain.ts';
import { type TinyObject, type TinyProvider, tinyProvider } from '../../test/tiny-provider.ts';
import { storedObject } from '../bodies/stored-object.ts';
import { toBody } from '../bodies/to-body.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { defineBackend } from '../provider/define-backend.ts';
import type { CompanionOptions } from './companion-options.ts';
import { withCompanion } from './with-companion.ts';

/** A store that keeps every write of a key, also when it is deleted, in which content has a hash. */
function versioned(): {
  readonly tiny: TinyProvider;
  readonly bare: StorageProvider;
  readonly failing: Set<string>;
} {
  const all = new Map<string, TinyObject[]>();
  const failing = new Set<string>();
  const tiny = tinyProvider({
    capabilities: { attributes: 'none' },
    async intercept({ operation, key }, proceed) {
      if (failing.has(`${operation} ${key}`)) throw new StorageError('unavailable', 'cut off.');
      const done = await proceed();
      const now = tiny.objects.get(key);
      if (operation === 'put' && now) {
        const checksums = { size: `length ${now.bytes.length}` };
        const kept = { bytes: now.bytes, info: { ...now.info, checksums } };
        tiny.objects.set(key, kept);
        all.set(key, [kept, ...(all.get(key) ?? [])]);
        return kept.info;
      }
      return done;
    },
  });
  function at(key: string, version: string): TinyObject {
    const found = all.get(key)?.find(({ info }) => info.version === version);
    if (found === undefined) throw new StorageError('not-found', 'there is no such version.');
    return found;
  }
  const bare: StorageProvider = {
    ...tiny,
    async get(key, options) {
      if (options.version === undefined) return tiny.get(key, options);
      const { info, bytes } = at(key, options.version);
      return storedObject(info, { bytes: () => bytes });
    },
    stat: async (key, options) =>
      options.version === undefined ? tiny.stat(key, options) : at(key, options.version).info,
    delete: async (key, options) =>
      options.version === undefined ? tiny.delete(key, options) : { existed: true },
    versions: {
      async *list(key) {
        const infos = (all.get(key) ?? []).map(({ info }) => info);
        if (infos.length > 0) yield infos;
      },
      restore: (key, version) => tiny.put(key, toBody(at(key, version).bytes), {}),
    },
  };
  return { tiny, bare, failing };
}

function open(options: CompanionOptions = {}) {
  const below = versioned();
  const provider = withCompanion(below.bare, { versions: true, ...options });
  const history = async (key: string) =>
    (await drain(provider.versions?.list(key, {}))).flat().map(({ tags }) => tags?.[0]);
  return { ...below, provider, history };
}

const put = (provider: StorageProvider, content: string, tag?: string) =>
  provider.put('a', toBody(content), tag === undefined ? {} : { tags: [tag] });

describe('withCompanion over versions', () => {
  test('remembers what was said of each, and what comes back with one', async () => {
    const { provider, history } = open();
    expect(provider.capabilities.versions).toBe(true);
    const first = await put(provider, '1', 'one');
    await put(provider, '2', 'two');
    await put(provider, '3');
    await provider.setMetadata?.('a', { tags: ['three'] }, {});
    expect(await history('a')).toEqual(['three', 'two', 'one']);
    const version = first.version ?? '';
    const old = await provider.get('a', { version });
    expect([await old.text(), old.info.tags]).toEqual(['1', ['one']]);
    expect((await provider.versions?.restore('a', version, {}))?.tags).toEqual(['one']);
    expect((await provider.stat('a', {})).tags).toEqual(['one']);
    expect(await history('a')).toEqual(['one', 'three', 'two', 'one']);
    await provider.delete('a', { version });
    expect((await provider.stat('a', {})).tags).toEqual(['one']);
  });

  test('asks the last version of a companion that went with its object', async () => {
    const { provider, history } = open();
    const first = await put(provider, '1', 'one');
    await put(provider, '22', 'two');
    await provider.delete('a', {});
    expect(await history('a')).toEqual(['two', 'one']);
    await provider.versions?.restore('a', first.version ?? '', {});
    expect((await provider.stat('a', {})).tags).toEqual(['one']);
  });

  test('lets go of what it has read when a companion cannot be asked', async () => {
    const { provider, failing } = open();
    const { version = '' } = await put(provider, '1', 'one');
    failing.add('get a.meta.json');
    await expect(provider.get('a', { version })).rejects.toMatchObject({ code: 'unavailable' });
    await expect(provider.stat('a', { version })).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('has what is said go with a move, and nothing to say of what had no companion', async () => {
    const { provider, bare } = open();
    const plain = await put(provider, '1');
    expect((await provider.stat('a', { version: plain.version ?? '' })).tags).toBeUndefined();
    await put(provider, '2', 'two');
    const there = await provider.stat('a', {});
    await put(provider, '3', 'three');
    await provider.move?.('a', 'b', {});
    const text = await (await bare.get('b.meta.json', {})).text();
    expect(JSON.parse(text).history).toMatchObject([{ version: there.version, tags: ['two'] }]);
  });

  test('drops what it cannot keep: versions, where they are not asked for', () => {
    const provider = withCompanion(versioned().bare);
    expect(provider.capabilities.versions).toBeUndefined();
    expect(provider.versions).toBeUndefined();
  });

  test('is what a backend can ask for', async () => {
    const { bare } = versioned();
    const create = defineBackend({
      name: 'tiny',
      companion: { versions: true },
      provider: () => bare,
    });
    const storage = create();
    await storage.put('a', '1', { tags: ['one'] });
    const { version = '' } = await storage.stat('a');
    await storage.put('a', '2');
    expect((await storage.stat('a', { version })).tags).toEqual(['one']);
  });
});

describe('withCompanion that can tell a body before it is written', () => {
  const hashed: CompanionOptions = {
    fingerprintOf: (content) => `length ${content.length}`,
    fingerprintsOf: ({ checksums }) => Object.values(checksums ?? {}),
  };
  const writes = (tiny: TinyProvider) => tiny.calls.filter((call) => call.startsWith('put'));

  test('writes the companion once, before the body', async () => {
    const { provider, tiny } = open(hashed);
    await put(provider, 'x', 'one');
    expect(writes(tiny)).toEqual(['put a.meta.json', 'put a']);
    await put(provider, 'xx', 'two');
    expect(writes(tiny)).toHaveLength(4);
    expect((await provider.stat('a', {})).tags).toEqual(['two']);
  });

  test.each(['x', 'yy'])(
    'has the old object or the new one when the write of %s is cut off',
    async (content) => {
      const { provider, failing } = open(hashed);
      await put(provider, 'x', 'old');
      failing.add('put a');
      await expect(put(provider, content, 'new')).rejects.toThrow('cut off.');
      const found = await provider.get('a', {});
      expect([await found.text(), found.info.tags]).toEqual(['x', ['old']]);
      failing.clear();
      await put(provider, content, 'new');
      const after = await provider.get('a', {});
      expect([await after.text(), after.info.tags]).toEqual([content, ['new']]);
    },
  );

  test('notes down what it could not tell', async () => {
    const { provider, tiny } = open({ ...hashed, fingerprintOf: () => 'another' });
    await put(provider, 'x', 'one');
    expect(writes(tiny)).toEqual(['put a.meta.json', 'put a', 'put a.meta.json']);
    expect((await provider.stat('a', {})).tags).toEqual(['one']);
  });

  test('changes nothing when the source of a body fails, or the caller gives up', async () => {
    const { provider, tiny } = open(hashed);
    const failed = await provider
      .put('a', toBody(new ReadableStream({ pull: () => Promise.reject(new Error('torn')) })), {
        tags: ['t'],
      })
      .catch((error: unknown) => error);
    expect(isStorageError(failed) && failed.outcome).toBe('not-applied');
    const stop = new AbortController();
    let isCanceled = false;
    const endless = new ReadableStream<Uint8Array>(
      {
        pull: () => stop.abort(),
        cancel() {
          isCanceled = true;
        },
      },
      { highWaterMark: 0 },
    );
    const aborted = provider.put('a', toBody(endless), { tags: ['t'], signal: stop.signal });
    await expect(aborted).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => isCanceled).toBe(true);
    expect(tiny.objects.size).toBe(0);
  });

  test('looks for object and companion at once where that is possible', async () => {
    const below = versioned();
    const looks: string[] = [];
    const provider = withCompanion(below.bare, {
      ...hashed,
      async look(name, companion) {
        looks.push(`${name} ${companion}`);
        const info = below.tiny.objects.get(name)?.info;
        const text = below.tiny.objects.get(companion)?.bytes;
        return { ...(info && { info }), ...(text && { text: new TextDecoder().decode(text) }) };
      },
    });
    await put(provider, 'x', 'one');
    await put(provider, 'yy', 'two');
    expect(looks).toEqual(['a a.meta.json', 'a a.meta.json']);
    expect(below.tiny.calls.every((call) => call.startsWith('put'))).toBe(true);
    expect((await provider.stat('a', {})).tags).toEqual(['two']);
  });
});
