import { expect, test } from 'vitest';
import { didYouMean, nearestName } from './nearest-name.ts';

const NAMES = ['bucket', 'region', 'maxBytes', 'encrypt', 'fs'];

test.each([
  ['buckt', 'bucket'],
  ['bcuket', 'bucket'],
  ['Bucket', 'bucket'],
  ['buckets', 'bucket'],
  ['max_bytes', 'maxBytes'],
  ['max-byte', 'maxBytes'],
  ['encryption', 'encrypt'],
  ['f', 'fs'],
])('takes %s for %s', (written, meant) => {
  expect(nearestName(written, NAMES)).toBe(meant);
  expect(didYouMean(written, NAMES)).toBe(`Did you mean "${meant}"?`);
});

test.each(['', 'password', 'xyzzy', 'regxyz'])('takes %j for nothing', (written) => {
  expect(nearestName(written, NAMES)).toBeUndefined();
  expect(didYouMean(written, NAMES)).toBeUndefined();
  expect(nearestName(written, [])).toBeUndefined();
});
