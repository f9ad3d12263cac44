import { AzureStorageBlobStorageAdapter } from '@flystorage/azure-storage-blob';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { azureContainer } from '../subjects/raw-azure.ts';
import { flystorageStore } from './flystorage.ts';

/** Over a client of the SDK; every write goes up as a stream in blocks. */
export function openFlystorageAzure(site: BucketSite): Store {
  return flystorageStore(new AzureStorageBlobStorageAdapter(azureContainer(site)));
}
