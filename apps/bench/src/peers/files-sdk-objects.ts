import { Files } from 'files-sdk';
import { azure } from 'files-sdk/azure';
import { s3Fetch } from 'files-sdk/s3-fetch';
import { fact } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { filesSdkStore } from './files-sdk.ts';

/** Signs with aws4fetch and sends with the platform's `fetch`. */
export function openFilesSdkS3({ facts, bucket }: BucketSite): Store {
  const adapter = s3Fetch({
    bucket,
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    accessKeyId: fact(facts, 'accessKeyId'),
    secretAccessKey: fact(facts, 'secretAccessKey'),
    forcePathStyle: true,
  });
  const files = new Files({ adapter });
  return {
    ...filesSdkStore(adapter),
    async firstPage(limit) {
      return Math.min((await files.list()).items.length, limit);
    },
    async deleteMany(keys) {
      const { errors = [] } = await files.delete([...keys]);
      if (errors.length > 0) throw new Error(`${errors.length} keys could not be deleted.`);
    },
  };
}

/** Over the SDK of Azure. */
export function openFilesSdkAzure({ facts, bucket }: BucketSite): Store {
  const endpoint = fact(facts, 'endpoint');
  const accountName = fact(facts, 'accountName');
  const accountKey = fact(facts, 'accountKey');
  return filesSdkStore(azure({ container: bucket, accountName, accountKey, endpoint }));
}
