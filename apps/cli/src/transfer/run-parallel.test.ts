import { describe, expect, test } from 'vitest';
import { readAhead, runParallel } from './run-parallel.ts';

async function* numbers(count: number, onEnd = () => {}): AsyncGenerator<number> {
  try {
    for (let index = 0; index < count; index += 1) yield index;
  } finally {
    onEnd();
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('runParallel', () => {
  test('works on every item with no more than so many at once', async () => {
    const seen: number[] = [];
    let running = 0;
    let most = 0;
    await runParallel(numbers(50), 4, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await pause();
      seen.push(item);
      running -= 1;
    });
    expect(seen.sort((one, other) => one - other)).toEqual([...Array(50).keys()]);
    expect(most).toBe(4);
  });

  test('takes plain iterables', async () => {
    const seen: string[] = [];
    await runParallel(['a', 'b'], 8, async (item) => void seen.push(item));
    expect(seen).toEqual(['a', 'b']);
  });

  test('ends with the first error, after what is in flight, and starts no more', async () => {
    const started: number[] = [];
    const ended: number[] = [];
    let isReleased = false;
    const release = (): void => {
      isReleased = true;
    };
    await expect(
      runParallel(numbers(100, release), 2, async (item) => {
        started.push(item);
        if (item === 3) throw new Error('three');
        await pause();
        ended.push(item);
        if (item === 4) throw new Error('four');
      }),
    ).rejects.toThrow('three');
    expect(started.length).toBeLessThan(8);
    expect(ended).toContain(2);
    expect(isReleased).toBe(true);
  });

  test('ends with the error of its source', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      throw new Error('no more');
    }
    await expect(runParallel(broken(), 2, async () => {})).rejects.toThrow('no more');
  });
});

describe('readAhead', () => {
  const nothing = (): void => {};

  test('gives every item in order and tells of each early', async () => {
    const known: number[] = [];
    let isEnd = false;
    const items: number[] = [];
    for await (const item of readAhead(
      numbers(5),
      100,
      (item) => known.push(item),
      () => {
        isEnd = true;
      },
    )) {
      if (items.length === 0) {
        await pause();
        expect(known).toEqual([0, 1, 2, 3, 4]);
        expect(isEnd).toBe(true);
      }
      items.push(item);
    }
    expect(items).toEqual([0, 1, 2, 3, 4]);
  });

  test('reads no further ahead than it may', async () => {
    let known = 0;
    let taken = 0;
    for await (const _item of readAhead(numbers(100), 10, () => (known += 1), nothing)) {
      taken += 1;
      await pause();
      expect(known - taken).toBeLessThanOrEqual(10);
    }
    expect(taken).toBe(100);
  });

  test('fails like its source, after what came before', async () => {
    async function* broken(): AsyncGenerator<number> {
      yield 1;
      await pause();
      throw new Error('no more');
    }
    const items: number[] = [];
    const reading = (async () => {
      for await (const item of readAhead(broken(), 10, nothing, nothing)) items.push(item);
    })();
    await expect(reading).rejects.toThrow('no more');
    expect(items).toEqual([1]);
  });

  test('lets go of its source when it is left early', async () => {
    let isReleased = false;
    const release = (): void => {
      isReleased = true;
    };
    for await (const _item of readAhead(numbers(1000, release), 5, nothing, nothing)) break;
    expect(isReleased).toBe(true);
  });
});
