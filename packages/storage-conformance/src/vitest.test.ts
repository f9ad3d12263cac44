import { mapHarness } from '../test/providers/map-harness.ts';
import type { Scenario } from './scenario.ts';
import { describeConformance, describeProperties } from './vitest.ts';

const broken: Scenario = {
  rule: 'X-1',
  title: 'fails as expected',
  run: async () => {
    throw new Error('it broke');
  },
};
const fine: Scenario = { rule: 'X-2', title: 'passes', run: async () => {} };
const left: Scenario = {
  rule: 'X-3',
  title: 'is left out',
  slow: true,
  run: () => new Promise(() => {}),
};

describeConformance(
  mapHarness({ name: 'a map with a known gap', knownGaps: { 'X-1': 'it is broken' } }),
  {
    scenarios: [broken, fine, left],
    slow: false,
  },
);

describeProperties(mapHarness({ name: 'a map' }), { runs: 3, maxOperations: 5 });
