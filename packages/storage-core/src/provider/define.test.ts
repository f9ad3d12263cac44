import { describe, expect, test, vi } from 'vitest';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { StorageEngine } from '../contract/engine.ts';
import type { BackendFactory, LayerFactory } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { defineBackend } from './define-backend.ts';
import { defineLayer } from './define-layer.ts';
import { guardProvider } from './guard-provider.ts';
import { layersOf } from './layers-of.ts';
import { PROVIDER, providerOf } from './provider-of.ts';
import { stateOf } from './state-of.ts';
import { withPrefix } from './with-prefix.ts';

interface TinyOptions {
  readonly bucket?: string;
}

/** A backend whose `stat` fails once. */
function shaky(remote: boolean) {
  const seen: unknown[] = [];
  const createTiny: BackendFactory<TinyOptions> = defineBackend<TinyOptions>({
    name: 'tiny',
    aliases: ['small'],
    remote,
    provider(options) {
      seen.push(options);
      let failed = false;
      return tinyProvider({
        async intercept({ operation }, proceed) {
          if (operation === 'stat' && !failed) {
            failed = true;
            throw new StorageError('unavailable', 'x.');
          }
          return proceed();
        },
      });
    },
  });
  return { createTiny, seen };
}

describe('defineBackend', () => {
  test('makes a storage without I/O, and a provider', async () => {
    const { createTiny } = shaky(false);
    const storage = createTiny({ bucket: 'b' });
    await storage.save('a', { n: 1 });
    expect(await storage.load('a')).toEqual({ n: 1 });
    expect(createTiny.provider().name).toBe('tiny');
    expect(createTiny.backend).toEqual({ name: 'tiny', aliases: ['small'] });
  });

  test('is the part of the place below a prefix, and closes it', async () => {
    const close = vi.fn(async () => {});
    const createTiny = defineBackend<TinyOptions>({
      name: 'tiny',
      provider: () => ({ ...tinyProvider(), close }),
    });
    for (const prefix of ['photos/2026', '/photos/2026/']) {
      const storage = createTiny({ prefix });
      await storage.put('a', 'x');
      expect(storage.publicUrl('a')).toBe('https://tiny/photos/2026/a');
      expect((await storage.list()).map(({ key }) => key)).toEqual(['a']);
      expect([...(storage.native as Map<string, unknown>).keys()]).toEqual(['photos/2026/a']);
      expect(storage.getCapabilities().maxKeyBytes).toBe(1024 - 'photos/2026/'.length);
      await storage.close();
    }
    expect(close).toHaveBeenCalledTimes(2);
    expect(() => createTiny({ prefix: 'a//b' })).toThrow(
      expect.objectContaining({ code: 'invalid-key' }),
    );
    expect(createTiny({ prefix: '/' }).getCapabilities().maxKeyBytes).toBeUndefined();
  });

  test('puts the retry loop around a remote provider alone', async () => {
    const remote = shaky(true).createTiny.provider({ retry: { backoff: 'none' } });
    await expect(remote.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
    const local = shaky(false).createTiny.provider();
    await expect(local.stat('a', {})).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('leaves the loop out, or adds it, when told so', async () => {
    const off = shaky(true).createTiny.provider({ retry: false });
    await expect(off.stat('a', {})).rejects.toMatchObject({ code: 'unavailable' });
    const on = shaky(false).createTiny.provider({ retry: { backoff: 'none' } });
    await expect(on.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('keeps its own options from the author', () => {
    const { createTiny, seen } = shaky(true);
    createTiny({ bucket: 'b', retry: { attempts: 2 } });
    createTiny();
    expect(seen).toEqual([{ bucket: 'b' }, {}]);
  });

  test('keeps attributes in companions for a provider that cannot', async () => {
    const tiny = tinyProvider({ capabilities: { attributes: 'none' } });
    const createBare = defineBackend({ name: 'bare', companion: true, provider: () => tiny });
    const provider = createBare.provider();
    expect(provider.capabilities.attributes).toBe('companion');
    const before = provider.capabilities;
    await provider.put('a', toBody('x'), { metadata: { n: 1 } });
    expect(await provider.stat('a', {})).toMatchObject({ metadata: { n: 1 } });
    expect({ ...provider.capabilities }).toEqual({ ...before });
    expect([...tiny.objects.keys()].sort()).toEqual(['a', 'a.meta.json']);
  });

  test('keeps them where a function of the options says so', async () => {
    const createChosen = defineBackend<{ readonly bare?: boolean }>({
      name: 'chosen',
      companion: ({ bare = false }) => !bare,
      provider: () => tinyProvider({ capabilities: { attributes: 'none' } }),
    });
    expect(createChosen.provider().capabilities.attributes).toBe('companion');
    const bare = createChosen.provider({ bare: true });
    expect(bare.capabilities.attributes).toBe('none');
    await expect(bare.put('a', toBody('x'), { metadata: { n: 1 } })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('makes public URLs of names below, before the first operation and after it', async () => {
    const tiny = tinyProvider({ capabilities: { attributes: 'none', publicUrl: true } });
    const plain = defineBackend({ name: 'plain', provider: () => tiny }).provider();
    const companions = defineBackend({ name: 'x', companion: true, provider: () => tiny });
    const provider = companions.provider();
    const key = 'a.meta.json';
    const before = provider.publicUrl?.(key);
    expect(before).not.toBe(plain.publicUrl?.(key));
    expect(() => plain.publicUrl?.('a//b')).toThrow('not a key');
    await provider.open?.({});
    expect(provider.publicUrl?.(key)).toBe(before);
  });

  test('refuses options of the retry loop at once', () => {
    const { createTiny } = shaky(false);
    for (const retry of [{ attempts: 0 }, { idleTimeoutMs: -1 }, { backoff: 'loud' as 'none' }]) {
      expect(() => createTiny({ retry })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    }
  });

  test('tells what the provider declares, and its state, before anything was loaded', async () => {
    const provider = shaky(false).createTiny.provider();
    expect(Object.isFrozen(provider.capabilities)).toBe(true);
    const capabilities = { rangeReads: true };
    const own = defineBackend({
      name: 'own',
      provider: () => ({ ...tinyProvider(), capabilities }),
    }).provider();
    expect(own.capabilities).toEqual(capabilities);
    expect(Object.isFrozen(capabilities)).toBe(false);
    expect(provider.capabilities).toMatchObject({ rangeReads: true });
    expect(stateOf(provider)).toBe('new');
    expect(guardProvider(provider)).toBe(provider);
    const { put } = provider;
    await Promise.all([put('a', toBody('x'), {}), provider.copy?.('b', 'c', {}).catch(() => {})]);
    expect(stateOf(provider)).toBe('open');
    expect(provider.put).not.toBe(put);
    await put('a', toBody('y'), {});
    expect(await (await provider.get('a', {})).text()).toBe('y');
    await provider.close?.();
    expect(stateOf(provider)).toBe('closed');
    await expect(put('a', toBody('z'), {})).rejects.toMatchObject({ code: 'closed' });
  });
});

/** Another provider that does what the one below does. */
function around(below: StorageProvider): StorageProvider {
  return { ...tinyProvider(), capabilities: below.capabilities };
}

describe('defineLayer', () => {
  const layer = vi.fn((provider: StorageProvider, { prefix }: { readonly prefix: string }) =>
    withPrefix(provider, prefix),
  );
  const createScoped: LayerFactory<{ readonly prefix: string }> = defineLayer({
    name: 'scoped',
    layer,
  });

  test('makes a storage over a storage or a provider', async () => {
    const tiny = tinyProvider();
    const overProvider = createScoped({ underlying: tiny, prefix: 'a' });
    await overProvider.save('x', 1);
    const overStorage = createScoped({ underlying: overProvider, prefix: 'b' });
    await overStorage.save('y', 2);
    expect([...tiny.objects.keys()]).toEqual(['a/x', 'a/b/y']);
    expect(layer.mock.lastCall?.[1]).toEqual({ prefix: 'b' });
  });

  test('guards what the layer gets and what it makes', async () => {
    const provider = createScoped.provider(tinyProvider(), { prefix: 'a' });
    expect(guardProvider(provider)).toBe(provider);
    const below = layer.mock.lastCall?.[0] ?? expect.unreachable();
    expect(guardProvider(below)).toBe(below);
  });

  test('tells the layers of a provider, the innermost first', () => {
    const one = createScoped.provider(tinyProvider(), { prefix: 'a' });
    const two = createScoped.provider(one, { prefix: 'b' });
    expect(layersOf(two)).toEqual(['scoped', 'scoped']);
    expect(layersOf(tinyProvider())).toEqual([]);
    expect(layersOf(providerOf(createScoped({ underlying: one, prefix: 'c' }).at('d')))).toEqual([
      'scoped',
      'scoped',
    ]);
    const same = defineLayer({ name: 'same', layer: (provider: StorageProvider) => provider });
    expect(layersOf(same.provider(one, {}))).toEqual(['scoped']);
  });

  test('refuses a layer over one that it may not stand over, at any depth', () => {
    const createInner = defineLayer({ name: 'inner', layer: (below, _: object) => around(below) });
    const createOuter = defineLayer<{ readonly strict: boolean }>({
      name: 'outer',
      layer: (below) => around(below),
      notOver: ({ strict }) => (strict ? { inner: 'Put "inner" outermost.' } : {}),
    });
    const underlying = createInner({ underlying: tinyProvider() }).at('a').readOnly();
    expect(createOuter({ underlying, strict: false }).getInfo()).toBeDefined();
    expect(() => createOuter({ underlying, strict: true })).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining('the layer "outer" cannot stand over the layer "inner"'),
        hint: 'Put "inner" outermost.',
      }),
    );
  });
});

describe('providerOf', () => {
  test('finds the provider of a storage, of any copy of this package', () => {
    const tiny = tinyProvider();
    expect(providerOf(tiny)).toBe(tiny);
    const engine = { [PROVIDER]: tiny } as unknown as StorageEngine;
    expect(providerOf(engine)).toBe(tiny);
    expect(PROVIDER).toBe(Symbol.for('@granary/storage-core/provider'));
  });

  test.each([null, undefined, 7, {}, { specVersion: 1 }])('refuses %o', (source) => {
    expect(() => providerOf(source as never)).toThrow('neither a storage nor a provider');
  });

  test('refuses another major of the contract', () => {
    expect(() => providerOf({ ...tinyProvider(), specVersion: 2 } as never)).toThrow('version 2');
  });
});
