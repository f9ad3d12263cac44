import type { StorageEngine } from '@granary/storage-core';
import { fact } from '../harness/servers.ts';
import { defineSubject, type Store, type StoreAbility } from '../harness/subject.ts';
import { granaryStore, granaryStoreInParts } from './granary-store.ts';
import type { BucketSite, BucketSubject, CloudSubject } from './object-store.ts';

/*
 * Loaded when they are opened, as the SDKs and peers are.
 */

const EVERYTHING: readonly StoreAbility[] = ['stat', 'list', 'firstPage', 'streams', 'deleteMany'];

/** A bucket of the server as an application opens it, with the defaults. */
async function openGranaryS3({ facts, bucket }: BucketSite): Promise<StorageEngine> {
  const { createS3 } = await import('@granary/storage-s3');
  return createS3({
    bucket,
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    accessKeyId: fact(facts, 'accessKeyId'),
    secretAccessKey: fact(facts, 'secretAccessKey'),
    forcePathStyle: true,
  });
}

export const granaryS3: BucketSubject = defineSubject({
  id: 'granary-s3',
  title: 'Granary S3',
  kind: 'granary',
  can: EVERYTHING,
  open: async (site) => granaryStore(await openGranaryS3(site)),
});

/** Large objects in parts, both ways. */
export const granaryS3Parts: BucketSubject = defineSubject({
  id: 'granary-s3-parts',
  title: 'Granary S3, in parts',
  kind: 'granary',
  note: 'parts of 8 MiB, four at once, both ways',
  can: ['streams'],
  open: async (site): Promise<Store> => granaryStoreInParts(await openGranaryS3(site)),
});

export const granaryAzure: BucketSubject = defineSubject({
  id: 'granary-azure',
  title: 'Granary Azure',
  kind: 'granary',
  can: EVERYTHING,
  async open({ facts, bucket }) {
    const { createAzure } = await import('@granary/storage-azure');
    return granaryStore(
      createAzure({
        container: bucket,
        endpoint: fact(facts, 'endpoint'),
        accountName: fact(facts, 'accountName'),
        accountKey: fact(facts, 'accountKey'),
      }),
    );
  },
});

export const granaryGcs: BucketSubject = defineSubject({
  id: 'granary-gcs',
  title: 'Granary GCS',
  kind: 'granary',
  can: EVERYTHING,
  async open({ facts, bucket }) {
    const [{ createGcs }, { gcsClient }] = await Promise.all([
      import('@granary/storage-gcs'),
      import('./raw-gcs.ts'),
    ]);
    return granaryStore(createGcs({ bucket, client: gcsClient(facts) }));
  },
});

export const granarySupabase: BucketSubject = defineSubject({
  id: 'granary-supabase',
  title: 'Granary Supabase',
  kind: 'granary',
  can: EVERYTHING,
  async open({ facts, bucket }) {
    const { createSupabase } = await import('@granary/storage-supabase');
    return granaryStore(
      createSupabase({ bucket, url: fact(facts, 'url'), key: fact(facts, 'serviceKey') }),
    );
  },
});

/** As an application uses it for its items. */
export const granaryS3Items: CloudSubject = defineSubject({
  id: 'granary-s3',
  title: 'Granary S3',
  kind: 'granary',
  openStorage: openGranaryS3,
});
