import { defineSubject, type StoreAbility } from '../harness/subject.ts';
import type { BucketSubject } from './object-store.ts';

/*
 * The official SDKs without anything above them, loaded when they are opened.
 */

const LISTS: readonly StoreAbility[] = ['stat', 'list', 'firstPage'];

export const rawS3: BucketSubject = defineSubject({
  id: 'raw-s3',
  title: '@aws-sdk/client-s3 3.1169',
  kind: 'raw',
  can: [...LISTS, 'streams', 'deleteMany'],
  open: async (site) => (await import('./raw-s3.ts')).openRawS3(site),
});

export const rawS3Upload: BucketSubject = defineSubject<BucketSubject>({
  id: 'raw-s3-upload',
  title: '@aws-sdk/lib-storage 3.1169',
  kind: 'raw',
  note: 'parts of 5 MiB, four at once',
  can: ['streams'],
  putsOnly: true,
  open: async (site) => (await import('./raw-s3-upload.ts')).openS3Upload(site),
});

export const rawAzure: BucketSubject = defineSubject({
  id: 'raw-azure',
  title: '@azure/storage-blob 12.34',
  kind: 'raw',
  can: [...LISTS, 'streams'],
  open: async (site) => (await import('./raw-azure.ts')).openRawAzure(site),
});

export const rawGcs: BucketSubject = defineSubject({
  id: 'raw-gcs',
  title: '@google-cloud/storage 8.4',
  kind: 'raw',
  can: LISTS,
  open: async (site) => (await import('./raw-gcs.ts')).openRawGcs(site),
});

export const rawSupabase: BucketSubject = defineSubject({
  id: 'raw-supabase',
  title: '@supabase/storage-js 2.119',
  kind: 'raw',
  can: LISTS,
  open: async (site) => (await import('./raw-supabase.ts')).openRawSupabase(site),
});
