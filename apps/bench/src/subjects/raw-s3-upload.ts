import { createReadStream, type ReadStream } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Store } from '../harness/subject.ts';
import { PIECE_BYTES } from './bucket-calls.ts';
import type { BucketSite } from './object-store.ts';
import { openRawS3, s3ClientConfig } from './raw-s3.ts';

/** Puts through the SDK's own uploader, as it comes: parts of 5 MiB, four at once. Gets as the bare client does. */
export function openS3Upload(site: BucketSite): Store {
  const client = new S3Client(s3ClientConfig(site));
  const bare = openRawS3(site);
  const upload = (Key: string, Body: Uint8Array | ReadStream) =>
    new Upload({ client, params: { Bucket: site.bucket, Key, Body } }).done();
  return {
    ...bare,
    put: upload,
    async putFile(key, file) {
      await upload(key, createReadStream(file, { highWaterMark: PIECE_BYTES }));
    },
    async close() {
      client.destroy();
      await bare.close?.();
    },
  };
}
