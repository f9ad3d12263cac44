import { createStorage, type StorageEngine } from '@granary/storage-core';
import {
  type Capabilities,
  guardProvider,
  type Health,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import {
  type Candidate,
  type FallbackSettings,
  fallbackProvider,
  type StorageWarning,
} from './fallback-provider.ts';

interface Place {
  readonly candidate: Candidate;
  /** The names of the calls that reached it, in order. */
  readonly calls: string[];
}

interface PlaceSettings {
  readonly open?: () => Promise<Partial<Capabilities> | undefined>;
  readonly health?: () => Promise<Health>;
  readonly capabilities?: Capabilities;
  readonly isForeign?: boolean;
}

/** A memory store under another name, with an `open` and a health of its own. */
function place(name: string, settings: PlaceSettings = {}): Place {
  const calls: string[] = [];
  const make = (): StorageProvider => {
    const memory = createMemory.provider();
    calls.push('make');
    return guardProvider({
      specVersion: 1,
      name,
      capabilities: {
        rangeReads: true,
        durable: true,
        ...(settings.health && { health: true }),
        ...settings.capabilities,
      },
      ...(settings.health && { health: settings.health }),
      async open() {
        calls.push('open');
        return settings.open?.();
      },
      get: (key, options) => memory.get(key, options),
      put: (key, body, options) => memory.put(key, body, options),
      stat: (key, options) => memory.stat(key, options),
      delete: (key, options) => memory.delete(key, options),
      list: (options) => memory.list(options),
      ...(settings.capabilities?.copy && { copy: memory.copy }),
      async close() {
        calls.push('close');
      },
    });
  };
  const own = settings.isForeign === true ? make() : undefined;
  return {
    calls,
    candidate: { name, make: () => own ?? make(), isForeign: own !== undefined },
  };
}

const down = async (): Promise<never> => {
  throw new StorageError('unavailable', 'nobody answers.');
};

const missing: Candidate = {
  name: 'cloud',
  isForeign: false,
  make() {
    throw new StorageError('invalid-config', 'the backend "cloud" is not installed.');
  },
};

function storageOf(
  candidates: readonly Candidate[],
  settings: Partial<FallbackSettings> = {},
): {
  readonly storage: StorageEngine;
  readonly warnings: StorageWarning[];
  readonly chosen: ReturnType<typeof fallbackProvider>['chosen'];
} {
  const warnings: StorageWarning[] = [];
  const { provider, chosen } = fallbackProvider({
    candidates,
    requireDurable: false,
    isFirstAskedFor: true,
    onWarning: (warning) => warnings.push(warning),
    ...settings,
  });
  return { storage: createStorage(provider), warnings, chosen };
}

describe('fallbackProvider', () => {
  test('uses the first one when it opens, and does not open the others', async () => {
    const [first, second] = [place('one'), place('two')];
    const { storage, warnings, chosen } = storageOf([first.candidate, second.candidate]);
    expect(chosen()).toBeUndefined();
    await storage.save('a', 1);
    expect(await storage.load('a')).toBe(1);
    expect(chosen()).toEqual({ provider: 'one', failed: [] });
    expect(second.calls).toEqual(['make']);
    expect(warnings).toEqual([]);
  });

  test('goes on to the next one when one does not open, and warns', async () => {
    const [first, second] = [place('one', { open: down }), place('two')];
    const { storage, warnings, chosen } = storageOf([first.candidate, second.candidate]);
    await storage.save('a', 1);
    expect(chosen()?.provider).toBe('two');
    expect(first.calls).toEqual(['make', 'open', 'close']);
    expect(warnings).toMatchObject([
      { code: 'fell-back', chosen: 'two', failed: [{ name: 'one' }] },
    ]);
    expect(warnings[0]?.message).toBe('Storage fell back to "two". one: one open: nobody answers.');
  });

  test('passes over what cannot be had here', async () => {
    const second = place('two');
    const { storage, warnings } = storageOf([missing, second.candidate]);
    await storage.save('a', 1);
    expect(warnings[0]?.failed[0]?.error.message).toContain('"cloud" is not installed');
  });

  test('passes over one that says that it is not well', async () => {
    const sick = place('sick', { health: async () => ({ ok: false, latencyMs: 3 }) });
    const ill = place('ill', {
      health: async () => ({ ok: false, latencyMs: 3, error: new Error('the disk is read-only') }),
    });
    const well = place('well', { health: async () => ({ ok: true, latencyMs: 3 }) });
    const { storage, chosen } = storageOf([sick.candidate, ill.candidate, well.candidate]);
    await storage.ready();
    expect(chosen()?.provider).toBe('well');
    expect(chosen()?.failed.map(({ error }) => error.message)).toEqual([
      expect.stringContaining('it is not well'),
      expect.stringContaining('the disk is read-only'),
    ]);
  });

  test('warns that memory does not last, unless it was asked for first', async () => {
    const notDurable = { capabilities: { durable: false } };
    const fallen = storageOf([
      place('one', { open: down }).candidate,
      place('ram', notDurable).candidate,
    ]);
    await fallen.storage.ready();
    expect(fallen.warnings.map(({ code }) => code)).toEqual(['fell-back', 'not-durable']);
    expect(fallen.storage.getInfo().durable).toBe(false);

    const asked = storageOf([place('ram', notDurable).candidate]);
    await asked.storage.ready();
    expect(asked.warnings).toEqual([]);

    const unasked = storageOf([place('ram', notDurable).candidate], { isFirstAskedFor: false });
    await unasked.storage.ready();
    expect(unasked.warnings.map(({ code }) => code)).toEqual(['not-durable']);
  });

  test('with requireDurable fails rather than use memory', async () => {
    const { storage, warnings } = storageOf(
      [
        place('one', { open: down }).candidate,
        place('ram', { capabilities: { durable: false } }).candidate,
      ],
      { requireDurable: true },
    );
    await expect(storage.save('a', 1)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(
        /none of one, ram can be used.*nobody answers.*"ram" is not durable/,
      ),
    });
    expect(warnings).toEqual([]);
  });

  test('fails with what each place says and what to do about it, once', async () => {
    const full = async (): Promise<never> => {
      const usage = { usedBytes: 9, totalBytes: 10 };
      throw new StorageError('quota-exceeded', 'it is full.', { usage, hint: 'Delete something.' });
    };
    const { storage } = storageOf([
      place('one', { open: down }).candidate,
      place('two', { open: full }).candidate,
    ]);
    await expect(storage.ready()).rejects.toMatchObject({
      code: 'unavailable',
      usage: { usedBytes: 9, totalBytes: 10 },
      hint: 'What to do for two: Delete something.',
      message:
        'fallback open: none of one, two can be used. one: nobody answers. two: it is full. What to do for two: Delete something.',
    });
  });

  test('fails with a hint also when no place has one', async () => {
    const { storage } = storageOf([
      place('one', { open: down }).candidate,
      place('two', { open: down }).candidate,
    ]);
    await expect(storage.ready()).rejects.toMatchObject({
      hint: expect.stringContaining('`fallbacks`'),
    });
  });

  test('fails with the code that all failures share', async () => {
    const denied = async (): Promise<never> => {
      throw new StorageError('permission-denied', 'no.');
    };
    const { storage } = storageOf([
      place('one', { open: denied }).candidate,
      place('two', { open: denied }).candidate,
    ]);
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('tries all again after none opened', async () => {
    let isUp = false;
    const flaky = place('one', { open: () => (isUp ? Promise.resolve({}) : down()) });
    const { storage, chosen } = storageOf([missing, flaky.candidate]);
    await expect(storage.save('a', 1)).rejects.toMatchObject({ code: 'unavailable' });
    isUp = true;
    await storage.save('a', 1);
    expect(chosen()?.provider).toBe('one');
    expect(flaky.calls).toEqual(['make', 'open', 'close', 'make', 'open']);
  });

  test('fails at once where none can be had', () => {
    expect(() => storageOf([missing])).toThrow('the backend "cloud" is not installed.');
    expect(() => storageOf([missing, missing])).toThrow(/none of cloud, cloud can be used/);
  });

  test('lets other mistakes through', () => {
    const broken: Candidate = {
      name: 'x',
      isForeign: false,
      make() {
        throw new TypeError('not a function');
      },
    };
    expect(() => storageOf([broken])).toThrow(TypeError);
  });

  test('can do before opening what all can, and afterwards what the chosen one can', async () => {
    const [able, plain] = [
      place('able', { capabilities: { copy: true, maxKeyBytes: 900 } }),
      place('plain'),
    ];
    const { storage } = storageOf([able.candidate, plain.candidate]);
    expect(storage.getCapabilities()).toMatchObject({ rangeReads: true });
    expect(storage.getCapabilities().copy).toBeUndefined();
    await storage.save('a', 1);
    await storage.copy('a', 'b');
    expect(storage.getCapabilities()).toMatchObject({ copy: true, maxKeyBytes: 900 });
    expect(await storage.load('b')).toBe(1);
  });

  test('does not try the next one when the caller gives up', async () => {
    const giveUp = new AbortController();
    const first = place('one', {
      open: async () => {
        giveUp.abort(new Error('enough'));
        throw giveUp.signal.reason;
      },
    });
    const second = place('two');
    const { provider } = fallbackProvider({
      candidates: [first.candidate, second.candidate],
      requireDurable: false,
      isFirstAskedFor: true,
      onWarning: () => {},
    });
    await expect(provider.open?.({ signal: giveUp.signal })).rejects.toBeDefined();
    expect(second.calls).toEqual(['make']);
  });

  test('closes what it made, and a storage that was passed only with itself', async () => {
    const foreign = place('foreign', { isForeign: true, open: down });
    const own = place('own');
    const { storage } = storageOf([foreign.candidate, own.candidate]);
    await storage.save('a', 1);
    expect(foreign.calls).toEqual(['make', 'open']);
    await storage.close();
    expect(foreign.calls.at(-1)).toBe('close');
    expect(own.calls.at(-1)).toBe('close');
    await expect(storage.load('a')).rejects.toMatchObject({ code: 'closed' });
  });

  test('does not hide the data of a place that cannot be opened now', async () => {
    let holdsData = true;
    const first = place('one', { open: down });
    const candidate = { ...first.candidate, holdsData: async () => holdsData };
    const { storage } = storageOf([candidate, place('two').candidate]);
    await expect(storage.ready()).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringMatching(/"one" holds data of this application.*nobody answers/),
    });
    holdsData = false;
    await storage.ready();
  });

  test('tells of such a place all that it says, under its own name', async () => {
    const usage = { usedBytes: 9, totalBytes: 10 };
    const full = async (): Promise<never> => {
      throw new StorageError('quota-exceeded', 'it is full.', {
        ...{ usage, outcome: 'not-applied', hint: 'Delete something.', retryAfterMs: 5 },
      });
    };
    const candidate = { ...place('one', { open: full }).candidate, holdsData: async () => true };
    const { storage } = storageOf([candidate, place('two').candidate]);
    await expect(storage.ready()).rejects.toMatchObject({
      ...{ code: 'quota-exceeded', provider: 'one', operation: 'open', usage, retryAfterMs: 5 },
      ...{ outcome: 'not-applied', hint: 'Delete something.' },
      message:
        'one open: "one" holds data of this application and cannot be opened, and another place would hide that: it is full. Delete something.',
    });
  });

  test('tells what to do where such a place does not', async () => {
    const candidate = { ...place('one', { open: down }).candidate, holdsData: async () => true };
    const { storage } = storageOf([candidate, place('two').candidate]);
    await expect(storage.save('a', 1)).rejects.toMatchObject({
      ...{ provider: 'one', outcome: 'not-applied', retryable: true },
      hint: expect.stringContaining('Try again'),
    });
  });

  test('does not go on where the options of a place that is here are wrong', () => {
    expect(() => storageOf([{ ...missing, isHere: true }, place('two').candidate])).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  const left = [{ key: 'b', error: new StorageError('conflict', 'another item is there.') }];
  test.each([
    ['nothing', undefined, []],
    ['all', { from: 'low', items: 2, left: [] }, ['moved-up']],
    ['a part', { from: 'low', items: 1, left }, ['moved-up', 'not-moved']],
    ['none', { from: 'low', items: 0, left }, ['not-moved']],
  ])('says that %s of what lay elsewhere was moved', async (_what, moved, codes) => {
    const { storage, warnings, chosen } = storageOf([place('one').candidate], {
      moveUp: async (to) => {
        expect(to.name).toBe('one');
        return moved;
      },
    });
    await storage.ready();
    expect(warnings.map(({ code }) => code)).toEqual(codes);
    expect(chosen()?.moved).toEqual(moved);
  });

  test('opens when nothing can be moved, and warns', async () => {
    const { storage, warnings } = storageOf([place('one').candidate], { moveUp: down });
    await storage.save('a', 1);
    expect(warnings).toMatchObject([
      { code: 'not-moved', chosen: 'one', message: expect.stringContaining('nobody answers') },
    ]);
  });

  test('refuses to work before it is open', () => {
    const { provider } = fallbackProvider({
      candidates: [place('one').candidate],
      requireDurable: false,
      isFirstAskedFor: true,
      onWarning: () => {},
    });
    expect(() => provider.get('a', {})).toThrow('no storage has been chosen yet.');
  });

  test('has one name for many until one is chosen', () => {
    const [one, two] = [place('one').candidate, place('two').candidate];
    expect(storageOf([one, two]).storage.getInfo().provider).toBe('fallback');
    expect(storageOf([one]).storage.getInfo().provider).toBe('one');
  });
});
