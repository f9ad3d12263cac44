import { StorageError } from '@granary/storage-core';
import { defineBackend } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { type EntrySettings, type LooseConfig, storageCreator } from './create-storage.ts';
import type { PlatformGlobals } from './detect-platform.ts';
import type { StorageWarning } from './fallback-provider.ts';

const NODE: PlatformGlobals = { process: { versions: { node: '24.1.0' } } };
const PAGE: PlatformGlobals = { document: {} };

/** What the folder backend was made with, so that a test can look. */
interface Seen {
  readonly options: Readonly<Record<string, unknown>>;
  readonly appName: string;
}

function creator(globals: PlatformGlobals, seen: Seen[] = []): ReturnType<typeof storageCreator> {
  const settings: EntrySettings = {
    globals,
    backends: {
      memory: { needsFileSystem: false, provider: (options) => createMemory.provider(options) },
      fs: {
        needsFileSystem: true,
        provider: (options, { appName }) => {
          seen.push({ options, appName });
          const { open: _open, ...memory } = createMemory.provider(options);
          return { ...memory, name: 'fs', capabilities: { ...memory.capabilities, durable: true } };
        },
      },
    },
    automatic: ({ hasFileSystem, runtime }) => ({
      places: [hasFileSystem ? 'fs' : 'memory'],
      reason: `This is ${runtime}.`,
    }),
    automaticOptions: ['durability'],
  };
  return storageCreator(settings);
}

