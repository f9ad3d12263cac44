import type { Workload } from './harness/workload.ts';
import { streamLeftOut, streamSubjects } from './subjects/browser-streams.ts';
import {
  idbSaveSubjects,
  idbSubjects,
  localStorageSubjects,
  opfsSubjects,
} from './subjects/browser-subjects.ts';
import {
  browserBulk,
  browserCold,
  browserItems,
  browserSaves,
  browserSmall,
} from './workloads/browser-notes.ts';
import { browserStream } from './workloads/browser-stream.ts';

const ROUNDS = { warmUps: 1, runs: 5 };
/** A subject takes from one to several seconds for a round of these; the slowest have fewer. */
const FEWER_ROUNDS = { warmUps: 1, runs: 3, laneBudgetMs: 9000 };
/** Ratios of these are budgets, so they take several rounds of the slow ones as well. */
const BULK_ROUNDS = { warmUps: 1, runs: 3, laneBudgetMs: 30_000 };
/** A stream takes a second and differs by a third from one round to the next. */
const STREAM_ROUNDS = { warmUps: 1, runs: 15 };

/** Everything that is measured in a browser, in the order in which it is. */
export const browserWorkloads: readonly Workload[] = [
  browserSaves({ name: 'browser-saves', home: 'IndexedDB', rounds: FEWER_ROUNDS }, idbSaveSubjects),
  browserBulk({ name: 'browser-bulk', home: 'IndexedDB', rounds: BULK_ROUNDS }, idbSaveSubjects),
  browserItems({ name: 'browser-items', home: 'IndexedDB', rounds: FEWER_ROUNDS }, idbSubjects),
  browserCold({ name: 'browser-cold', home: 'IndexedDB', rounds: ROUNDS }, idbSubjects),
  browserSmall(
    {
      name: 'browser-opfs',
      home: 'OPFS',
      rounds: ROUNDS,
      counts: { full: 200, quick: 50, tiny: 3 },
    },
    opfsSubjects,
  ),
  browserSmall(
    {
      name: 'browser-localstorage',
      home: 'localStorage',
      rounds: ROUNDS,
      counts: { full: 500, quick: 100, tiny: 3 },
    },
    localStorageSubjects,
  ),
  browserStream(
    { name: 'browser-stream', rounds: STREAM_ROUNDS, leftOut: streamLeftOut },
    streamSubjects,
  ),
];
