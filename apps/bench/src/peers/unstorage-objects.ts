import { createStorage } from 'unstorage';
import azureDriver from 'unstorage/drivers/azure-storage-blob';
import s3Driver from 'unstorage/drivers/s3';
import { createStorage as createNextStorage } from 'unstorage-next';
import nextS3Driver from 'unstorage-next/drivers/s3';
import { fact } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { unstorageStore } from './unstorage.ts';

function s3Options({ facts, bucket }: BucketSite) {
  return {
    bucket,
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    accessKeyId: fact(facts, 'accessKeyId'),
    secretAccessKey: fact(facts, 'secretAccessKey'),
  };
}

/** unstorage 1 signs with aws4fetch and sends with the platform's `fetch`. */
export function openUnstorageS3(site: BucketSite): Store {
  return bytesStore(unstorageStore(createStorage({ driver: s3Driver(s3Options(site)) })));
}

/** unstorage 2 does so too, and lists more than one page. */
export function openUnstorageNextS3(site: BucketSite): Store {
  return bytesStore(unstorageStore(createNextStorage({ driver: nextS3Driver(s3Options(site)) })));
}

/** unstorage 1 over the SDK of Azure. */
export function openUnstorageAzure({ facts, bucket }: BucketSite): Store {
  const connectionString = fact(facts, 'connectionString');
  const driver = azureDriver({ accountName: '', connectionString, containerName: bucket });
  return unstorageStore(createStorage({ driver }));
}

/** The driver hands out an `ArrayBuffer`, or null for what is not there. */
function bytesStore(store: Store): Store {
  return {
    ...store,
    async get(key) {
      const buffer: unknown = await store.get(key);
      if (!(buffer instanceof ArrayBuffer)) throw new Error(`There is no ${key}.`);
      return new Uint8Array(buffer);
    },
  };
}
