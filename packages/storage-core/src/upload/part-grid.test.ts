import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planParts } from '../engine/part-plan.ts';
import { partGrid } from './part-grid.ts';

const MIB = 1024 * 1024;
const MAX_PARTS = 10_000;

test('is even where the length is known', () => {
  const grid = partGrid(100 * MIB, MAX_PARTS);
  expect(grid.stepBytes).toBe(8 * MIB);
  expect([0, 8 * MIB, 96 * MIB].map(grid.numberAt)).toEqual([1, 2, 13]);
  expect(grid.numberAt(1)).toBeUndefined();
  expect(grid.offsetOf(13)).toBe(96 * MIB);
  expect(grid.stepAt(96 * MIB)).toBe(8 * MIB);
});

test('has steps large enough for the longest content', () => {
  const totalBytes = 5 * 1024 ** 4;
  const { stepBytes, numberAt } = partGrid(totalBytes, MAX_PARTS);
  expect(stepBytes * MAX_PARTS).toBeGreaterThanOrEqual(totalBytes);
  expect(numberAt(stepBytes * (MAX_PARTS - 1))).toBe(MAX_PARTS);
  expect(numberAt(stepBytes * MAX_PARTS)).toBeUndefined();
  expect(numberAt(-stepBytes)).toBeUndefined();
});

test('gives every number back for its offset', () => {
  const total = fc.option(fc.integer({ min: 1, max: 5 * 1024 ** 4 }), { nil: undefined });
  fc.assert(
    fc.property(total, fc.integer({ min: 1, max: MAX_PARTS }), (totalBytes, number) => {
      const grid = partGrid(totalBytes, MAX_PARTS);
      const offset = grid.offsetOf(number);
      expect(grid.numberAt(offset)).toBe(number);
      expect(offset % grid.stepBytes).toBe(0);
      expect(grid.stepAt(offset) % grid.stepBytes).toBe(0);
    }),
  );
});

test('has a place for every part that core cuts an upload into', () => {
  const rules = {
    minBytes: 5 * MIB,
    maxBytes: 5 * 1024 * MIB,
    multipleOf: 8 * MIB,
    maxParts: MAX_PARTS,
    order: 'any',
    needsTotal: false,
  } as const;
  for (const totalBytes of [undefined, 1, 100 * MIB, 200_000 * MIB]) {
    const grid = partGrid(totalBytes, MAX_PARTS);
    const plan = planParts({ ...rules, multipleOf: grid.stepBytes }, totalBytes);
    let offset = 0;
    for (let index = 0; index < (totalBytes === undefined ? MAX_PARTS : 20); index += 1) {
      expect(grid.numberAt(offset)).toBe(index + 1);
      offset += plan.size(index);
    }
  }
});
