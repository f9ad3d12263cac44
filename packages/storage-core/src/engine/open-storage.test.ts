import { describe, expect, test } from 'vitest';
import { mapProvider } from '../../test/map-provider.ts';
import type { ConfigSource } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { defineBackend } from '../provider/define-backend.ts';
import { type OpenableBackend, openStorage } from './open-storage.ts';

function backend(name: string, more: object = {}) {
  const sources: ConfigSource[] = [];
  const create = defineBackend<{ readonly root: string }>({
    name,
    provider: ({ root }): StorageProvider => ({ ...mapProvider(), storeId: root }),
    fromConfig: (source) => {
      sources.push(source);
      return { root: 'url' in source ? source.url.path : '' };
    },
    ...more,
  });
  return { create, sources };
}

describe('openStorage', () => {
  test('makes a storage with the backend of the scheme', async () => {
    const { create, sources } = backend('here');
    const storage = openStorage<{ a: number }>('here:///data?x=1', {
      backends: [backend('other').create, create],
      engine: { choice: () => ({ reason: 'by URL' }) },
    });
    expect(storage.getInfo()).toMatchObject({ storeId: '/data', reason: 'by URL', state: 'new' });
    expect(sources).toMatchObject([{ url: { scheme: 'here', query: { x: '1' } } }]);
    await storage.save('a', 1);
    expect(await storage.load('a')).toBe(1);
  });

  test('knows backends by their aliases and schemes too', () => {
    const { create } = backend('fs', { aliases: ['filesystem'], schemes: ['file'] });
    for (const url of ['fs:./data', 'FILE:./data', 'filesystem:./data']) {
      expect(openStorage(url, { backends: [create] }).getInfo().storeId).toBe('./data');
    }
  });

  test.each([
    ['s3://bucket', 'npm install @granary/storage-s3'],
    ['file:./data', 'npm install @granary/storage-fs'],
    ['gs://bucket', 'npm install @granary/storage-gcs'],
    ['https://example.com', 'npm install @granary/storage-cloud'],
    ['acme://x', 'Install a backend'],
    ['constructor:x', 'Install a backend'],
  ])('says for %s what to install', (url, hint) => {
    expect(() => openStorage(url, { backends: [] })).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(url.split(':')[0] ?? ''),
        hint: expect.stringContaining(hint),
      }),
    );
  });

  test('names the backends that were passed, and shows no secret', () => {
    const { create } = backend('here', { schemes: ['h'] });
    const open = () => openStorage('s3://user:hunter2@bucket', { backends: [create] });
    expect(open).toThrow(/Passed are: here, h/);
    expect(open).not.toThrow(/hunter2/);
  });

  test('refuses what is no URL', () => {
    expect(() => openStorage('no url', { backends: [] })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('refuses a backend that takes no URL', () => {
    const bare: OpenableBackend = { backend: { name: 'bare' }, provider: () => mapProvider() };
    expect(() => openStorage('bare:x', { backends: [bare] })).toThrow(
      expect.objectContaining({ code: 'invalid-config', hint: expect.stringContaining('factory') }),
    );
  });
});
