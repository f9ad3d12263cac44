import type { BodyRef, InfoRow } from './idb-schema.ts';
import type { IdbTransaction } from './idb-store.ts';

/** From so many rows on they are looked for together. */
const MANY_ROWS = 8;

/** The rows of objects by their places, in few requests when they lie close together. */
export async function findRows(
  tx: IdbTransaction,
  places: readonly string[],
): Promise<ReadonlyMap<string, InfoRow>> {
  const infos = tx.table('infos');
  const found = new Map<string, InfoRow>();
  const take = (rows: readonly (InfoRow | undefined)[]) => {
    for (const row of rows) if (row !== undefined) found.set(row.place, row);
  };
  const sorted = [...new Set(places)].sort();
  const [first] = sorted;
  if (first === undefined) return found;
  if (sorted.length >= MANY_ROWS) {
    const limit = 2 * sorted.length;
    const range = infos.where('place').between(first, sorted.at(-1), true, true);
    const rows = await range.limit(limit).toArray();
    if (rows.length < limit) {
      const wanted = new Set(sorted);
      take(rows.filter(({ place }) => wanted.has(place)));
      return found;
    }
  }
  if (sorted.length === 1) take([await infos.get(first)]);
  else take(await infos.bulkGet([...sorted]));
  return found;
}

/**
 * Removes the content of rows that are gone or replaced, where no other object has it. It only
 * deletes: a transaction that adds fails on a full store. Returns the files that nothing has any more;
 * they are removed after the commit.
 */
export async function releaseBodies(
  tx: IdbTransaction,
  released: readonly InfoRow[],
): Promise<readonly BodyRef[]> {
  /** One of the objects that had it, by its id. */
  const packs = new Map<string, string>();
  const shared = new Map<string, BodyRef>();
  const unused: BodyRef[] = [];
  for (const { body, sharedBody, place } of released) {
    if (body === undefined) continue;
    if (body.offset !== undefined) packs.set(body.id, place);
    else if (sharedBody !== undefined) shared.set(sharedBody, body);
    else unused.push(body);
  }
  const [emptyPacks, unshared] = await Promise.all([
    packs.size === 0 ? [] : findEmptyPacks(tx, packs),
    Promise.all(
      [...shared.values()].map(async (body) => {
        const rows = tx.table('infos').where('sharedBody').equals(body.id);
        return (await rows.count()) === 0 ? [body] : [];
      }),
    ),
  ]);
  unused.push(...unshared.flat());
  const rows = unused.flatMap((body) => (body.in === 'row' ? [body.id] : [])).concat(emptyPacks);
  await Promise.all([
    rows.length > 0 && tx.table('bodies').bulkDelete(rows),
    ...unused.map(
      (body) => body.in === 'chunks' && tx.table('chunks').where('id').equals(body.id).delete(),
    ),
  ]);
  return unused.filter((body) => body.in === 'file');
}

/**
 * Rows with the content of several objects, none of which has it any more. One object that has it is
 * enough to know that a row stays, so the likeliest are looked at first, and all only at the end.
 */
async function findEmptyPacks(
  tx: IdbTransaction,
  released: ReadonlyMap<string, string>,
): Promise<string[]> {
  const infos = tx.table('infos');
  const used = new Set<string>();
  const take = (rows: Iterable<InfoRow | undefined>) => {
    for (const row of rows) if (row?.body !== undefined) used.add(row.body.id);
  };
  const left = () => [...released.keys()].filter((id) => !used.has(id));
  const [[, place] = []] = released;
  if (released.size === 1 && place !== undefined) {
    // What was stored together usually has keys that lie together.
    take([await infos.where('place').above(place).first()]);
    if (left().length === 0) return [];
  }
  const packs = await tx.table('bodies').bulkGet([...released.keys()]);
  const held = packs.map((pack) => pack?.places ?? []);
  if (released.size === 1) {
    take(await infos.bulkGet(held.flatMap(samplesOf)));
    if (left().length === 0) return [];
  }
  take((await findRows(tx, held.flat())).values());
  return left();
}

/** A few of many: those at the ends are the last to go when objects are changed in their order. */
function samplesOf(places: readonly string[]): readonly string[] {
  const at = [places.length - 1, 0, places.length >> 1, (3 * places.length) >> 2];
  return [...new Set(at.flatMap((index) => places[index] ?? []))];
}
