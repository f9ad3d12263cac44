import { afterEach, describe, expect, test, vi } from 'vitest';
import { createId } from './create-id.ts';

describe('createId', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  test('gives UUIDs of version 7 that no two calls share', () => {
    const ids = Array.from({ length: 10_000 }, createId);
    for (const id of ids) {
      expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('gives ids in order, also within a millisecond and when the clock goes back', () => {
    vi.useFakeTimers({ now: Date.UTC(2100, 0, 1) });
    const ids = Array.from({ length: 1000 }, createId);
    vi.setSystemTime(Date.UTC(2099, 0, 1));
    ids.push(createId());
    vi.setSystemTime(Date.UTC(2100, 0, 2));
    ids.push(createId());
    expect(ids).toEqual(ids.toSorted());
  });

  test('begins with the time', () => {
    const now = Date.UTC(2150, 0, 1);
    vi.useFakeTimers({ now });
    const id = createId();
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(now);
  });
});
