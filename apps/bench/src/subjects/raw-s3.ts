import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandInput,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from '@aws-sdk/client-s3';
import { fact } from '../harness/servers.ts';
import type { Store } from '../harness/subject.ts';
import { deletedInBatches, PIECE_BYTES } from './bucket-calls.ts';
import type { BucketSite } from './object-store.ts';

/** One request deletes at most so many: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_DELETED_KEYS = 1000;

/**
 * How everybody who takes a client of the SDK, or its options, talks to the server: checksums only where S3
 * asks for them, because the server keeps none; connections as the SDK has them, kept open, 50 at most.
 */
export function s3ClientConfig({ facts }: BucketSite): S3ClientConfig {
  return {
    endpoint: fact(facts, 'endpoint'),
    region: fact(facts, 'region'),
    credentials: {
      accessKeyId: fact(facts, 'accessKeyId'),
      secretAccessKey: fact(facts, 'secretAccessKey'),
    },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  };
}

/** What a careful user of the SDK writes, and no more. */
export function openRawS3(site: BucketSite): Store {
  const { bucket: Bucket } = site;
  const client = new S3Client(s3ClientConfig(site));
  const page = (input: Omit<ListObjectsV2CommandInput, 'Bucket'>) =>
    client.send(new ListObjectsV2Command({ Bucket, ...input }));

  return {
    put: (Key, Body) =>
      client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: Body.byteLength })),
    async get(Key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      if (Body === undefined) throw new Error(`${Key} came without a body.`);
      return Body.transformToByteArray();
    },
    delete: (Key) => client.send(new DeleteObjectCommand({ Bucket, Key })),
    async stat(Key) {
      const { ContentLength } = await client.send(new HeadObjectCommand({ Bucket, Key }));
      return ContentLength ?? Number.NaN;
    },
    async list(visit) {
      let token: string | undefined;
      do {
        const found = await page(token === undefined ? {} : { ContinuationToken: token });
        for (const { Key } of found.Contents ?? []) if (Key !== undefined) visit(Key);
        token = found.NextContinuationToken;
      } while (token !== undefined);
    },
    async firstPage(limit) {
      // As long as the service makes it: with a number of keys it gives fewer.
      return Math.min((await page({})).Contents?.length ?? 0, limit);
    },
    deleteMany: (keys) =>
      deletedInBatches(keys, MAX_DELETED_KEYS, async (batch) => {
        const Delete = { Quiet: true, Objects: batch.map((Key) => ({ Key })) };
        const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
        return Errors.length;
      }),
    async putFile(Key, file) {
      const { size } = await stat(file);
      const Body = createReadStream(file, { highWaterMark: PIECE_BYTES });
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: size }));
    },
    async getFile(Key, file) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      await pipeline(Body as Readable, createWriteStream(file, { highWaterMark: PIECE_BYTES }));
    },
    async close() {
      client.destroy();
    },
  };
}

/** Makes a bucket. */
export async function makeS3Bucket(site: BucketSite): Promise<void> {
  const client = new S3Client(s3ClientConfig(site));
  await client.send(new CreateBucketCommand({ Bucket: site.bucket }));
  client.destroy();
}

/** Removes a bucket with all that is in it. */
export async function removeS3Bucket(site: BucketSite): Promise<void> {
  const store = openRawS3(site);
  const keys: string[] = [];
  await store.list?.((key) => keys.push(key));
  await store.deleteMany?.(keys);
  await store.close?.();
  const client = new S3Client(s3ClientConfig(site));
  await client.send(new DeleteBucketCommand({ Bucket: site.bucket }));
  client.destroy();
}
