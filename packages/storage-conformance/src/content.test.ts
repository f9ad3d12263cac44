import { describe, expect, it } from 'vitest';
import {
  byUtf8,
  collect,
  decode,
  drain,
  during,
  encode,
  filled,
  firstByte,
  forEach,
  join,
  noise,
  settle,
  until,
  watchedSource,
} from './content.ts';

it('makes bytes and text of each other, and keeps a byte order mark', () => {
  expect(decode(encode('\ufeffä'))).toBe('\ufeffä');
  expect(() => decode(Uint8Array.of(0xff))).toThrow();
});

it('makes the same noise for the same seed', () => {
  expect(noise(100, 1)).toEqual(noise(100, 1));
  expect(noise(100, 1)).not.toEqual(noise(100, 2));
  expect(filled(3, 7)).toEqual(Uint8Array.of(7, 7, 7));
  expect(join([Uint8Array.of(1), Uint8Array.of(2, 3)])).toEqual(Uint8Array.of(1, 2, 3));
});

describe('watchedSource', () => {
  it('counts what is asked for, and ends', async () => {
    const source = watchedSource([Uint8Array.of(1), Uint8Array.of(2)]);
    expect(source.pulled()).toBe(0);
    expect(await drain(source.stream)).toEqual(Uint8Array.of(1, 2));
    expect(source.pulled()).toBe(3);
  });

  it('fails behind its chunks', async () => {
    const source = watchedSource([Uint8Array.of(1)], { error: new Error('broke') });
    await expect(drain(source.stream)).rejects.toThrow('broke');
  });

  it('tells that it was cancelled while it waits', async () => {
    const source = watchedSource([], 'wait');
    const reader = source.stream.getReader();
    const read = reader.read();
    await settle(1);
    await reader.cancel();
    expect(source.cancelled()).toBe(true);
    expect((await read).done).toBe(true);
  });
});

describe('forEach', () => {
  it('keeps at most so many running', async () => {
    let running = 0;
    let most = 0;
    await forEach([1, 2, 3, 4, 5], 2, async () => {
      running += 1;
      most = Math.max(most, running);
      await settle(1);
      running -= 1;
    });
    expect(most).toBe(2);
  });
});

describe('during', () => {
  it('repeats until the work has ended, and fails with it', async () => {
    let times = 0;
    await during(
      () => settle(3),
      async () => {
        times += 1;
      },
    );
    expect(times).toBeGreaterThan(0);
    await expect(
      during(
        async () => Promise.reject(new Error('work')),
        async () => {},
      ),
    ).rejects.toThrow('work');
    await expect(
      during(
        () => settle(2),
        async () => Promise.reject(new Error('action')),
      ),
    ).rejects.toThrow('action');
  });
});

it('orders texts by their UTF-8 bytes', () => {
  expect(['a/b', 'a', 'a-b', '\uff5e', '😀', 'b'].toSorted(byUtf8)).toEqual([
    'a',
    'a-b',
    'a/b',
    'b',
    '\uff5e',
    '😀',
  ]);
});

it('waits until something holds, and no longer than it may', async () => {
  let turns = 0;
  expect(
    await until(() => {
      turns += 1;
      return turns > 2;
    }, 1000),
  ).toBe(true);
  expect(await until(() => false, 10)).toBe(false);
});

it('collects an iteration', async () => {
  async function* items() {
    yield 1;
    yield 2;
  }
  expect(await collect(items())).toEqual([1, 2]);
});

it('tells the first byte, and 0 of no bytes', () => {
  expect([firstByte(Uint8Array.of(7, 8)), firstByte(new Uint8Array())]).toEqual([7, 0]);
});
