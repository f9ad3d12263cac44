import { type NoteItem, notesFrom } from './note.ts';
import type { PageStore } from './page-store.ts';

/** Fails with a message unless something holds. */
export function expect(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}

/** Fails unless the store gives back what was saved, replaces it, and deletes it. */
export async function checkNotes(store: PageStore): Promise<void> {
  const [first, second, ...rest] = notesFrom(0, 6);
  expect(first !== undefined && second !== undefined, 'there is nothing to check with');
  await store.save(first);
  await checkLoad(store, first);
  const changed = { ...first, value: second.value };
  await store.save(changed);
  await checkLoad(store, changed);
  await store.saveMany([second, ...rest]);
  for (const item of [second, ...rest]) await checkLoad(store, item);
  await store.delete(first.key);
  expect(await isMissing(store, first.key), 'the note is still there after it was deleted');
  await store.deleteMany(rest.map(({ key }) => key));
  for (const { key } of rest) {
    expect(await isMissing(store, key), 'a note is still there after many were deleted');
  }
  await checkLoad(store, second);
  await store.delete(second.key);
}

/** Fails unless the value comes back as it was saved. */
export async function checkLoad(store: PageStore, { key, value }: NoteItem): Promise<void> {
  const loaded = await store.load(key);
  expect(sameValue(loaded, value), `"${key}" came back as something else`);
}

/** Fails unless exactly these keys are there, each once. */
export function checkKeys(
  actual: readonly string[],
  expected: readonly string[],
  what: string,
): void {
  expect(
    actual.length === expected.length,
    `${what} found ${actual.length} notes instead of ${expected.length}`,
  );
  const left = new Set(actual);
  const lost = expected.find((key) => !left.has(key));
  expect(lost === undefined, `${what} did not find "${lost}"`);
}

async function isMissing(store: PageStore, key: string): Promise<boolean> {
  try {
    const value = await store.load(key);
    return value === undefined || value === null;
  } catch {
    return true;
  }
}

/** Values of a note, whatever the order of their fields. */
function sameValue(left: unknown, right: NoteItem['value']): boolean {
  if (typeof left !== 'object' || left === null) return false;
  const names = Object.keys(right);
  return (
    Object.keys(left).length === names.length &&
    names.every((name) => Reflect.get(left, name) === Reflect.get(right, name))
  );
}
