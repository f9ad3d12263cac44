import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { sampleBytes } from '../harness/content.ts';
import {
  defineWorkload,
  type LeftOut,
  type Metric,
  type Readings,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import { countCalls } from './drive-log.ts';
import type { DriveService } from './drive-services.ts';
import type { DriveSite } from './drive-site.ts';
import { type DriveOperation, type DriveStore, type DriveSubject, NOTE } from './drive-store.ts';
import { forEach } from './for-each.ts';

/** What a drive's calls are counted with. */
export interface DriveCallsSettings {
  readonly service: DriveService;
  readonly leftOut?: readonly LeftOut[];
}

const TITLES: Readonly<Record<DriveOperation, string>> = {
  put: 'put, new',
  replace: 'put, over',
  get: 'get',
  range: 'get, a part',
  stat: 'stat',
  list: 'list of 1,000',
  remove: 'delete of 100',
  large: 'put of 20 MB',
};
const OPERATIONS = Object.keys(TITLES) as readonly DriveOperation[];
/** A second time says nothing new of it. */
const ONCE: readonly DriveOperation[] = ['large'];

const LISTED: Readonly<Record<Scale, number>> = { full: 1000, quick: 1000, tiny: 12 };
const REMOVED: Readonly<Record<Scale, number>> = { full: 100, quick: 100, tiny: 3 };
const LARGE_BYTES: Readonly<Record<Scale, number>> = {
  full: 20_000_000,
  quick: 20_000_000,
  tiny: 2000,
};
const SMALL_BYTES = 1024;
const RANGE = { offset: 100, length: 50 };
/** How often an operation is waited for; the least counts, because this machine has other things to do. */
const WAITS: Readonly<Record<Scale, number>> = { full: 3, quick: 1, tiny: 1 };
/** As long as a request to a data center in another country takes. Units: ms. */
const DELAY_MS: Readonly<Record<Scale, number>> = { full: 50, quick: 50, tiny: 2 };

/** Group of subjects that store bytes alone. */
const BYTES_ALONE = 'bytes alone';
/** Group of subjects that store attributes with them, or tell those that others stored. */
const WITH_ATTRIBUTES = 'with attributes';

/** Names of the metric of an operation: by a new client, by the same client again, and the time. */
function metricsOf(operation: DriveOperation): { first: string; again: string; ms: string } {
  return { first: operation, again: `${operation}Again`, ms: `${operation}Ms` };
}

/** Counts the requests that operations make. */
export function driveCalls(
  { service, leftOut }: DriveCallsSettings,
  subjects: readonly DriveSubject[],
): Workload {
  return defineWorkload<DriveSubject>({
    name: `calls-${service.id}`,
    title: `Calls to ${service.title} (against a fake)`,
    about: ABOUT,
    metrics: metrics(),
    layout: 'matrix',
    subjects,
    isolated: false,
    exact: true,
    ...(leftOut && { leftOut }),
    groupOf: ({ keepsAttributes = false, looksForAttributes = false }) =>
      keepsAttributes || looksForAttributes ? WITH_ATTRIBUTES : BYTES_ALONE,
    async start(subject, { folder, scale }) {
      await mkdir(folder, { recursive: true });
      const site = await service.start(folder);
      return {
        async verify() {
          await makeFolders(site, service);
          await checkSubject(subject, site);
          await fill(subject, site, service, scale);
        },
        run: () => measure(subject, site, scale),
        close: () => site.stop(),
      };
    },
  });
}

const ABOUT =
  'Requests that came to the fake, whoever made them and whatever for. Objects of 1 KiB in a folder that is there. Each ' +
  'operation is done by a new client, and once more by the same one, which may have learned by then where things are; ' +
  'what a client asks before its first operation is the set-up, and tokens are there already. The list has names, sizes ' +
  'and times; the delete is of 100 among 1,000 in a folder. Waiting is the whole time of an operation of a new client ' +
  'when each request takes 50 ms more, the least of three times.';

function metrics(): Record<string, Metric> {
  const found: Record<string, Metric> = {
    setUp: { title: 'set-up', unit: 'calls', better: 'lower' },
    signIn: { title: 'sign-in', unit: 'calls', better: 'lower' },
  };
  const add = (name: string, title: string, unit: Metric['unit']) => {
    found[name] = { title, unit, better: 'lower' };
  };
  for (const operation of OPERATIONS) {
    const { first, again } = metricsOf(operation);
    const title = TITLES[operation];
    add(first, title, 'calls');
    if (operation === 'remove') {
      add('removeParts', 'the same, each call in a batch counted', 'calls');
      add(again, `${title}, after a list`, 'calls');
    } else if (!ONCE.includes(operation)) {
      add(again, `${title}, again`, 'calls');
    }
  }
  for (const operation of OPERATIONS) add(metricsOf(operation).ms, TITLES[operation], 'ms');
  return found;
}

async function measure(subject: DriveSubject, site: DriveSite, scale: Scale): Promise<Readings> {
  const readings: Record<string, number> = {};
  let setUp = 0;
  let signIn = 0;
  const bench = workOf(subject, scale);

  async function counted(work: () => Promise<unknown>): Promise<ReturnType<typeof countCalls>> {
    const before = site.log().length;
    await work();
    const count = countCalls(site.log().slice(before));
    signIn += count.signIns;
    return count;
  }

  async function opened(work: (store: DriveStore) => Promise<unknown>): Promise<void> {
    const store = await subject.open(site);
    try {
      const { calls } = await counted(async () => store.setUp?.());
      setUp = Math.max(setUp, calls);
      await work(store);
    } finally {
      await store.close?.();
    }
  }

  for (const operation of OPERATIONS) {
    if (subject.cannot?.includes(operation)) continue;
    const { first, again, ms } = metricsOf(operation);
    await opened(async (store) => {
      const count = await counted(bench(store, operation));
      readings[first] = count.calls;
      if (operation === 'remove') {
        readings['removeParts'] = count.parts;
        await store.list(MANY);
      }
      if (ONCE.includes(operation)) return;
      readings[again] = (await counted(bench(store, operation))).calls;
    });
    const waits: number[] = [];
    while (waits.length < WAITS[scale]) {
      await opened(async (store) => {
        waits.push(await waited(site, DELAY_MS[scale], bench(store, operation)));
      });
    }
    readings[ms] = Math.min(...waits);
  }
  return { ...readings, setUp, signIn };
}

/** How long work takes when each request takes so much longer. Units: ms. */
async function waited(
  site: DriveSite,
  delayMs: number,
  work: () => Promise<void>,
): Promise<number> {
  site.setDelay(delayMs);
  const startedAt = performance.now();
  try {
    await work();
    return performance.now() - startedAt;
  } finally {
    site.setDelay(0);
  }
}

const MANY = 'many';
const READ = 'notes/read';

/** Returns what prepares an operation: a new object each time, or the next keys to delete. */
function workOf(
  subject: DriveSubject,
  scale: Scale,
): (store: DriveStore, operation: DriveOperation) => () => Promise<void> {
  let turn = 0;
  let left = LISTED[scale];
  let removed = 0;
  const read = contentOf(0);

  return (store, operation) => {
    turn += 1;
    const size = operation === 'large' ? LARGE_BYTES[scale] : SMALL_BYTES;
    const bytes = contentOf(turn, size);
    const key = `notes/new-${turn}`;
    const keys = namesOf(REMOVED[scale], removed).map((name) => `${MANY}/${name}`);
    if (operation === 'remove') {
      removed += keys.length;
      left -= keys.length;
    }
    const works: Readonly<Record<DriveOperation, () => Promise<void>>> = {
      put: async () => void (await store.put(key, bytes)),
      replace: async () => void (await store.put('notes/kept', bytes)),
      async get() {
        const found = await store.get(READ);
        assert.deepEqual(Buffer.from(found.bytes), read, 'other bytes came back');
        assertNote(subject, found.note);
      },
      async range() {
        const part = await store.range(READ, RANGE.offset, RANGE.length);
        const { offset, length } = RANGE;
        assert.deepEqual(Buffer.from(part), read.subarray(offset, offset + length));
      },
      async stat() {
        const { size, note } = await store.stat(READ);
        assert.equal(size, SMALL_BYTES, 'another size');
        assertNote(subject, note);
      },
      async list() {
        assert.equal((await store.list(MANY)).length, left, 'another number of objects is listed');
      },
      remove: async () => void (await store.deleteMany(keys)),
      large: async () => void (await store.put(key, bytes)),
    };
    return works[operation];
  };
}

/** Makes the folders: who makes one, and how, is not what is counted. */
async function makeFolders(site: DriveSite, service: DriveService): Promise<void> {
  const raw = await service.openRaw(site);
  for (const folder of ['check', 'notes', MANY]) {
    await raw.put(`${folder}/first`, contentOf(0));
    await raw.deleteMany([`${folder}/first`]);
  }
}

/** Makes what is read, written over, listed and deleted. */
async function fill(
  subject: DriveSubject,
  site: DriveSite,
  service: DriveService,
  scale: Scale,
): Promise<void> {
  const own = await subject.open(site);
  const filling = subject.hasOwnLayout ? own : await service.openRaw(site);
  await own.put(READ, contentOf(0));
  await own.put('notes/kept', contentOf(0));
  await forEach(namesOf(LISTED[scale]), (name) => filling.put(`${MANY}/${name}`, contentOf(0)));
  await own.close?.();
}

/** Fails when the subject does not do what is about to be counted. */
async function checkSubject(subject: DriveSubject, site: DriveSite): Promise<void> {
  const store = await subject.open(site);
  const can = (operation: DriveOperation) => !subject.cannot?.includes(operation);
  try {
    await store.setUp?.();
    const names = ['a', 'b', 'c'];
    for (const name of names) await store.put(`check/${name}`, contentOf(1));
    await store.put('check/b', contentOf(2));
    const { bytes, note } = await store.get('check/b');
    assert.deepEqual(Buffer.from(bytes), contentOf(2), 'other bytes came back');
    assertNote(subject, note);
    if (can('range')) {
      const part = await store.range('check/a', 5, 7);
      assert.deepEqual(Buffer.from(part), contentOf(1).subarray(5, 12), 'another part came back');
    }
    assert.equal((await store.stat('check/c')).size, SMALL_BYTES, 'another size');
    assert.deepEqual((await store.list('check')).toSorted(), names, 'other objects are listed');
    await store.deleteMany(['check/a', 'check/c']);
    assert.deepEqual(await store.list('check'), ['b'], 'other objects are left');
  } finally {
    await store.close?.();
  }
}

function assertNote({ keepsAttributes = false }: DriveSubject, note: string | undefined): void {
  if (keepsAttributes) assert.equal(note, NOTE, 'attributes did not come back');
}

function contentOf(turn: number, size = SMALL_BYTES): Buffer {
  return Buffer.from(sampleBytes(size, 700 + turn));
}

function namesOf(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `n${String(from + index).padStart(4, '0')}`);
}
