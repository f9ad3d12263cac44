import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { opfsHarness, withoutMoves } from './harness.ts';

const opfs = opfsHarness('opfs');
describeConformance(opfs);
describeProperties(withoutMoves(opfs));
describeConformance(opfsHarness('a prefix view of opfs', { isView: true }), {
  rules: ['KEY', 'GET', 'PUT', 'COND', 'COPY', 'MOVE', 'WATCH-1', 'UP'],
});
// What another table of names and another way to write change; the rest is the same code.
describeConformance(opfsHarness('a folder that a person chose', { isUserFolder: true }), {
  rules: [
    'OPEN',
    'KEY',
    'GET',
    'PUT',
    'ETAG',
    'COND',
    'DEL',
    'META',
    'MOVE',
    'UP',
    'CONC',
    'WATCH',
  ],
});