function failure(call: () => unknown): StorageError {
  try {
    call();
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('It did not fail.');
}

describe('createStorage without a type', () => {
  test.each<LooseConfig | undefined>([undefined, {}, { platform: 'auto' }, { engine: undefined }])(
    'takes the best of the platform for %j',
    async (config) => {
      const storage = creator(NODE)(config);
      await storage.save('a', 1);
      expect(storage.getInfo()).toMatchObject({ provider: 'fs', reason: 'This is node.' });
    },
  );

  test('warns that memory does not last where there is nothing else', async () => {
    const warnings: StorageWarning[] = [];
    const storage = creator(PAGE)({ onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([]);
    await storage.save('a', 1);
    expect(warnings).toMatchObject([{ code: 'not-durable', chosen: 'memory', failed: [] }]);
    expect(storage.getInfo()).toMatchObject({
      provider: 'memory',
      durable: false,
      reason: 'This is browser.',
    });
  });

  test('with requireDurable fails where there is only memory', async () => {
    const storage = creator(PAGE)({ requireDurable: true });
    await expect(storage.save('a', 1)).rejects.toMatchObject({ code: 'invalid-config' });
  });

  test('names the folder after the application', () => {
    const seen: Seen[] = [];
    creator(NODE, seen)({ appName: 'atlas' });
    creator(NODE, seen)();
    expect(seen.map(({ appName }) => appName)).toEqual(['atlas', 'granary']);
  });
});

describe('createStorage with a type', () => {
  test.each(['fs', 'filesystem', 'local'])('takes %s for the file system', async (type) => {
    const seen: Seen[] = [];
    const storage = creator(
      NODE,
      seen,
    )({ type, baseDir: './data', appName: 'atlas', onWarning() {} });
    expect(seen).toEqual([{ options: { baseDir: './data' }, appName: 'atlas' }]);
    await storage.save('a', 1);
    expect(storage.getInfo()).toMatchObject({
      provider: 'fs',
      reason: 'It was asked for by type.',
    });
  });

  test('says nothing when memory was asked for', async () => {
    const warnings: StorageWarning[] = [];
    const storage = creator(PAGE)({ type: 'memory', onWarning: (one) => warnings.push(one) });
    await storage.save('a', 1);
    expect(warnings).toEqual([]);
  });

  test('fails with the line to type for a backend that is not installed', () => {
    expect(failure(() => creator(NODE)({ type: 's3' }))).toMatchObject({
      code: 'invalid-config',
      operation: 'createStorage',
      hint: expect.stringContaining('npm install @granary/storage-s3'),
    });
  });

  test('fails for a backend that nobody knows', () => {
    expect(failure(() => creator(NODE)({ type: 'floppy' })).message).toContain(
      'there is no backend "floppy".',
    );
  });

  test('fails where the platform has no file system', () => {
    const error = failure(() => creator(PAGE)({ type: 'filesystem' }));
    expect(error.code).toBe('invalid-config');
    expect(error.message).toContain(
      '"filesystem" needs a file system, and there is none here (browser).',
    );
    expect(error.hint).toContain('@granary/storage/desktop');
  });
});

describe('createStorage with a chain', () => {
  test('passes over what is not installed and says so', async () => {
    const warnings: StorageWarning[] = [];
    const storage = creator(NODE)({
      primary: 'cloud',
      fallbacks: ['filesystem', 'memory'],
      onWarning: (warning) => warnings.push(warning),
    });
    expect(storage.getInfo().provider).toBe('fallback');
    await storage.save('a', 1);
    expect(storage.getInfo().provider).toBe('fs');
    expect(storage.getInfo().reason).toMatch(/^"cloud" .*not installed.*npm install/);
    expect(warnings.map(({ code }) => code)).toEqual(['fell-back']);
  });

  test('tells the choice through views too', async () => {
    const storage = creator(NODE)({ primary: 'cloud', fallbacks: ['memory'] });
    if (!('at' in storage)) throw new Error('It is no engine.');
    const view = (storage as ReturnType<typeof createMemory>).at('a');
    await view.save('b', 1);
    expect(view.getInfo()).toMatchObject({ provider: 'memory', prefix: 'a' });
    expect(view.readOnly().getInfo().reason).toMatch(/"cloud"/);
  });

  test('passes over the file system where there is none', async () => {
    const storage = creator(PAGE)({ primary: 'filesystem', fallbacks: ['memory'] });
    await storage.save('a', 1);
    expect(storage.getInfo().reason).toContain('needs a file system');
  });

  test('takes storages and names with options among the names', async () => {
    const seen: Seen[] = [];
    const own = createMemory();
    const storage = creator(
      NODE,
      seen,
    )({
      primary: own,
      fallbacks: [{ type: 'filesystem', baseDir: './data', appName: 'atlas' }],
      appName: 'other',
    });
    await storage.save('a', 1);
    expect(await own.load('a')).toBe(1);
    expect(seen).toEqual([{ options: { baseDir: './data' }, appName: 'atlas' }]);
    expect(storage.getInfo()).toMatchObject({
      provider: 'memory',
      reason: 'It is the primary one.',
    });
  });

  test('puts the retry policy around what it makes, where an entry has none of its own', () => {
    const seen: Seen[] = [];
    const retryPolicy = { attempts: 3, backoff: 'exponential' } as const;
    creator(
      NODE,
      seen,
    )({
      primary: 'filesystem',
      fallbacks: [{ type: 'fs', retry: false }],
      retryPolicy,
    });
    expect(seen.map(({ options }) => options)).toEqual([{ retry: retryPolicy }, { retry: false }]);
  });

  test('tries a place again as the policy says before it moves on', async () => {
    let opened = 0;
    const flaky = defineBackend({
      name: 'memory',
      provider: (options: object) => ({
        ...createMemory.provider(options),
        async open() {
          opened += 1;
          if (opened < 3) throw new StorageError('unavailable', 'not yet.');
          return {};
        },
      }),
    });
    const create = storageCreator({
      globals: PAGE,
      backends: { memory: { needsFileSystem: false, provider: flaky.provider } },
      automatic: () => ({ places: ['memory'], reason: '' }),
      automaticOptions: [],
    });
    const storage = create({
      primary: 'memory',
      fallbacks: [createMemory()],
      retryPolicy: { attempts: 3, backoff: 'none' },
    });
    await storage.save('a', 1);
    expect(opened).toBe(3);
    expect(storage.getInfo().reason).toBe('It is the primary one.');
  });

  test.each([
    [
      'a misspelled name',
      { primary: 'clod', fallbacks: ['memory'] },
      'there is no backend "clod".',
    ],
    ['a number', { primary: 3 }, '3 is no storage.'],
    ['an object that is no storage', { primary: { a: 1 } }, 'hold something that is no storage.'],
    ['fallbacks that are no list', { primary: 'memory', fallbacks: 'memory' }, 'is not a list.'],
  ])('refuses %s at once', (_name, config, message) => {
    const error = failure(() => creator(NODE)(config));
    expect(error.code).toBe('invalid-config');
    expect(error.message).toContain(message);
  });
});

describe('createStorage with an engine', () => {
  test('gives it back as it is', () => {
    const engine = createMemory();
    expect(creator(NODE)({ engine })).toBe(engine);
  });
});

describe('createStorage', () => {
  test.each([
    [{ type: 'memory', primary: 'memory' }, 'type and primary cannot be given together.'],
    [{ type: 'memory', platform: 'auto' }, 'platform and type cannot be given together.'],
    [{ platform: 'windows' }, 'there is no platform "windows".'],
    [{ fallbacks: ['memory'] }, 'fallbacks and retryPolicy go with primary.'],
    [{ retryPolicy: { attempts: 3 } }, 'fallbacks and retryPolicy go with primary.'],
    [{ dbName: 'mine' }, 'the automatic choice takes no option "dbName".'],
    [{ platform: 'auto', baseDir: '.' }, 'takes no option "baseDir".'],
    [{ durablity: 'strict' }, 'Did you mean "durability"?'],
    [{ primary: 'memory', largeObjects: false }, 'a chain of storages takes no option'],
  ])('refuses %j', (config, message) => {
    const error = failure(() => creator(NODE)(config));
    expect(error.code).toBe('invalid-config');
    expect(error.message).toContain(message);
  });

  test('hands engine options on', async () => {
    const storage = creator(NODE)({ type: 'memory' }, { now: () => Date.parse('2026-01-01') });
    await storage.save('a', 1, { expiration: new Date('2025-12-31') });
    expect(await storage.exists('a')).toBe(false);
  });
});
