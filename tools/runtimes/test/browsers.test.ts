import {
  type Browser,
  findBrowser,
  type Place,
  startBrowser,
  whyNoBrowser,
} from '@granary-tools/browser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConformanceResult, JobResult } from '../src/job.ts';
import { expectAllRight } from './expected.ts';

/** A backend whose kit runs in a place of a browser, with the gaps of that browser by rule. */
interface BackendRun {
  readonly backend: 'idb' | 'localstorage' | 'opfs';
  readonly place: Place;
  readonly gaps: Readonly<Record<string, string>>;
}

const MEMORY = new URL('./pages/memory.ts', import.meta.url);
const PLACES = {
  chromium: ['page', 'worker', 'shared-worker', 'service-worker'],
  firefox: ['page', 'worker', 'service-worker'],
} as const;

const BACKENDS: Readonly<Record<'chromium' | 'firefox', readonly BackendRun[]>> = {
  chromium: [
    { backend: 'idb', place: 'service-worker', gaps: {} },
    { backend: 'opfs', place: 'service-worker', gaps: {} },
  ],
  firefox: [
    { backend: 'idb', place: 'page', gaps: {} },
    { backend: 'idb', place: 'worker', gaps: {} },
    { backend: 'localstorage', place: 'page', gaps: {} },
    { backend: 'opfs', place: 'page', gaps: {} },
    { backend: 'opfs', place: 'worker', gaps: {} },
  ],
};

describe.each(['chromium', 'firefox'] as const)('in %s', { timeout: 120_000 }, (name) => {
  const isMissing = findBrowser(name) === undefined;
  let browser: Browser;

  beforeAll(async () => {
    if (!isMissing) browser = await startBrowser({ entry: MEMORY, name });
  }, 60_000);
  afterAll(() => browser?.stop(), 60_000);

  if (isMissing) test('nothing runs', ({ skip }) => skip(whyNoBrowser(name)));

  test.skipIf(isMissing).each(PLACES[name])('the kit and the engine run in a %s', async (place) => {
    const tab = await browser.open({ in: place });
    expectAllRight((await tab.call('run')) as JobResult);
    await tab.close();
  });

  test.skipIf(isMissing).each(BACKENDS[name])(
    '$backend keeps the main rules in a $place',
    async (choice) => {
      const { backend, place, gaps } = choice;
      const entry = new URL(`./pages/${backend}.ts`, import.meta.url);
      const tab = await browser.open({ entry, in: place });
      const { passed, failures } = (await tab.call('run', gaps)) as ConformanceResult;
      expect(failures).toEqual([]);
      expect(passed).toBeGreaterThan(60);
      await tab.close();
    },
  );
});
