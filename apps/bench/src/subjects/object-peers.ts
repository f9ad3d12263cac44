import { defineSubject, type StoreAbility } from '../harness/subject.ts';
import type { LeftOut } from '../harness/workload.ts';
import type { BucketSubject } from './object-store.ts';

/*
 * Peers over object stores, loaded when they are opened.
 */

const LISTS: readonly StoreAbility[] = ['stat', 'list', 'firstPage'];

/** Peers that keep objects in S3. */
export const s3Peers: readonly BucketSubject[] = [
  defineSubject({
    id: 'files-sdk',
    title: 'files-sdk 2.6 s3-fetch',
    kind: 'peer',
    note: 'aws4fetch',
    can: [...LISTS, 'deleteMany', 'streams'],
    open: async (site) => (await import('../peers/files-sdk-objects.ts')).openFilesSdkS3(site),
  }),
  defineSubject({
    id: 'flydrive',
    title: 'flydrive 2.1 s3',
    kind: 'peer',
    note: 'over client-s3',
    can: [...LISTS, 'streams'],
    open: async (site) => (await import('../peers/flydrive-s3.ts')).openFlydriveS3(site),
  }),
  defineSubject({
    id: 'flystorage',
    title: 'flystorage 1.2 aws-s3',
    kind: 'peer',
    note: 'over lib-storage',
    can: ['stat', 'list', 'streams'],
    open: async (site) => (await import('../peers/flystorage-s3.ts')).openFlystorageS3(site),
  }),
  defineSubject({
    id: 'unstorage-1',
    title: 'unstorage 1.17 s3',
    kind: 'peer',
    note: 'aws4fetch',
    can: [],
    open: async (site) => (await import('../peers/unstorage-objects.ts')).openUnstorageS3(site),
  }),
  defineSubject({
    id: 'unstorage-2',
    title: 'unstorage 2 alpha s3',
    kind: 'peer',
    note: 'aws4fetch',
    can: ['list'],
    open: async (site) => (await import('../peers/unstorage-objects.ts')).openUnstorageNextS3(site),
  }),
  defineSubject({
    id: 'opendal',
    title: 'opendal 0.49 s3',
    kind: 'peer',
    note: 'native code',
    can: [...LISTS, 'deleteMany', 'streams'],
    open: async (site) => (await import('../peers/opendal-objects.ts')).openOpendalS3(site),
  }),
];

/** Peers that keep objects in Azure Blob. */
export const azurePeers: readonly BucketSubject[] = [
  defineSubject({
    id: 'files-sdk',
    title: 'files-sdk 2.6 azure',
    kind: 'peer',
    note: 'over storage-blob',
    can: LISTS,
    open: async (site) => (await import('../peers/files-sdk-objects.ts')).openFilesSdkAzure(site),
  }),
  defineSubject({
    id: 'flystorage',
    title: 'flystorage 1.2 azure',
    kind: 'peer',
    note: 'over storage-blob',
    can: ['stat', 'list'],
    open: async (site) => (await import('../peers/flystorage-azure.ts')).openFlystorageAzure(site),
  }),
  defineSubject({
    id: 'unstorage-1',
    title: 'unstorage 1.17 azure',
    kind: 'peer',
    note: 'over storage-blob',
    can: ['list'],
    open: async (site) => (await import('../peers/unstorage-objects.ts')).openUnstorageAzure(site),
  }),
  defineSubject({
    id: 'opendal',
    title: 'opendal 0.49 azblob',
    kind: 'peer',
    note: 'native code',
    can: LISTS,
    open: async (site) => (await import('../peers/opendal-objects.ts')).openOpendalAzure(site),
  }),
];

/** Who is in no table of S3, and why. */
export const s3LeftOut: readonly LeftOut[] = [
  {
    title: 'files-sdk 2.6 s3',
    reason: 'it needs @aws-sdk/s3-presigned-post, which its own s3-fetch does without.',
  },
];

/** Who is in no table of a listing in S3, and why. */
export const s3ListLeftOut: readonly LeftOut[] = [
  ...s3LeftOut,
  {
    title: 'unstorage 1.17 s3',
    reason: 'it asks for one page only, so that of 10,000 keys it finds 1,000.',
  },
];

/** Who is in no table of streams in S3, and why. */
export const s3StreamLeftOut: readonly LeftOut[] = [
  ...s3LeftOut,
  { title: 'unstorage s3', reason: 'it has no streams: all of an object is in memory.' },
];
