import type { ObjectService } from './object-store.ts';

/*
 * The SDKs are loaded when a bucket is made: a process that measures a peer holds none of them.
 */

export const s3Service: ObjectService = {
  server: 's3',
  title: 'S3 (radosgw on this machine)',
  makeBucket: async (site) => (await import('./raw-s3.ts')).makeS3Bucket(site),
  openRaw: async (site) => (await import('./raw-s3.ts')).openRawS3(site),
  removeBucket: async (site) => (await import('./raw-s3.ts')).removeS3Bucket(site),
};

export const azureService: ObjectService = {
  server: 'azure',
  title: 'Azure Blob (Azurite on this machine)',
  makeBucket: async (site) => (await import('./raw-azure.ts')).makeAzureContainer(site),
  openRaw: async (site) => (await import('./raw-azure.ts')).openRawAzure(site),
  removeBucket: async (site) => (await import('./raw-azure.ts')).removeAzureContainer(site),
};

export const gcsService: ObjectService = {
  server: 'gcs',
  title: 'Google Cloud Storage (against a fake)',
  makeBucket: async (site) => (await import('./raw-gcs.ts')).makeGcsBucket(site),
  openRaw: async (site) => (await import('./raw-gcs.ts')).openRawGcs(site),
  removeBucket: async (site) => (await import('./raw-gcs.ts')).removeGcsBucket(site),
};

export const supabaseService: ObjectService = {
  server: 'supabase',
  title: 'Supabase Storage (against a fake)',
  makeBucket: async (site) => (await import('./raw-supabase.ts')).makeSupabaseBucket(site),
  openRaw: async (site) => (await import('./raw-supabase.ts')).openRawSupabase(site),
  removeBucket: async (site) => (await import('./raw-supabase.ts')).removeSupabaseBucket(site),
};
