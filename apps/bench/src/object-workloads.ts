import type { Workload } from './harness/workload.ts';
import {
  granaryAzure,
  granaryGcs,
  granaryS3,
  granaryS3Items,
  granaryS3Parts,
  granarySupabase,
} from './subjects/granary-object-stores.ts';
import {
  azurePeers,
  s3LeftOut,
  s3ListLeftOut,
  s3Peers,
  s3StreamLeftOut,
} from './subjects/object-peers.ts';
import {
  azureService,
  gcsService,
  s3Service,
  supabaseService,
} from './subjects/object-services.ts';
import type { BucketSubject } from './subjects/object-store.ts';
import { rawAzure, rawGcs, rawS3, rawS3Upload, rawSupabase } from './subjects/raw-object-stores.ts';
import { bucketDelete } from './workloads/object-store-delete.ts';
import { bucketItems } from './workloads/object-store-items.ts';
import { bucketList } from './workloads/object-store-list.ts';
import { type BucketObjectsSettings, bucketObjects } from './workloads/object-store-objects.ts';
import { bucketStream } from './workloads/object-store-stream.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const s3Subjects: readonly BucketSubject[] = [granaryS3, rawS3, ...s3Peers];
const azureSubjects: readonly BucketSubject[] = [granaryAzure, rawAzure, ...azurePeers];
const gcsSubjects: readonly BucketSubject[] = [granaryGcs, rawGcs];
const supabaseSubjects: readonly BucketSubject[] = [granarySupabase, rawSupabase];

/** The server works beside the subject, so a round takes long, and what it takes varies little. */
const ROUNDS = { warmUps: 1, runs: 7 };
const FEWER_ROUNDS = { warmUps: 1, runs: 3 };

const SMALL: Omit<BucketObjectsSettings, 'name' | 'service'> = {
  sizeText: '1 KiB',
  sizeBytes: KIB,
  concurrency: 16,
  counts: { full: 200, quick: 100, tiny: 3 },
  rounds: ROUNDS,
};
const MEDIUM: Omit<BucketObjectsSettings, 'name' | 'service'> = {
  sizeText: '64 KiB',
  sizeBytes: 64 * KIB,
  concurrency: 16,
  counts: { full: 100, quick: 50, tiny: 3 },
  rounds: ROUNDS,
};
const LARGE: Omit<BucketObjectsSettings, 'name' | 'service'> = {
  sizeText: '16 MiB',
  sizeBytes: 16 * MIB,
  concurrency: 2,
  counts: { full: 4, quick: 2, tiny: 1 },
  inBytes: true,
  rounds: ROUNDS,
};

/** Everything that is measured in object stores, in the order in which it is. */
export const objectWorkloads: readonly Workload[] = [
  bucketObjects({ ...SMALL, name: 's3-1k', service: s3Service, leftOut: s3LeftOut }, s3Subjects),
  bucketObjects({ ...MEDIUM, name: 's3-64k', service: s3Service, leftOut: s3LeftOut }, s3Subjects),
  bucketObjects({ ...LARGE, name: 's3-16m', service: s3Service, leftOut: s3LeftOut }, [
    ...s3Subjects,
    rawS3Upload,
  ]),
  bucketStream(
    {
      name: 's3-512m',
      service: s3Service,
      sizeText: '512 MiB',
      leftOut: s3StreamLeftOut,
      sizes: { full: 512 * MIB, quick: 64 * MIB, tiny: MIB },
      rounds: FEWER_ROUNDS,
    },
    [granaryS3, granaryS3Parts, rawS3, rawS3Upload, ...s3Peers],
  ),
  bucketList(
    {
      name: 's3-list',
      service: s3Service,
      keys: { full: 10_000, quick: 2000, tiny: 30 },
      rounds: ROUNDS,
      leftOut: s3ListLeftOut,
    },
    s3Subjects,
  ),
  bucketDelete(
    {
      name: 's3-delete',
      service: s3Service,
      keys: { full: 1000, quick: 200, tiny: 5 },
      leftOut: s3LeftOut,
      rounds: FEWER_ROUNDS,
    },
    s3Subjects,
  ),
  bucketItems({ name: 's3-items', service: s3Service, rounds: FEWER_ROUNDS }, [granaryS3Items]),
  ...rowsOf('azure', azureService, azureSubjects, { full: 2000, quick: 500, tiny: 30 }),
  ...rowsOf('gcs', gcsService, gcsSubjects, { full: 2000, quick: 500, tiny: 30 }),
  ...rowsOf('supabase', supabaseService, supabaseSubjects, { full: 2000, quick: 500, tiny: 30 }),
];

function rowsOf(
  id: string,
  service: BucketObjectsSettings['service'],
  subjects: readonly BucketSubject[],
  keys: BucketObjectsSettings['counts'],
): Workload[] {
  return [
    bucketObjects({ ...SMALL, name: `${id}-1k`, service }, subjects),
    bucketObjects({ ...MEDIUM, name: `${id}-64k`, service }, subjects),
    bucketObjects({ ...LARGE, name: `${id}-16m`, service }, subjects),
    bucketList({ name: `${id}-list`, service, keys, rounds: ROUNDS }, subjects),
  ];
}
