import {
  type ChangeEvent,
  encodeCursor,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createMemory } from './memory-provider.ts';

async function changes(provider: StorageProvider, cursor?: string) {
  const events: ChangeEvent[] = [];
  let last = '';
  for await (const page of provider.changes?.(cursor === undefined ? {} : { cursor }) ?? []) {
    events.push(...page.events);
    last = page.cursor;
  }
  return { events, cursor: last };
}

const write = (provider: StorageProvider, key: string) => provider.put(key, toBody('x'), {});

describe('watch', () => {
  test('tells of writes and deletes below the prefix', async () => {
    const provider = createMemory.provider();
    await using watcher = await provider.watch?.({ prefix: 'a' });
    await write(provider, 'b');
    const { etag } = await write(provider, 'a/1');
    await provider.move?.('a/1', 'ab', {});
    const events = watcher?.[Symbol.asyncIterator]();
    expect(await events?.next()).toMatchObject({ value: { type: 'put', key: 'a/1', etag } });
    expect(await events?.next()).toMatchObject({ value: { type: 'put', key: 'ab' } });
    expect(await events?.next()).toMatchObject({ value: { type: 'delete', key: 'a/1' } });
  });

  test('tells a reader that falls behind that events were lost', async () => {
    const provider = createMemory.provider();
    await using watcher = await provider.watch?.({});
    for (let index = 0; index < 2000; index += 1) await write(provider, `k${index}`);
    expect(await watcher?.[Symbol.asyncIterator]().next()).toMatchObject({
      value: { type: 'lost' },
    });
  });

  test('ends with its signal', async () => {
    const provider = createMemory.provider();
    const controller = new AbortController();
    const watcher = await provider.watch?.({ signal: controller.signal });
    const next = watcher?.[Symbol.asyncIterator]().next();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('changes', () => {
  test('starts now, and goes on from its cursor', async () => {
    const provider = createMemory.provider();
    await write(provider, 'before');
    const start = await changes(provider);
    expect(start.events).toEqual([]);
    const { etag } = await write(provider, 'a');
    await provider.delete('a', {});
    const next = await changes(provider, start.cursor);
    expect(next.events).toEqual([
      { type: 'put', key: 'a', etag },
      { type: 'delete', key: 'a' },
    ]);
    expect((await changes(provider, next.cursor)).events).toEqual([]);
  });

  test('comes in pages, with a cursor on each', async () => {
    const provider = createMemory.provider();
    const { cursor } = await changes(provider);
    for (let index = 0; index < 1500; index += 1) await write(provider, `k${index}`);
    const pages = provider.changes?.({ cursor })[Symbol.asyncIterator]();
    const first = await pages?.next();
    expect(first?.value?.events).toHaveLength(1000);
    const rest = await changes(provider, first?.value?.cursor);
    expect(rest.events).toHaveLength(500);
    expect(rest.events[0]).toMatchObject({ key: 'k1000' });
  });

  test('asks to start over behind a cursor that is too old', async () => {
    const provider = createMemory.provider();
    const { cursor } = await changes(provider);
    for (let index = 0; index < 20_000; index += 1) await write(provider, `k${index % 10}`);
    const { events, cursor: next } = await changes(provider, cursor);
    expect(events).toEqual([{ type: 'reset' }]);
    await write(provider, 'a');
    expect((await changes(provider, next)).events).toHaveLength(1);
  });

  test('asks to start over with a cursor of another store', async () => {
    const { cursor } = await changes(createMemory.provider());
    expect((await changes(createMemory.provider(), cursor)).events).toEqual([{ type: 'reset' }]);
    const odd = encodeCursor({}, 'not a place');
    expect((await changes(createMemory.provider(), odd)).events).toEqual([{ type: 'reset' }]);
  });
});
