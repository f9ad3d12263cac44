import type { StorageProvider } from '@granary/storage-core/provider';
import { describe, expect, it } from 'vitest';
import { mapHarness } from '../test/providers/map-harness.ts';
import type { Harness } from './harness.ts';
import { relay } from './relay.ts';
import { runConformance } from './run-conformance.ts';
import type { Scenario } from './scenario.ts';

const passing: Scenario = { rule: 'X-1', title: 'passes', run: async () => {} };
const failing: Scenario = {
  rule: 'X-2',
  title: 'fails',
  run: async () => {
    throw new Error('it broke');
  },
};
const odd: Scenario = {
  rule: 'X-2',
  title: 'throws what is no error',
  run: () => Promise.reject('text'),
};
const skipped: Scenario = {
  rule: 'X-3',
  title: 'is skipped',
  needs: ['!copy'],
  run: async () => {},
};
const hanging: Scenario = {
  rule: 'Y-1',
  title: 'hangs',
  slow: true,
  run: () => new Promise(() => {}),
};
const quick = mapHarness({ timeoutMs: 50 });

function verdicts(harness: Harness, scenarios: readonly Scenario[], rules?: readonly string[]) {
  return runConformance(harness, { scenarios, ...(rules && { rules }) });
}

describe('runConformance', () => {
  it('tells of every scenario', async () => {
    const told: string[] = [];
    const report = await runConformance(quick, {
      scenarios: [passing, failing, odd, skipped, hanging],
      concurrency: 2,
      onResult: ({ title }) => told.push(title),
    });
    expect(report.scenarios.map(({ result, reason }) => [result, reason])).toEqual([
      ['passed', undefined],
      ['failed', 'it broke'],
      ['failed', 'something that is no error: "text"'],
      ['skipped', '`copy` is declared'],
      ['failed', 'the scenario took longer than 300 ms'],
    ]);
    expect(report).toMatchObject({
      name: 'map',
      ok: false,
      passed: 1,
      failed: 3,
      skipped: 1,
      knownGaps: 0,
    });
    expect(told).toHaveLength(5);
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });

  it('runs the chosen rules and areas, and leaves out what is slow', async () => {
    const all = [passing, failing, hanging];
    expect((await verdicts(quick, all, ['X-1'])).scenarios.map(({ rule }) => rule)).toEqual([
      'X-1',
    ]);
    expect((await verdicts(quick, all, ['X'])).scenarios.map(({ rule }) => rule)).toEqual([
      'X-1',
      'X-2',
    ]);
    const fast = await runConformance(quick, { scenarios: all, slow: false });
    expect(fast.scenarios.map(({ rule }) => rule)).toEqual(['X-1', 'X-2']);
  });

  it('counts a known gap by rule or by title, and is content', async () => {
    for (const name of ['X-2', 'X-2 fails']) {
      const report = await verdicts(mapHarness({ knownGaps: { [name]: 'the emulator forgets' } }), [
        passing,
        failing,
      ]);
      expect(report).toMatchObject({ ok: true, passed: 1, failed: 0, knownGaps: 1 });
      expect(report.scenarios[1]?.reason).toBe('the emulator forgets');
    }
  });

  it('lets a known gap pass that fails in some runs alone', async () => {
    const sometimes = { reason: 'a race', sometimes: true } as const;
    const harness = mapHarness({ knownGaps: { 'X-1': sometimes, 'X-2': sometimes } });
    expect(await verdicts(harness, [passing, failing])).toMatchObject({
      ...{ ok: true, passed: 1, failed: 0, knownGaps: 1 },
    });
  });

  it('fails for a known gap that is closed, and for one that names nothing', async () => {
    const knownGaps = { 'X-1': 'was broken', 'X-9': 'never was', 'X-2 fails': 'is broken' };
    const report = await verdicts(mapHarness({ knownGaps }), [passing, failing]);
    expect(
      report.scenarios.filter(({ rule }) => rule === 'GAPS').map(({ reason }) => reason),
    ).toEqual([
      'the known gap "X-1" is closed: nothing that it names fails any more; remove it',
      'the known gap "X-9" names no rule and no scenario',
    ]);
    expect(report.ok).toBe(false);
  });

  it('says nothing of a known gap whose rule was not chosen', async () => {
    const report = await verdicts(
      mapHarness({ knownGaps: { 'X-2': 'is broken' } }),
      [passing, failing],
      ['X-1'],
    );
    expect(report.ok).toBe(true);
  });

  it('fails every scenario of a store that cannot be made', async () => {
    const harness: Harness = {
      name: 'none',
      create: () => Promise.reject(new Error('no account')),
    };
    const report = await verdicts(harness, [passing]);
    expect(report.scenarios[0]?.reason).toBe('no account');
    expect(report.capabilities).toEqual({});
  });

  it('fails a scenario after which the store cannot be closed', async () => {
    const wrap = (provider: StorageProvider) =>
      relay(provider, {
        close: async () => {
          throw new Error('it stays open');
        },
      });
    const report = await verdicts(mapHarness({ wrap }), [passing, failing]);
    expect(report.scenarios.map(({ reason }) => reason)).toEqual([
      'map close: it stays open',
      'it broke',
    ]);
  });

  it('closes a store whose provider cannot be opened', async () => {
    let closed = 0;
    const base = mapHarness();
    const harness: Harness = {
      name: 'closed',
      async create() {
        const store = await base.create();
        const provider = relay(store.provider, { open: () => Promise.reject(new Error('shut')) });
        return {
          provider,
          close() {
            closed += 1;
          },
        };
      },
    };
    const report = await verdicts(harness, [passing]);
    expect(report.scenarios[0]?.reason).toContain('shut');
    expect(closed).toBe(2);
  });
});
