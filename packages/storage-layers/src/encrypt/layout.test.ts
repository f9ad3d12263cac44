import { describe, expect, it } from 'vitest';
import {
  CHUNK_BYTES,
  CHUNK_PLAIN_BYTES,
  CHUNK_SEGMENTS,
  LEAST_BYTES,
  plainLimit,
  plainSize,
  segmentAt,
  segmentRoom,
  segmentStart,
  storedSize,
} from './layout.ts';

const BORDERS = [0, segmentStart(1), segmentStart(2), segmentStart(7), CHUNK_PLAIN_BYTES]
  .flatMap((border) => [border, border + CHUNK_PLAIN_BYTES, border + 7 * CHUNK_PLAIN_BYTES])
  .flatMap((border) => [-2, -1, 0, 1, 2, 17].map((step) => border + step))
  .filter((size) => size >= 0);

describe('sizes', () => {
  it('follow from each other', () => {
    for (const size of BORDERS) expect(plainSize(storedSize(size))).toBe(size);
  });

  it('tell what no encrypted object has', () => {
    for (const size of [0, 1, LEAST_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + LEAST_BYTES - 1]) {
      expect(plainSize(size)).toBeUndefined();
    }
    expect(plainSize(LEAST_BYTES)).toBe(0);
    // A second segment that would hold nothing.
    expect(plainSize(storedSize(segmentStart(1)) + 16)).toBeUndefined();
    expect(plainSize(storedSize(segmentStart(1)) + 17)).toBe(segmentStart(1) + 1);
  });

  it('grow with the content', () => {
    for (const size of BORDERS) expect(storedSize(size + 1)).toBeGreaterThan(storedSize(size));
  });

  it('tell the most that fits', () => {
    const limits = BORDERS.flatMap((size) => [storedSize(size), storedSize(size) + 3, size + 600]);
    for (const limit of limits.filter((one) => one >= LEAST_BYTES)) {
      const most = plainLimit(limit);
      expect(storedSize(most)).toBeLessThanOrEqual(limit);
      expect(storedSize(most + 1)).toBeGreaterThan(limit);
    }
    expect(plainLimit(10)).toBe(0);
  });

  it('put every byte of a chunk into one segment', () => {
    for (let segment = 0; segment < CHUNK_SEGMENTS; segment += 1) {
      const start = segmentStart(segment);
      expect(segmentAt(start)).toBe(segment);
      expect(segmentAt(start + segmentRoom(segment) - 1)).toBe(segment);
    }
    expect(segmentStart(CHUNK_SEGMENTS - 1) + segmentRoom(CHUNK_SEGMENTS - 1)).toBe(
      CHUNK_PLAIN_BYTES,
    );
  });
});
