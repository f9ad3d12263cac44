import { describe, expect, test } from 'vitest';
import type { AzureStore } from './azure-client.ts';
import { readObject } from './azure-read.ts';

const facts = { etag: '"0x8D1"', lastModified: new Date(0) };

/** A store whose blobs answer as the SDK does in a browser, where a body is a Blob. */
function storeOf(answers: {
  readonly download: (offset?: number, count?: number) => object;
  readonly getProperties?: () => object;
}): AzureStore {
  const blob = {
    download: async (offset?: number, count?: number) => answers.download(offset, count),
    getProperties: async () => answers.getProperties?.(),
  };
  const container = { getBlockBlobClient: () => blob } as unknown as AzureStore['container'];
  return { container, signer: undefined };
}

const refused = () => {
  throw Object.assign(new Error('no'), { statusCode: 412, code: 'ConditionNotMet' });
};

describe('readObject', () => {
  test('reads a Blob', async () => {
    const blobBody = Promise.resolve(new Blob(['content']));
    const store = storeOf({ download: () => ({ ...facts, contentLength: 7, blobBody }) });
    const object = await readObject(store, 'a', {});
    expect(await object.text()).toBe('content');
    const stream = (await readObject(store, 'a', {})).stream();
    expect(await new Response(stream).text()).toBe('content');
    await (await readObject(store, 'a', {})).cancel();
    await (await readObject(store, 'a', {})).stream().cancel();
  });

  test('tells that a Blob never came, to who reads it', async () => {
    const blobBody = Promise.reject(new Error('reset'));
    const store = storeOf({ download: () => ({ ...facts, contentLength: 7, blobBody }) });
    const object = await readObject(store, 'a', {});
    await expect(object.bytes()).rejects.toMatchObject({ code: 'unavailable' });
    const other = (await readObject(store, 'a', {})).stream();
    await expect(new Response(other).text()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('takes no Blob for no content', async () => {
    const store = storeOf({ download: () => ({ ...facts, contentLength: 0 }) });
    expect(await (await readObject(store, 'a', {})).bytes()).toHaveLength(0);
  });

  test('takes everything for a range that is everything, and nothing else', async () => {
    const blobBody = Promise.resolve(new Blob(['content']));
    const store = storeOf({ download: () => ({ ...facts, contentLength: 7, blobBody }) });
    const whole = await readObject(store, 'a', { range: { offset: 0 } });
    expect(whole.range).toEqual({ offset: 0, length: 7 });
    await expect(readObject(store, 'a', { range: { offset: 2 } })).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(readObject(store, 'a', { range: { offset: 7 } })).rejects.toMatchObject({
      code: 'range-not-satisfiable',
    });
  });

  test('looks for the end again when the object changed meanwhile', async () => {
    let tries = 0;
    const blobBody = Promise.resolve(new Blob(['nt']));
    const getProperties = () => ({ ...facts, contentLength: 7 });
    const store = storeOf({
      getProperties,
      download(offset, count) {
        tries += 1;
        if (tries < 3) refused();
        expect([offset, count]).toEqual([5, 2]);
        return { ...facts, contentLength: 2, contentRange: 'bytes 5-6/7', blobBody };
      },
    });
    const object = await readObject(store, 'a', { range: { suffix: 2 } });
    expect(await object.text()).toBe('nt');
    expect(object.info.size).toBe(7);

    const changing = storeOf({ getProperties, download: refused });
    const range = { suffix: 2 };
    await expect(readObject(changing, 'a', { range })).rejects.toMatchObject({ code: 'conflict' });
    await expect(readObject(changing, 'a', { range, ifMatch: '0x8D1' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });
});
