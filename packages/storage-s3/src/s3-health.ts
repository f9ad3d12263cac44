import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { type Health, measureHealth, type OperationOptions } from '@granary/storage-core/provider';
import type { S3Store } from './s3-client.ts';
import { notS3 } from './s3-errors.ts';

/**
 * Lists one key. Unlike `HeadBucket` it is answered with a reason: wrong credentials, a missing bucket, a
 * right that is lacking, a wrong clock.
 */
export function checkHealth(store: S3Store, { signal }: OperationOptions): Promise<Health> {
  return measureHealth(async () => {
    const command = new ListObjectsV2Command({ ...store.target, MaxKeys: 1 });
    const output = await store.send(signal, (client, terms) => client.send(command, terms));
    if (output.IsTruncated === undefined) throw notS3('it is no listing');
  });
}
