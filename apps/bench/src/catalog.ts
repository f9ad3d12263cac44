import { browserWorkloads } from './browser-workloads.ts';
import { driveWorkloads } from './drive-workloads.ts';
import { localRunner, type Runner } from './harness/runner.ts';
import type { StoreSubject } from './harness/subject.ts';
import type { SessionPlace, Workload } from './harness/workload.ts';
import { objectWorkloads } from './object-workloads.ts';
import { encryptedRangeSubjects, encryptedSubjects } from './subjects/encrypted-subjects.ts';
import {
  granaryFileSync,
  granaryMemory,
  granaryRename,
  granaryRenameSmallPieces,
  granarySync,
} from './subjects/granary-subjects.ts';
import { fsPeers, memoryPeers } from './subjects/peer-subjects.ts';
import { rawFs, rawInPlace, rawRename, rawSync } from './subjects/raw-fs.ts';
import { rawMap, rawMapAliased } from './subjects/raw-memory.ts';
import { rawStyles } from './subjects/raw-styles.ts';
import { bundleSize } from './workloads/bundle-size.ts';
import { desktop } from './workloads/desktop.ts';
import { emptyStore } from './workloads/empty-store.ts';
import { encryptedRange, encryptedStream } from './workloads/encrypted.ts';
import { fsList } from './workloads/fs-list.ts';
import { fsObjects } from './workloads/fs-objects.ts';
import { fsRanges } from './workloads/fs-ranges.ts';
import { fsStream, plainStream } from './workloads/fs-stream.ts';
import { importTime } from './workloads/import-time.ts';
import { installedSize } from './workloads/installed-size.ts';
import { layerTaxes } from './workloads/layer-tax.ts';
import { memoryObjects } from './workloads/memory-objects.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

const fsSubjects: readonly StoreSubject[] = [
  granaryRename,
  granarySync,
  granaryFileSync,
  rawInPlace,
  rawRename,
  rawSync,
  ...fsPeers,
];
const memorySubjects: readonly StoreSubject[] = [
  granaryMemory,
  rawMap,
  rawMapAliased,
  ...memoryPeers,
];

const streamSubjects: readonly StoreSubject[] = [
  granaryRename,
  granaryRenameSmallPieces,
  granarySync,
  rawInPlace,
  rawRename,
  rawFs('raw-b-64k', 'node:fs, tmp + rename, 64 KiB pieces', 'B', {
    style: 'rename',
    chunkBytes: 64 * KIB,
  }),
  rawSync,
  ...fsPeers,
];

const listSubjects: readonly StoreSubject[] = [
  granaryRename,
  rawRename,
  rawFs('raw-names', 'node:fs, recursive readdir', 'B', { style: 'rename', listsStats: false }),
  ...fsPeers,
];

/** Everything that can be measured, in the order in which it is. */
export const workloads: readonly Workload[] = [
  ...[1, 16, 64].map((concurrency) =>
    fsObjects(
      {
        name: `fs-1k-c${concurrency}`,
        title: `1 KiB in a folder, ${concurrency} in flight`,
        sizeBytes: KIB,
        concurrency,
        counts: {
          full: concurrency === 1 ? 400 : 1500,
          quick: concurrency === 1 ? 200 : 600,
          tiny: 5,
        },
        syncedCounts: { full: concurrency === 1 ? 60 : 150, quick: 40, tiny: 3 },
      },
      fsSubjects,
    ),
  ),
  ...[1, 16, 64].map((concurrency) =>
    fsObjects(
      {
        name: `fs-64k-c${concurrency}`,
        title: `64 KiB in a folder, ${concurrency} in flight`,
        sizeBytes: 64 * KIB,
        concurrency,
        counts: { full: concurrency === 1 ? 150 : 400, quick: 80, tiny: 3 },
        syncedCounts: { full: concurrency === 1 ? 40 : 80, quick: 20, tiny: 2 },
      },
      fsSubjects,
    ),
  ),
  fsObjects(
    {
      name: 'fs-1m-c4',
      title: '1 MiB in a folder, 4 in flight',
      sizeBytes: MIB,
      concurrency: 4,
      counts: { full: 64, quick: 20, tiny: 2 },
      syncedCounts: { full: 20, quick: 8, tiny: 2 },
      inBytes: true,
    },
    fsSubjects,
  ),
  fsObjects(
    {
      name: 'fs-disk',
      title: '1 KiB on the disk, 16 in flight, everybody',
      sizeBytes: KIB,
      concurrency: 16,
      counts: { full: 400, quick: 100, tiny: 3 },
      syncedCounts: { full: 100, quick: 30, tiny: 3 },
      onDisk: true,
    },
    fsSubjects,
  ),
  fsObjects(
    {
      name: 'fs-calls',
      title: 'Ways to make the bare calls, 1 KiB, 16 in flight',
      sizeBytes: KIB,
      concurrency: 16,
      counts: { full: 2000, quick: 500, tiny: 4 },
      syncedCounts: { full: 2000, quick: 500, tiny: 4 },
    },
    rawStyles,
  ),
  fsStream(plainStream, streamSubjects),
  fsList(
    {
      name: 'fs-list-1k',
      title: 'Listing 1,000 objects',
      folders: { full: 10, quick: 10, tiny: 2 },
      perFolder: { full: 100, quick: 100, tiny: 4 },
    },
    listSubjects,
  ),
  fsList(
    {
      name: 'fs-list-100k',
      title: 'Listing 100,000 objects',
      folders: { full: 100, quick: 20, tiny: 2 },
      perFolder: { full: 1000, quick: 500, tiny: 5 },
    },
    listSubjects,
  ),
  fsRanges([granaryRename, rawRename, ...fsPeers]),
  memoryObjects(
    {
      name: 'memory-1k',
      title: '1 KiB in memory, 16 in flight',
      sizeBytes: KIB,
      concurrency: 16,
      keys: 1000,
      counts: { full: 100_000, quick: 20_000, tiny: 20 },
      inBytes: false,
    },
    memorySubjects,
  ),
  memoryObjects(
    {
      name: 'memory-1m',
      title: '1 MiB in memory, 4 in flight',
      sizeBytes: MIB,
      concurrency: 4,
      keys: 32,
      counts: { full: 128, quick: 48, tiny: 2 },
      inBytes: true,
    },
    memorySubjects,
  ),
  ...layerTaxes,
  fsStream(encryptedStream, encryptedSubjects),
  encryptedRange(encryptedRangeSubjects),
  desktop,
  ...objectWorkloads,
  ...driveWorkloads,
  ...browserWorkloads,
  importTime,
  bundleSize,
  installedSize,
  emptyStore,
];

/** Finds what a worker is told to run. Errors: a `TypeError` for an unknown name. */
export function findRunner(workloadName: string, subjectId: string, place: SessionPlace): Runner {
  const workload = workloads.find(({ name }) => name === workloadName);
  const subject = workload?.subjects.find(({ id }) => id === subjectId);
  if (workload === undefined || subject === undefined) {
    throw new TypeError(`There is no workload "${workloadName}" with a subject "${subjectId}".`);
  }
  return localRunner(workload, subject, place);
}
