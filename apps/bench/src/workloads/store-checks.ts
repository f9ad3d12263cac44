import assert from 'node:assert/strict';
import { assertSameBytes, sampleBytes } from '../harness/content.ts';
import type { Store } from '../harness/subject.ts';

/** Fails unless the store gives back what was put, replaces it whole, tells its size and deletes it. */
export async function checkObjects(store: Store, sizeBytes: number): Promise<void> {
  const key = 'check/object.bin';
  const first = sampleBytes(sizeBytes, 1);
  const second = sampleBytes(Math.max(1, sizeBytes >> 1), 2);
  await store.put(key, first);
  assertSameBytes(await store.get(key), first, 'put, then get');
  await store.put(key, second);
  assertSameBytes(await store.get(key), second, 'replaced, then get');
  if (store.stat) assert.equal(await store.stat(key), second.length, 'stat tells another size');
  await store.delete(key);
  assert.ok(await isMissing(store, key), 'the object is still there after it was deleted');
}

/** Whether a store says, in whatever way, that there is no such object. */
export async function isMissing(store: Store, key: string): Promise<boolean> {
  try {
    const bytes: unknown = await store.get(key);
    return bytes === null || bytes === undefined;
  } catch {
    return true;
  }
}

/** Finds out whether changing a buffer after it was put, or after it was handed out, changes the store. */
export async function isolationOf(store: Store): Promise<'copies' | 'aliases'> {
  const key = 'check/isolation.bin';
  const given = sampleBytes(1024, 3);
  const expected = given.slice();
  await store.put(key, given);
  given.fill(0);
  const handedOut = await store.get(key);
  const keptInput = Buffer.compare(handedOut, expected) === 0;
  // `slice` of a Buffer is a view.
  const before = new Uint8Array(handedOut);
  handedOut.fill(1);
  const keptOutput = Buffer.compare(await store.get(key), before) === 0;
  await store.delete(key);
  return keptInput && keptOutput ? 'copies' : 'aliases';
}

/** Fails unless a listing has exactly the expected keys, each once. */
export async function checkListing(store: Store, expected: readonly string[]): Promise<void> {
  assert.ok(store.list, 'the store cannot list');
  const keys: string[] = [];
  await store.list((key) => keys.push(key));
  assert.equal(keys.length, expected.length, 'the listing has another number of keys');
  const sorted = [...expected].sort();
  const different = keys.sort().findIndex((key, index) => key !== sorted[index]);
  assert.equal(different, -1, `the listing has "${keys[different]}" for "${sorted[different]}"`);
}
