import type { BlockBlobClient } from '@azure/storage-blob';
import { describe, expect, test } from 'vitest';
import type { AzureStore } from './azure-client.ts';
import { copyNow, setObjectMetadata } from './azure-copy.ts';

const source = { url: 'https://mine.example/c/source' } as BlockBlobClient;

/** A target whose copy ends as told. */
function target(pollUntilDone: () => Promise<object>): BlockBlobClient {
  return { beginCopyFromURL: async () => ({ pollUntilDone }) } as unknown as BlockBlobClient;
}

describe('copyNow', () => {
  test('waits until the copy is done', async () => {
    const done = target(async () => ({ copyStatus: 'success', etag: '"0x8D1"' }));
    expect(await copyNow(source, done, {}, undefined)).toMatchObject({ etag: '"0x8D1"' });
  });

  test('tells a copy that failed, and one that was aborted by somebody', async () => {
    const failed = target(async () => {
      throw new Error('Blob copy failed with reason: "500 InternalServerError"');
    });
    await expect(copyNow(source, failed, {}, undefined)).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    const aborted = target(async () => ({ copyStatus: 'aborted' }));
    await expect(copyNow(source, aborted, {}, undefined)).rejects.toMatchObject({
      message: expect.stringContaining('ended as aborted'),
    });
  });

  test('does not wait longer than its signal', async () => {
    const controller = new AbortController();
    const pending = target(() => new Promise(() => {}));
    const copy = copyNow(source, pending, {}, controller.signal);
    setImmediate(() => controller.abort());
    await expect(copy).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('setObjectMetadata', () => {
  test('gives up when others keep changing the object', async () => {
    let tries = 0;
    const blob = {
      getProperties: async () => ({ contentLength: 1, etag: '"0x8D1"', lastModified: new Date(0) }),
      async setMetadata() {
        tries += 1;
        throw Object.assign(new Error('no'), { statusCode: 412, code: 'ConditionNotMet' });
      },
    };
    const container = { getBlockBlobClient: () => blob } as unknown as AzureStore['container'];
    const store = { container, signer: undefined };
    await expect(setObjectMetadata(store, 'a', { tags: ['x'] }, {})).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'not-applied',
    });
    expect(tries).toBe(8);
  });
});
