import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { opfsHarness } from './harness.ts';

const opfs = opfsHarness('opfs');
describeConformance(opfs);
describeProperties(opfs);
// What a prefix changes here; core tests the rest of it.
describeConformance(opfsHarness('a prefix view of opfs', { isView: true }), {
  rules: ['KEY-1', 'KEY-4', 'KEY-6', 'GET-1', 'PUT-1', 'MOVE', 'UP-1', 'WATCH-1'],
});
// What another table of names and another way to write change; the rest is the same code.
describeConformance(opfsHarness('a folder that a person chose', { isUserFolder: true }), {
  rules: ['OPEN', 'KEY', 'PUT-1', 'PUT-3', 'ETAG', 'COND', 'META', 'MOVE', 'UP-1', 'WATCH-1'],
});
