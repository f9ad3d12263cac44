import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defineSubject } from '../harness/subject.ts';
import type { Readings, Session } from '../harness/workload.ts';
import { driveCalls } from './drive-calls.ts';
import { driveServices } from './drive-services.ts';
import type { DriveSite } from './drive-site.ts';
import type { DriveStore, DriveSubject } from './drive-store.ts';

const dropboxService = driveServices.find(({ id }) => id === 'dropbox') ?? expect.unreachable();
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-calls-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The bare SDK with something else in the place of what it does. */
function subjectWith(
  change: (store: DriveStore, site: DriveSite) => Partial<DriveStore>,
  more: Partial<DriveSubject> = {},
): DriveSubject {
  return defineSubject<DriveSubject>({
    id: 'changed',
    title: 'changed',
    kind: 'peer',
    async open(site) {
      const store = await dropboxService.openRaw(site);
      return { ...store, ...change(store, site) };
    },
    ...more,
  });
}

async function started(subject: DriveSubject): Promise<Session> {
  const workload = driveCalls({ service: dropboxService }, [subject]);
  return workload.start(subject, { folder, shared: folder, scale: 'tiny' });
}

/** Why a subject is not counted. */
async function refusalOf(subject: DriveSubject): Promise<unknown> {
  const session = await started(subject);
  try {
    await session.verify();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : error;
  } finally {
    await session.close();
  }
}

async function readingsOf(subject: DriveSubject): Promise<Readings> {
  const session = await started(subject);
  try {
    await session.verify();
    return await session.run(0);
  } finally {
    await session.close();
  }
}

describe('a subject is not counted', () => {
  test('when other bytes come back', async () => {
    const liar = subjectWith(() => ({ get: async () => ({ bytes: new Uint8Array(1024) }) }));
    expect(await refusalOf(liar)).toContain('other bytes came back');
  });

  test('when attributes do not come back that it should keep', async () => {
    expect(await refusalOf(subjectWith(() => ({}), { keepsAttributes: true }))).toContain(
      'attributes did not come back',
    );
  });

  test('when what it deletes is still there', async () => {
    const liar = subjectWith(() => ({ deleteMany: async () => {} }));
    expect(await refusalOf(liar)).toContain('other objects are left');
  });
});

test('tells set-up, sign-in and the operation apart, and leaves out what a subject cannot do', async () => {
  const subject = subjectWith(
    (store, site) => ({
      setUp: () => store.list('notes'),
      async stat(key) {
        const body = new URLSearchParams({ grant_type: 'refresh_token' });
        await fetch(`${site.url}/oauth2/token`, { method: 'POST', body });
        return store.stat(key);
      },
    }),
    { cannot: ['large', 'range'], hasOwnLayout: true },
  );
  const readings = await readingsOf(subject);
  expect(readings).toMatchObject({
    ...{ setUp: 1, signIn: 2, put: 1, putAgain: 1, get: 1, stat: 1, statAgain: 1 },
    ...{ list: 1, remove: 3, removeParts: 3, removeAgain: 3 },
  });
  expect(Object.keys(readings)).not.toContain('large');
  expect(Object.keys(readings)).not.toContain('rangeMs');
  expect(readings['getMs']).toBeGreaterThan(1.9);
});
