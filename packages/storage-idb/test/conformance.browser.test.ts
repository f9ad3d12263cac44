import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { idbHarness } from './harness.ts';

const idb = idbHarness('idb');
describeConformance(idb);
describeProperties(idb);
describeConformance(
  idbHarness('idb with its options', {
    options: { durability: 'strict', version: 3, indexes: ['stars', 'color'] },
  }),
  { rules: ['GET', 'PUT', 'COND', 'CAND', 'SEARCH'], slow: false },
);
// What a prefix changes here; core tests the rest of it.
describeConformance(idbHarness('a prefix view of idb', { isView: true }), {
  rules: ['KEY-1', 'KEY-4', 'KEY-6', 'GET-1', 'PUT-1', 'MOVE', 'UP-1', 'CAND', 'CHG', 'WATCH'],
  slow: false,
});
