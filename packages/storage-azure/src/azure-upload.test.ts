import { describe, expect, test } from 'vitest';
import type { AzureStore } from './azure-client.ts';
import { uploadSession } from './azure-upload.ts';

const failure = (statusCode: number, code: string) =>
  Object.assign(new Error('no'), { statusCode, code });

/** A store that keeps versions, whose every blob is the same one, and what was done with it. */
function storeOf(changes: object = {}) {
  const calls: string[] = [];
  const uncommittedBlocks: { readonly name: string; readonly size: number }[] = [];
  const blob = {
    url: 'https://mine.example/c/blob',
    upload: async () => calls.push('upload'),
    getBlobLeaseClient: () => ({ acquireLease: async () => calls.push('lease') }),
    async stageBlock(name: string, _bytes: Uint8Array, size: number) {
      uncommittedBlocks.push({ name, size });
    },
    getBlockList: async () => ({ uncommittedBlocks }),
    async commitBlockList() {
      calls.push('commit');
      return { versionId: 'v1' };
    },
    async beginCopyFromURL() {
      calls.push('copy');
      const answer = { copyStatus: 'success', etag: '"0x8D1"', lastModified: new Date(0) };
      return { pollUntilDone: async () => answer };
    },
    delete: async () => calls.push('delete'),
    withVersion: (version: string) => ({ delete: async () => calls.push(`delete ${version}`) }),
    ...changes,
  };
  const container = { getBlockBlobClient: () => blob } as unknown as AzureStore['container'];
  return { store: { container, signer: undefined }, calls };
}

describe('uploadSession', () => {
  test('leaves no version of its own blob behind', async () => {
    const { store, calls } = storeOf();
    const session = await uploadSession(store, 'a', {});
    await session.write(0, new Uint8Array(3));
    expect(await session.complete()).toMatchObject({ key: 'a', size: 3, etag: '0x8D1' });
    expect(calls).toEqual(['upload', 'lease', 'commit', 'copy', 'delete', 'delete v1']);
  });

  test('is complete also when its own blob cannot be removed', async () => {
    const { store } = storeOf({
      async delete() {
        throw failure(403, 'AuthorizationPermissionMismatch');
      },
    });
    const session = await uploadSession(store, 'a', {});
    await session.write(0, new Uint8Array(3));
    expect(await session.complete()).toMatchObject({ size: 3 });
    const other = await uploadSession(store, 'a', {});
    await expect(other.abort()).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('fails when nobody knows whether a condition is met', async () => {
    const { store, calls } = storeOf({
      async getProperties() {
        throw failure(503, 'ServerBusy');
      },
    });
    const session = await uploadSession(store, 'a', {});
    await session.write(0, new Uint8Array(3));
    await expect(session.complete({ ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'rate-limited',
    });
    expect(calls).not.toContain('commit');
  });

  test('takes attributes only that fit with a checksum', async () => {
    const { store, calls } = storeOf();
    const attributes = { metadata: { long: 'x'.repeat(8_160) } };
    await expect(
      uploadSession(store, 'a', { attributes, checksum: 'sha256' }),
    ).rejects.toMatchObject({ code: 'too-large' });
    expect(calls).toEqual([]);
  });

  test('tells a failure that is no end of the session', async () => {
    const { store } = storeOf({
      async stageBlock() {
        throw failure(500, 'InternalError');
      },
    });
    const session = await uploadSession(store, 'a', {});
    await expect(session.write(0, new Uint8Array(3))).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});
