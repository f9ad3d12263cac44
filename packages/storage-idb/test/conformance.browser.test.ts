import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { idbHarness } from './harness.ts';

const idb = idbHarness('idb');
describeConformance(idb);
describeProperties(idb);
describeConformance(
  idbHarness('idb with its options', {
    options: { durability: 'strict', version: 3, indexes: ['stars', 'color'] },
  }),
  { rules: ['GET', 'PUT', 'COND', 'CAND', 'SEARCH'] },
);
describeConformance(idbHarness('a prefix view of idb', { isView: true }));
