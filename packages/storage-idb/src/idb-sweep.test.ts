import { expect, test } from 'vitest';
import { bytesOf, dexieOf, fakeProfile, MIB, put, rowCounts } from '../test/fake.ts';
import type { Locks } from './idb-presence.ts';

const HOUR = 60 * 60 * 1000;

/** Web Locks of one origin, without waiting: nobody asks for a lock that another one holds. */
function fakeLocks(): Locks & { readonly names: Set<string> } {
  const names = new Set<string>();
  return {
    names,
    async request(name, held) {
      names.add(name);
      await held();
      names.delete(name);
    },
    query: async () => ({ held: [...names].map((name) => ({ name })) }),
  };
}

/** A stream that stops after so many pieces, as a slow source does. */
function stoppingStream(pieces: number): {
  readonly stream: ReadableStream<Uint8Array>;
  end(): void;
} {
  let given = 0;
  let end = () => {};
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      end = () => controller.close();
      given += 1;
      if (given <= pieces) controller.enqueue(bytesOf(MIB));
      else return new Promise<void>(() => {});
      return undefined;
    },
  });
  return { stream, end: () => end() };
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve));
}

test('leaves the content of a living slow writer alone, and removes that of a dead one', async () => {
  const { open } = fakeProfile();
  const locks = fakeLocks();
  const slow = open({}, { locks });
  const source = stoppingStream(9);
  const writing = put(slow, 'slow', source.stream);
  const other = open({}, { locks });
  await expect(other.stat('slow', {})).rejects.toMatchObject({ code: 'not-found' });
  await until(async () => (await rowCounts(other)).chunks >= 4);
  await dexieOf(other)
    .table('writes')
    .put({ id: 'dead', in: 'chunks', writer: 'gone', touchedAt: Date.now() });
  await dexieOf(other)
    .table('chunks')
    .put({ id: 'dead', offset: 0, length: 1, bytes: new ArrayBuffer(1) });

  const third = open({}, { locks, now: () => Date.now() + 1000 * HOUR });
  await third.list({})[Symbol.asyncIterator]().next();
  await third.close?.();
  expect(await dexieOf(other).table('writes').toArray()).toEqual([
    expect.objectContaining({ writer: expect.not.stringMatching('gone') }),
  ]);
  source.end();
  await writing;
  expect(await (await other.get('slow', {})).bytes()).toHaveLength(9 * MIB);
  expect(await rowCounts(other)).toEqual({ infos: 1, bodies: 0, chunks: 9, writes: 0 });
  expect(locks.names).toEqual(new Set());
});

test('goes by age where there are no Web Locks', async () => {
  const { open } = fakeProfile();
  const provider = open();
  await put(provider, 'a', 'x');
  const writes = dexieOf(provider).table('writes');
  await writes.bulkPut([
    { id: 'old', in: 'chunks', writer: 'one', touchedAt: Date.now() - 30 * HOUR },
    { id: 'young', in: 'chunks', writer: 'two', touchedAt: Date.now() - HOUR },
  ]);
  await dexieOf(provider)
    .table('chunks')
    .bulkPut(
      ['old', 'young'].map((id) => ({ id, offset: 0, length: 1, bytes: new ArrayBuffer(1) })),
    );
  const next = open();
  await next.stat('a', {});
  await next.close?.();
  expect(await writes.toCollection().primaryKeys()).toEqual(['young']);
  expect(await rowCounts(provider)).toMatchObject({ chunks: 1 });
});

test('removes upload sessions past their time, with their parts', async () => {
  const { open } = fakeProfile();
  const provider = open();
  const session = await provider.upload?.('a', {});
  await session?.write(0, bytesOf(10));
  expect(await rowCounts(provider)).toMatchObject({ chunks: 1 });
  const later = open({}, { now: () => Date.now() + 8 * 24 * HOUR });
  await later.stat('a', {}).catch(() => {});
  await later.close?.();
  expect(await rowCounts(provider)).toMatchObject({ chunks: 0 });
  await expect(session?.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
});
