import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { fact } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import { bytesOf, PAGE_KEYS, PIECE_BYTES } from './bucket-calls.ts';
import type { BucketSite } from './object-store.ts';

/** A client of the container, with the SDK's own settings. */
export function azureContainer({ facts, bucket }: BucketSite): ContainerClient {
  const credential = new StorageSharedKeyCredential(
    fact(facts, 'accountName'),
    fact(facts, 'accountKey'),
  );
  return new ContainerClient(`${fact(facts, 'endpoint')}/${bucket}`, credential);
}

/** What a careful user of the SDK writes, and no more. */
export function openRawAzure(site: BucketSite): Store {
  const container = azureContainer(site);
  const download = async (key: string) => {
    const { readableStreamBody } = await container.getBlobClient(key).download();
    if (readableStreamBody === undefined) throw new Error(`${key} came without a body.`);
    return readableStreamBody;
  };

  return {
    put: (key, bytes) => container.getBlockBlobClient(key).upload(bytes, bytes.byteLength),
    get: async (key) => bytesOf(await download(key)),
    delete: (key) => container.deleteBlob(key),
    async stat(key) {
      const { contentLength } = await container.getBlobClient(key).getProperties();
      return contentLength ?? Number.NaN;
    },
    async list(visit) {
      for await (const { segment } of container.listBlobsFlat().byPage()) {
        for (const { name } of segment.blobItems) visit(name);
      }
    },
    async firstPage(limit) {
      const pages = container.listBlobsFlat().byPage({ maxPageSize: PAGE_KEYS });
      for await (const { segment } of pages) return Math.min(segment.blobItems.length, limit);
      return 0;
    },
    async putFile(key, file) {
      const { size } = await stat(file);
      const body = () => createReadStream(file, { highWaterMark: PIECE_BYTES });
      await container.getBlockBlobClient(key).upload(body, size);
    },
    async getFile(key, file) {
      await pipeline(await download(key), createWriteStream(file, { highWaterMark: PIECE_BYTES }));
    },
  };
}

/** Makes a container. */
export async function makeAzureContainer(site: BucketSite): Promise<void> {
  await azureContainer(site).create();
}

/** Removes a container with all that is in it. */
export async function removeAzureContainer(site: BucketSite): Promise<void> {
  await azureContainer(site).delete();
}
