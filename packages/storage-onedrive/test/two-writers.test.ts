import type { StorageEngine } from '@granary/storage-core';
import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOneDrive } from '../src/index.ts';
import { optionsFor } from './open-drive.ts';

let fake: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive();
});

afterAll(() => fake.stop());

type Writer = 'A' | 'B';

/** All orders in which two writers can make so many requests each. */
function ordersOf(ofA: number, ofB: number): string[] {
  if (ofA === 0) return ['B'.repeat(ofB)];
  if (ofB === 0) return ['A'.repeat(ofA)];
  return [
    ...ordersOf(ofA - 1, ofB).map((order) => `A${order}`),
    ...ordersOf(ofA, ofB - 1).map((order) => `B${order}`),
  ];
}

/** Lets requests of two writers through in an order, and whatever comes after it as it comes. */
function turns(order: string) {
  let at = 0;
  const ended = new Set<string>();
  const waiting = new Set<() => void>();
  const wake = () => {
    while (ended.has(order[at] ?? '')) at += 1;
    for (const look of waiting) look();
  };
  const fetchOf =
    (writer: Writer): typeof fetch =>
    async (input, init) => {
      await new Promise<void>((resolve) => {
        const look = () => {
          if (order[at] !== writer && at < order.length) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
      try {
        return await fetch(input, init);
      } finally {
        at += 1;
        wake();
      }
    };
  const end = (writer: Writer) => {
    ended.add(writer);
    wake();
  };
  return { fetchOf, end };
}

interface Race {
  /** What is there before. */
  readonly before?: readonly string[];
  readonly a: (storage: StorageEngine) => Promise<unknown>;
  readonly b: (storage: StorageEngine) => Promise<unknown>;
  /** Requests of each when nobody comes in between. */
  readonly requests: readonly [number, number];
  /** Every which order is tried. */
  readonly step?: number;
}

/** Content and tags that a third process reads after each order of two writers. */
async function outcomes({ before, a, b, requests, step = 1 }: Race): Promise<Set<string>> {
  const found = new Set<string>();
  const orders = ordersOf(...requests).filter((_, index) => index % step === 0);
  for (const order of orders) {
    const options = optionsFor(fake, {});
    const reader = createOneDrive(options);
    if (before !== undefined) await reader.put('x', 'O', { tags: before });
    const { fetchOf, end } = turns(order);
    const run = async (writer: Writer, work: Race['a']) => {
      await work(createOneDrive({ ...options, fetch: fetchOf(writer) })).finally(() => end(writer));
    };
    await Promise.all([run('A', a), run('B', b)]);
    const object = await createOneDrive(options).get('x');
    found.add(`${await object.text()} ${(object.info.tags ?? ['none']).join()}`);
  }
  return found;
}

const put =
  (content: string, ...tags: string[]) =>
  (storage: StorageEngine) =>
    storage.put('x', content, tags.length > 0 ? { tags } : {});

describe('of two processes that write one object at once', () => {
  test('each keeps its attributes with its content, where there was nothing', async () => {
    const race = { a: put('A', 'a'), b: put('B', 'b'), requests: [3, 3] as const };
    expect(await outcomes(race)).toEqual(new Set(['A a', 'B b']));
  });

  test('each keeps its attributes with its content, over another object', async () => {
    const race = {
      before: ['o'],
      a: put('A', 'a'),
      b: put('B'),
      requests: [4, 4] as const,
      step: 5,
    };
    expect(await outcomes(race)).toEqual(new Set(['A a', 'B none']));
  });

  test('one that sends parts keeps them, too', async () => {
    const upload = async (storage: StorageEngine) => {
      const session = await storage.upload('x', { totalBytes: 1, attributes: { tags: ['a'] } });
      await session.write(0, Uint8Array.of(65));
      await session.complete();
    };
    const race = { a: upload, b: put('B', 'b'), requests: [5, 3] as const, step: 4 };
    expect(await outcomes(race)).toEqual(new Set(['A a', 'B b']));
  });

  test('one that changes attributes gives the other none of the old ones', async () => {
    const describe = (storage: StorageEngine) => storage.setMetadata('x', { tags: ['s'] });
    const race = {
      before: ['o'],
      a: describe,
      b: put('B', 'b'),
      requests: [3, 4] as const,
      step: 2,
    };
    expect(await outcomes(race)).toEqual(new Set(['B b', 'B s']));
  });
});
