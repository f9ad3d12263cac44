import {
  ContainerClient,
  ContainerSASPermissions,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { describe, expect, inject, test } from 'vitest';
import { type AzureOptions, createAzure } from '../src/index.ts';
import { newContainer } from './new-container.ts';

function signature(container: string, permissions: string): string {
  const { accountName, accountKey } = inject('azure');
  return generateBlobSASQueryParameters(
    {
      containerName: container,
      permissions: ContainerSASPermissions.parse(permissions),
      expiresOn: new Date(Date.now() + 3_600_000),
    },
    new StorageSharedKeyCredential(accountName, accountKey),
  ).toString();
}

/** The ways to say who asks, for one container. */
const WAYS: Readonly<Record<string, (container: string) => AzureOptions>> = {
  'the name and the key of the account': (container) => {
    const { endpoint, accountName, accountKey } = inject('azure');
    return { container, endpoint, accountName, accountKey };
  },
  'a connection string': (container) => ({
    container,
    connectionString: inject('azure').connectionString,
  }),
  'a connection string with a signature': (container) => ({
    container,
    connectionString: `BlobEndpoint=${inject('azure').endpoint};SharedAccessSignature=${signature(container, 'racwdlt')}`,
  }),
  'a signature': (container) => ({
    container,
    endpoint: inject('azure').endpoint,
    sas: `?${signature(container, 'racwdlt')}`,
  }),
  'a client': (container) => ({
    client: new ContainerClient(inject('azure').connectionString, container),
  }),
};

describe.each(Object.entries(WAYS))('with %s', (_way, optionsOf) => {
  test('everything works', async () => {
    const { options, remove } = await newContainer();
    const storage = createAzure({ ...optionsOf(options.container ?? ''), retry: false });
    try {
      await storage.save('notes/today', { text: 'Buy bread' }, { tags: ['todo'] });
      expect(await storage.load('notes/today')).toEqual({ text: 'Buy bread' });
      await storage.copy('notes/today', 'notes/copy', { attributes: { cacheControl: 'no-store' } });
      const info = await storage.stat('notes/copy');
      expect(info).toMatchObject({ tags: ['todo'], cacheControl: 'no-store' });
      await storage.setMetadata('notes/copy', { contentType: 'text/x-note', metadata: { n: 1 } });
      expect(await storage.stat('notes/copy')).toMatchObject({
        contentType: 'text/x-note',
        metadata: { n: 1 },
      });
      await storage.put('large', new Blob(['large']).stream());
      expect(await (await storage.get('large')).text()).toBe('large');
      const results = await storage.deleteMany(['notes/today', 'notes/copy', 'missing', 'large']);
      expect(results.map(({ ok }) => ok)).toEqual([true, true, true, true]);
      expect(await storage.list()).toEqual([]);
      expect(await storage.health()).toMatchObject({ ok: true });
    } finally {
      await storage.close();
      await remove();
    }
  });
});

describe('what an account refuses', () => {
  test('is told by health and by code', async () => {
    const { options, remove } = await newContainer();
    const missing = createAzure({ ...options, container: 'no-such-container', retry: false });
    expect((await missing.health()).error).toMatchObject({ code: 'store-not-found' });
    const { endpoint, container = '' } = options as Required<AzureOptions>;
    const reader = createAzure({
      container,
      endpoint,
      sas: signature(container, 'r'),
      retry: false,
    });
    await expect(reader.put('a', 'content')).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('Storage Blob Data Contributor'),
    });
    expect(reader.getCapabilities().presign).toBe(false);
    await remove();
  });

  test('is told for each object of a batch', async () => {
    const { options, remove } = await newContainer();
    const { endpoint, container = '' } = options as Required<AzureOptions>;
    const sas = signature(container, 'rw');
    const writer = createAzure({ container, endpoint, sas, retry: false });
    await writer.put('a', 'content');
    const [result] = await writer.deleteMany(['a']);
    expect(result).toMatchObject({ key: 'a', ok: false, error: { code: 'permission-denied' } });
    await remove();
  });
});
