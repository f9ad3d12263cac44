import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { scenarioName } from '../src/scenario.ts';
import { allScenarios } from '../src/scenarios.ts';
import { FIELD_CASES } from './fixtures/field-cases.ts';

const NAMES = allScenarios.map(scenarioName);

/** Numbers of cases in each group, as they were collected. */
const GROUPS = {
  ...{ K: 33, O: 20, R: 20, L: 32, C: 19, W: 13, M: 19, E: 17, A: 10, S: 15, U: 16, V: 18 },
  ...{ T: 9, D: 6, N: 2, P: 12, X: 16, Y: 13 },
};

describe('the scenarios', () => {
  it('have names of their own', () => {
    expect(new Set(NAMES).size).toBe(NAMES.length);
  });

  it('try every rule of SPEC.md, and no rule that is not there', async () => {
    const spec = await readFile(new URL('../../storage-core/SPEC.md', import.meta.url), 'utf8');
    const rules = [...spec.matchAll(/^- \*\*([A-Z]+-\d+)\*\*/gm)].map(([, rule]) => rule);
    expect(new Set(rules).size).toBe(rules.length);
    expect([...new Set(allScenarios.map(({ rule }) => rule))].toSorted()).toEqual(rules.toSorted());
  });
});

describe('the cases of the field', () => {
  it('are all there', () => {
    const ids = Object.entries(GROUPS).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, index) => `${group}${index + 1}`),
    );
    expect(FIELD_CASES.map(({ id }) => id)).toEqual(ids);
    expect(ids).toHaveLength(290);
  });

  it.each(FIELD_CASES.map((one) => [one.id, one.what, one] as const))(
    '%s (%s) is tried by a scenario, or says where it is tried',
    (_id, _what, { scenarios = [], elsewhere = '' }) => {
      for (const start of scenarios)
        expect(
          NAMES.filter((name) => name.startsWith(start)),
          start,
        ).not.toEqual([]);
      expect(scenarios.length > 0 || elsewhere.length > 8).toBe(true);
    },
  );
});
