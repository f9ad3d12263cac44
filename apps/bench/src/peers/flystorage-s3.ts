import { S3Client } from '@aws-sdk/client-s3';
import { AwsS3StorageAdapter } from '@flystorage/aws-s3';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { s3ClientConfig } from '../subjects/raw-s3.ts';
import { flystorageStore } from './flystorage.ts';

/** Over a client of the SDK; every write goes through lib-storage. */
export function openFlystorageS3(site: BucketSite): Store {
  const client = new S3Client(s3ClientConfig(site));
  return {
    ...flystorageStore(new AwsS3StorageAdapter(client, { bucket: site.bucket })),
    async close() {
      client.destroy();
    },
  };
}
