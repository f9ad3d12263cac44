import { StorageClient } from '@supabase/storage-js';
import { fact, type ServerFacts } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import { PAGE_KEYS } from './bucket-calls.ts';
import type { BucketSite } from './object-store.ts';

interface Answer<Data> {
  readonly data: Data | null;
  readonly error: Error | null;
}

function clientOf(facts: ServerFacts): StorageClient {
  const key = fact(facts, 'serviceKey');
  return new StorageClient(`${fact(facts, 'url')}/storage/v1`, {
    apikey: key,
    authorization: `Bearer ${key}`,
  });
}

/** What a careful user of the SDK writes, and no more. */
export function openRawSupabase({ facts, bucket }: BucketSite): Store {
  const files = clientOf(facts).from(bucket);
  const page = async (limit: number, cursor?: string) =>
    dataOf(await files.listV2({ limit, ...(cursor !== undefined && { cursor }) }));

  return {
    put: async (key, bytes) => dataOf(await files.upload(key, bytes, { upsert: true })),
    async get(key) {
      const blob = dataOf(await files.download(key));
      return new Uint8Array(await blob.arrayBuffer());
    },
    delete: async (key) => dataOf(await files.remove([key])),
    async stat(key) {
      return dataOf(await files.info(key)).size ?? Number.NaN;
    },
    async list(visit) {
      let cursor: string | undefined;
      do {
        const { objects, nextCursor } = await page(PAGE_KEYS, cursor);
        for (const { key, name } of objects) visit(key ?? name);
        cursor = nextCursor;
      } while (cursor !== undefined);
    },
    async firstPage(limit) {
      return Math.min((await page(PAGE_KEYS)).objects.length, limit);
    },
  };
}

/** Makes a bucket. */
export async function makeSupabaseBucket({ facts, bucket }: BucketSite): Promise<void> {
  dataOf(await clientOf(facts).createBucket(bucket, { public: false }));
}

/** Removes a bucket with all that is in it. */
export async function removeSupabaseBucket({ facts, bucket }: BucketSite): Promise<void> {
  const client = clientOf(facts);
  dataOf(await client.emptyBucket(bucket));
  dataOf(await client.deleteBucket(bucket));
}

/** The SDK tells of errors instead of throwing them. */
function dataOf<Data>({ data, error }: Answer<Data>): Data {
  if (error !== null) throw error;
  if (data === null) throw new Error('The service answered nothing.');
  return data;
}
