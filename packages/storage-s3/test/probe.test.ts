import { expect, test } from 'vitest';
import { s3Provider } from '../src/s3-provider.ts';
import { checkedClient } from './checked-client.ts';
import { freshBucket, radosgwClient } from './radosgw.ts';

const CONDITIONS = [
  'createIfAbsent',
  'replaceIfMatch',
  'deleteIfMatch',
  'copyIfMatch',
  'copyIfAbsent',
  'uploadConditions',
] as const;

async function probed(client: ReturnType<typeof radosgwClient>) {
  const bucket = await freshBucket(client);
  const provider = s3Provider({ bucket, client, conditions: 'probe', versions: false });
  const found = { ...provider.capabilities, ...(await provider.open?.({})) };
  const left = [];
  for await (const { entries } of provider.list({})) left.push(...entries);
  for await (const upload of provider.uploads?.({}) ?? []) left.push(upload);
  client.destroy();
  return { proved: CONDITIONS.filter((condition) => found[condition]), found, left };
}

test('finds the conditions that a server checks, and leaves nothing behind', async () => {
  const { proved, found, left } = await probed(radosgwClient());
  expect(proved).toEqual(['createIfAbsent', 'replaceIfMatch']);
  expect(found.setMetadata).toBeUndefined();
  expect(found.presignOptions).toContain('ifNoneMatch');
  expect(left).toEqual([]);
});

test('finds all of them where all are checked', async () => {
  const { proved, found, left } = await probed(checkedClient());
  expect(proved).toEqual(CONDITIONS);
  expect(found.setMetadataIfMatch).toBe(true);
  expect(left).toEqual([]);
});

test('proves nothing in a bucket that is missing, and fails where nobody answers', async () => {
  const client = radosgwClient();
  const missing = s3Provider({
    bucket: `missing-${crypto.randomUUID()}`,
    client,
    conditions: 'probe',
    versions: false,
  });
  expect(await missing.open?.({})).toEqual({ presignOptions: missing.capabilities.presignOptions });
  const nobody = s3Provider({
    bucket: 'b',
    endpoint: 'http://127.0.0.1:1',
    accessKeyId: 'k',
    secretAccessKey: 's',
    conditions: 'probe',
    versions: false,
  });
  await expect(nobody.open?.({})).rejects.toMatchObject({ code: 'unavailable' });
});
