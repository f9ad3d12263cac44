import { afterEach, expect, test, vi } from 'vitest';
import { thisPlatform } from './opfs-platform.ts';
import { openRoot } from './opfs-root.ts';

const settings = {
  segments: ['a'],
  directory: undefined,
  handleId: undefined,
  mode: 'readwrite',
} as const;

afterEach(() => vi.unstubAllGlobals());

test('a page that is not secure has no locks, and is told what it needs', async () => {
  vi.stubGlobal('isSecureContext', false);
  vi.stubGlobal('navigator', { locks: {} });
  const platform = thisPlatform();
  expect(platform).toMatchObject({ getDirectory: undefined, locks: undefined });
  await expect(openRoot(settings, platform)).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('https'),
  });
});

test('a runtime without a navigator has nothing of it', () => {
  vi.stubGlobal('navigator', undefined);
  expect(thisPlatform()).toMatchObject({
    getDirectory: undefined,
    estimate: undefined,
    locks: undefined,
    hasSyncHandles: false,
    hasWritables: false,
  });
  expect(thisPlatform().now()).toBeLessThanOrEqual(Date.now());
});

test('what the browser has is called on its own object', async () => {
  const storage = {
    folder: { name: 'root' },
    getDirectory() {
      return Promise.resolve(this.folder);
    },
    estimate: () => Promise.resolve({ usage: 1 }),
  };
  class Handle {
    createWritable(): void {}
    createSyncAccessHandle(): void {}
  }
  vi.stubGlobal('navigator', { storage });
  vi.stubGlobal('FileSystemFileHandle', Handle);
  const { getDirectory, estimate, hasSyncHandles, hasWritables } = thisPlatform();
  expect(await getDirectory?.()).toEqual({ name: 'root' });
  expect(await estimate?.()).toEqual({ usage: 1 });
  expect([hasSyncHandles, hasWritables]).toEqual([true, true]);
});
