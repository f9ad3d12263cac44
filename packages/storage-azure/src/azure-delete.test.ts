import { describe, expect, test } from 'vitest';
import type { AzureStore } from './azure-client.ts';
import { deleteObjects } from './azure-delete.ts';

const failure = (statusCode: number, code: string) =>
  Object.assign(new Error('no'), { statusCode, code });

/** A store whose batches fail, or answer too little, and whose blobs are deleted one by one. */
function storeOf(submitBatch: () => Promise<object>, deleted: string[] = []): AzureStore {
  const container = {
    getBlobBatchClient: () => ({
      createBatch: () => ({ deleteBlob: async () => {} }),
      submitBatch,
    }),
    getBlockBlobClient: (name: string) => ({
      async delete(options: object) {
        if (name === 'kept') throw failure(403, 'AuthorizationPermissionMismatch');
        if (name === 'missing') throw failure(404, 'BlobNotFound');
        expect(options).toMatchObject({ deleteSnapshots: 'include' });
        deleted.push(name);
      },
    }),
  };
  return { container: container as unknown as AzureStore['container'], signer: undefined };
}

const settings = { deleteSnapshots: true };

describe('deleteObjects', () => {
  test.each([403, 400])('deletes one by one where a batch is answered %d', async (status) => {
    const deleted: string[] = [];
    const store = storeOf(async () => {
      throw failure(status, 'Refused');
    }, deleted);
    const results = await deleteObjects(store, ['a', 'kept', 'missing', 'a'], {}, settings);
    expect(results).toMatchObject([
      { key: 'a', ok: true, value: { existed: true } },
      { key: 'kept', ok: false, error: { code: 'permission-denied' } },
      { key: 'missing', ok: true, value: { existed: false } },
      { key: 'a', ok: true },
    ]);
    expect(deleted).toEqual(['a']);
  });

  test('fails when the service cannot be reached', async () => {
    const store = storeOf(async () => {
      throw failure(503, 'ServerBusy');
    });
    await expect(deleteObjects(store, ['a'], {}, settings)).rejects.toMatchObject({
      code: 'rate-limited',
    });
  });

  test('tells of keys without a name, and of answers that are missing', async () => {
    const long = '\\'.repeat(500);
    const store = storeOf(async () => ({ subResponses: [] }));
    expect(await deleteObjects(store, [long, 'a'], {}, settings)).toMatchObject([
      { key: long, ok: false, error: { code: 'invalid-key' } },
      { key: 'a', ok: false, error: { code: 'unknown' } },
    ]);
    expect(await deleteObjects(store, [long], {}, settings)).toMatchObject([{ ok: false }]);
  });
});
