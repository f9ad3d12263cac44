import { toBody } from '@granary/storage-core/provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createS3 } from '../src/index.ts';
import { s3Provider } from '../src/s3-provider.ts';
import { checkedClient } from './checked-client.ts';
import { freshBucket } from './radosgw.ts';

const MIB = 1024 ** 2;
const client = checkedClient();
let bucket = '';

beforeAll(async () => {
  bucket = await freshBucket(client);
});
afterAll(() => client.destroy());

test('copies in parts on the server, content and attributes whole', async () => {
  const limits = { maxCopyBytes: 6 * MIB, copyPartBytes: 5 * MIB };
  const options = { bucket, client, versions: false, conditions: ['copyIfMatch'] as const };
  const provider = s3Provider(options, limits);
  const content = crypto.getRandomValues(new Uint8Array(65_536));
  const large = new Blob(Array.from({ length: 176 }, () => content));
  await provider.put('large', toBody(large), { contentType: 'image/png', metadata: { n: 1 } });

  const attributes = { cacheControl: 'no-store' };
  const info = await provider.copy?.('large', 'copy', { attributes });
  expect(info).toMatchObject({
    size: large.size,
    contentType: 'image/png',
    metadata: { n: 1 },
    ...attributes,
  });
  expect(info?.etag).toMatch(/-3$/);
  const copied = await (await provider.get('copy', {})).bytes();
  expect(Buffer.compare(copied, await large.bytes())).toBe(0);

  await provider.setMetadata?.('large', { metadata: { n: 2 } }, {});
  expect(await provider.stat('large', {})).toMatchObject({ size: large.size, metadata: { n: 2 } });
  const uploads = [];
  for await (const upload of provider.uploads?.({}) ?? []) uploads.push(upload);
  expect(uploads).toEqual([]);
});

test('streams what is large up and down in one request each', async () => {
  const storage = createS3({ bucket, client, versions: false, retry: false });
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  let left = 160;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= 1;
      controller.enqueue(chunk);
    },
  });
  await storage.put('stream', source, { size: 160 * chunk.byteLength });
  let size = 0;
  for await (const part of (await storage.get('stream')).stream()) size += part.byteLength;
  expect(size).toBe(160 * chunk.byteLength);
  await storage.close();
});
