import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Disk } from 'flydrive';
import { S3Driver } from 'flydrive/drivers/s3';
import type { Store } from '../harness/subject.ts';
import type { BucketSite } from '../subjects/object-store.ts';
import { s3ClientConfig } from '../subjects/raw-s3.ts';
import { CHUNK_BYTES } from './byte-views.ts';
import { flydriveStore } from './flydrive.ts';

/** Over a client of the SDK; access lists are off, as for most stores that are not Amazon's. */
export function openFlydriveS3(site: BucketSite): Store {
  const client = new S3Client(s3ClientConfig(site));
  const disk = new Disk(
    new S3Driver({ client, bucket: site.bucket, visibility: 'private', supportsACL: false }),
  );
  return {
    ...flydriveStore(disk),
    async list(visit) {
      let paginationToken: string | undefined;
      do {
        const page = await disk.listAll('', {
          recursive: true,
          ...(paginationToken !== undefined && { paginationToken }),
        });
        for (const object of page.objects) if (object.isFile) visit(object.key);
        paginationToken = page.paginationToken;
      } while (paginationToken !== undefined);
    },
    async firstPage(limit) {
      // A page has what the service gives: 1,000 keys.
      const { objects } = await disk.listAll('', { recursive: true });
      return Math.min([...objects].length, limit);
    },
    async putFile(key, file) {
      const { size } = await stat(file);
      const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      await disk.putStream(key, source, { contentLength: size });
    },
    async close() {
      client.destroy();
    },
  };
}
