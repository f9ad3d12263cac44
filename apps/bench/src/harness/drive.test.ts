import { describe, expect, test } from 'vitest';
import { drive, driveTimed, mibPerSecond, perSecond } from './drive.ts';

describe('drive', () => {
  test('does every index once', async () => {
    const done: number[] = [];
    await drive(10, 3, async (index) => {
      done.push(index);
    });
    expect(done.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('has as many in flight as asked for, and never more', async () => {
    let inFlight = 0;
    let most = 0;
    await drive(20, 4, async () => {
      inFlight++;
      most = Math.max(most, inFlight);
      await new Promise(setImmediate);
      inFlight--;
    });
    expect(most).toBe(4);
  });

  test('fails when one task fails', async () => {
    const failing = drive(3, 2, async (index) => {
      if (index === 1) throw new Error('second');
    });
    await expect(failing).rejects.toThrow('second');
  });
});

describe('driveTimed', () => {
  test('returns a time for each task, in order', async () => {
    const order: number[] = [];
    const times = await driveTimed(3, async (index) => {
      order.push(index);
    });
    expect(order).toEqual([0, 1, 2]);
    expect(times).toHaveLength(3);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0);
  });
});

describe('rates', () => {
  test('count per second', () => {
    expect(perSecond(500, 250)).toBe(2000);
    expect(mibPerSecond(10 * 1024 * 1024, 500)).toBe(20);
  });
});
