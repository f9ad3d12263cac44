import { ContainerClient } from '@azure/storage-blob';
import { toBody } from '@granary/storage-core/provider';
import { describe, expect, inject, test } from 'vitest';
import { type AzureOptions, createAzure } from '../src/index.ts';
import { newContainer } from './new-container.ts';

/** A provider over a new container, and the SDK's client for what lies below. */
async function opened(more: AzureOptions = {}) {
  const { options, remove } = await newContainer();
  const client = new ContainerClient(inject('azure').connectionString, options.container ?? '');
  return { provider: createAzure.provider({ ...options, ...more }), client, remove };
}

describe('what is the service’s own', () => {
  test('is taken by a put: tier and tags', async () => {
    const { provider, client, remove } = await opened();
    await provider.put('a', toBody('content'), {
      native: { tier: 'Cool' },
      objectTags: { project: 'x' },
    });
    const blob = client.getBlobClient('a');
    expect((await blob.getProperties()).accessTier).toBe('Cool');
    expect((await blob.getTags()).tags).toEqual({ project: 'x' });
    await provider.objectTags?.set('a', {}, {});
    expect(await provider.objectTags?.get('a', {})).toEqual({});
    await remove();
  });

  test('stays with an object that is copied or changed', async () => {
    const { provider, client, remove } = await opened();
    await provider.put('a', toBody('content'), {
      native: { tier: 'Cool' },
      objectTags: { project: 'x' },
      writeId: 'w1',
      checksum: 'sha256',
    });
    const copy = await provider.copy?.('a', 'b', { attributes: { contentType: 'text/css' } });
    const blob = client.getBlobClient('b');
    expect((await blob.getProperties()).accessTier).toBe('Cool');
    expect((await blob.getProperties()).contentType).toBe('text/css');
    expect((await blob.getTags()).tags).toEqual({ project: 'x' });
    expect(copy).toEqual(await provider.stat('b', {}));
    expect(copy?.writeId).toBeUndefined();

    const changed = await provider.setMetadata?.(
      'a',
      { contentType: 'text/css', metadata: { n: 1 } },
      {},
    );
    expect(changed).toMatchObject({ writeId: 'w1', metadata: { n: 1 }, contentType: 'text/css' });
    expect(changed).toEqual(await provider.stat('a', {}));
    expect((await client.getBlobClient('a').getTags()).tags).toEqual({ project: 'x' });
    await remove();
  });

  test('changes headers alone in place, and keeps the checksum', async () => {
    const { provider, remove } = await opened();
    const { checksums } = await provider.put('a', toBody('content'), { tags: ['x'] });
    const changed = await provider.setMetadata?.('a', { cacheControl: 'no-store' }, {});
    expect(changed).toMatchObject({ cacheControl: 'no-store', tags: ['x'], checksums });
    expect(changed).toEqual(await provider.stat('a', {}));
    await remove();
  });

  test('is not deleted along unless it is asked for: snapshots', async () => {
    const { provider, client, remove } = await opened();
    await provider.put('a', toBody('content'), {});
    await client.getBlobClient('a').createSnapshot();
    await expect(provider.delete('a', {})).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
      hint: expect.stringContaining('deleteSnapshots'),
    });
    const { container = '', ...access } = (await newContainer()).options;
    expect(container).not.toBe('');
    const bold = createAzure.provider({
      ...access,
      container: client.containerName,
      deleteSnapshots: true,
    });
    expect(await bold.delete('a', {})).toEqual({ existed: true });
    await remove();
  });
});

describe('a listing', () => {
  test('leaves out folders, blobs without a key and what is begun', async () => {
    const { provider, client, remove } = await opened();
    for (const name of ['folder/', 'a//b', 'it\u201bs']) {
      await client.getBlockBlobClient(name).upload('x', 1);
    }
    const metadata = { hdi_isfolder: 'true' };
    await client.getBlockBlobClient('real').upload('', 0, { metadata });
    await client.getBlockBlobClient('staged').stageBlock(btoa('0001'), 'x', 1);
    await provider.put('kept/a', toBody('x'), {});
    const session = await provider.upload?.('kept/b', {});
    const keysOf = async (options: object) => {
      const pages = await Array.fromAsync(provider.list(options));
      return pages.flatMap(({ entries }) => entries.map(({ key }) => key));
    };
    expect(await keysOf({ include: ['attributes'] })).toEqual(['kept/a']);
    expect(await keysOf({ delimiter: '/' })).toEqual(expect.arrayContaining(['kept/']));
    expect((await keysOf({ delimiter: '/' })).join()).not.toContain('granary');
    await session?.abort();
    await remove();
  });

  test('refuses a cursor of another kind', async () => {
    const { provider, remove } = await opened();
    await expect(Array.fromAsync(provider.list({ cursor: 'WzEsMCxbXV0' }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    await remove();
  });
});
