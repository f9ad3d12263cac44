import { Operator } from 'opendal';
import { fact } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { opendalStore } from './opendal.ts';

/** With the settings that it comes with: one part at a time. https://opendal.apache.org/docs/services/s3 */
export function openOpendalS3({ facts, bucket }: BucketSite): Store {
  const operator = new Operator('s3', {
    bucket,
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    access_key_id: fact(facts, 'accessKeyId'),
    secret_access_key: fact(facts, 'secretAccessKey'),
    disable_config_load: 'true',
    disable_ec2_metadata: 'true',
  });
  return { ...opendalStore(operator), deleteMany: (keys) => operator.remove([...keys]) };
}

/** The same for Azure: https://opendal.apache.org/docs/services/azblob */
export function openOpendalAzure({ facts, bucket }: BucketSite): Store {
  return opendalStore(
    new Operator('azblob', {
      container: bucket,
      endpoint: fact(facts, 'endpoint'),
      account_name: fact(facts, 'accountName'),
      account_key: fact(facts, 'accountKey'),
    }),
  );
}
