import {
  isStorageError,
  type ObjectInfo,
  type PutOptions,
  pickAttributes,
  StorageError,
  type StorageProvider,
  toBody,
  toStorageError,
} from '@granary/storage-core/provider';

/** An item that stays where it is. */
export interface ItemLeft {
  readonly key: string;
  readonly error: StorageError;
}

/** What a move did. */
export interface MovedUp {
  /** Id of the place that the items came from. */
  readonly from: string;
  /** Items that are in the better place now, and gone from the other one. */
  readonly items: number;
  readonly left: readonly ItemLeft[];
}

/** As much of the browser's lock manager as is used. */
export interface MoveLocks {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    run: () => Promise<MovedUp>,
  ): Promise<MovedUp>;
}

/** What {@link moveUp} works with. */
export interface MoveUpSettings {
  /** Is open. */
  readonly from: StorageProvider;
  /** Is open. */
  readonly to: StorageProvider;
  /** Lets one tab at a time move. Missing where the browser has no Web Locks. */
  readonly locks: MoveLocks | undefined;
  readonly lock: string;
}

/** Items that are copied, compared and removed together. */
const ITEMS_AT_ONCE = 200;
/** How often an item that keeps changing is copied again. */
const MAX_ROUNDS = 3;
/** How long another tab may take to move before this one opens without waiting for it. Units: ms. */
const LONGEST_TURN_MS = 20_000;

/** One item of the lower place, read. */
interface Found {
  readonly key: string;
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/**
 * Moves every item of one place to a better one: each is copied with its attributes, read back and
 * compared, and only then removed below, and only if it did not change meanwhile. An item that is
 * above already with the same content is not copied again, so an interrupted move goes on the next
 * time; one with other content stays below, and neither is touched.
 * Errors: those of listing the lower place.
 */
export async function moveUp(settings: MoveUpSettings): Promise<MovedUp> {
  const { locks, lock } = settings;
  if (locks === undefined) return moveAll(settings);
  const signal = AbortSignal.timeout(LONGEST_TURN_MS);
  return locks.request(lock, { signal }, () => moveAll(settings));
}

async function moveAll({ from, to }: MoveUpSettings): Promise<MovedUp> {
  // A write that changes nothing: after it, this tab sees what others have moved and deleted.
  if (from.capabilities.deleteIfMatch) {
    await from.delete('granary', { ifMatch: 'no etag' }).catch(() => {});
  }
  const keys: string[] = [];
  for await (const { entries } of from.list({})) keys.push(...entries.map(({ key }) => key));
  const left: ItemLeft[] = [];
  let items = 0;
  for (let place = 0; place < keys.length; place += ITEMS_AT_ONCE) {
    items += await moveSome(from, to, keys.slice(place, place + ITEMS_AT_ONCE), left);
  }
  return { from: from.name, items, left };
}

/** How many items were moved here: not those that another tab has moved or deleted meanwhile. */
async function moveSome(
  from: StorageProvider,
  to: StorageProvider,
  keys: readonly string[],
  left: ItemLeft[],
): Promise<number> {
  let moved = 0;
  /** Etags above of what was copied here, which is ours to replace. */
  const copied = new Map<string, string>();
  let waiting = keys;
  for (let round = 1; waiting.length > 0; round += 1) {
    const again: string[] = [];
    const stay = (key: string, error: unknown) =>
      left.push({ key, error: toStorageError(error, { key }) });
    const items = await readAll(from, waiting, stay);
    const copies = await copyAll(to, items, copied, stay);
    const same = await compareAll(to, copies, stay);
    // At once, because places that take turns between tabs then take one for all.
    const removed = await Promise.allSettled(same.map((item) => removeBelow(from, item)));
    for (const [index, { key }] of same.entries()) {
      const result = removed[index];
      if (result?.status !== 'rejected') {
        moved += 1;
        continue;
      }
      const hasChanged = isStorageError(result.reason, 'precondition-failed');
      if (hasChanged && round < MAX_ROUNDS) again.push(key);
      else stay(key, result.reason);
    }
    waiting = again;
  }
  return moved;
}

type Stay = (key: string, error: unknown) => void;

/** What is gone meanwhile is left out: another tab has moved or deleted it. */
async function readAll(
  from: StorageProvider,
  keys: readonly string[],
  stay: Stay,
): Promise<readonly Found[]> {
  const items: Found[] = [];
  for (const key of keys) {
    try {
      const object = await from.get(key, {});
      items.push({ key, info: object.info, bytes: await object.bytes() });
    } catch (error) {
      if (!isStorageError(error, 'not-found')) stay(key, error);
    }
  }
  return items;
}

/** Stores items above where there is nothing, or what was copied here a moment ago. */
async function copyAll(
  to: StorageProvider,
  items: readonly Found[],
  copied: Map<string, string>,
  stay: Stay,
): Promise<readonly Found[]> {
  const entries = items.map(({ key, info, bytes }) => {
    const etag = copied.get(key);
    const options: PutOptions = {
      ...pickAttributes(info),
      ...(etag === undefined ? { ifNoneMatch: '*' } : { ifMatch: etag }),
      ...(info.checksums?.['sha256'] !== undefined &&
        to.capabilities.checksum && { checksum: 'sha256' }),
    };
    return { key, body: toBody(bytes), options };
  });
  const results =
    to.putMany === undefined
      ? await Promise.allSettled(
          entries.map(({ key, body, options }) => to.put(key, body, options)),
        )
      : (await to.putMany(entries, {})).map(settled);
  return items.filter(({ key }, index) => {
    const result = results[index];
    if (result?.status === 'fulfilled') {
      copied.set(key, result.value.etag);
      return true;
    }
    // Something is there already: it is compared.
    if (isStorageError(result?.reason, 'precondition-failed')) return true;
    stay(key, result?.reason);
    return false;
  });
}

/** The items that are above as they are below. */
async function compareAll(
  to: StorageProvider,
  items: readonly Found[],
  stay: Stay,
): Promise<readonly Found[]> {
  const keys = items.map(({ key }) => key);
  const results =
    to.getMany === undefined
      ? await Promise.allSettled(keys.map((key) => to.get(key, {})))
      : (await to.getMany(keys, {})).map(settled);
  const same: Found[] = [];
  for (const [index, item] of items.entries()) {
    const { key } = item;
    try {
      const result = results[index];
      if (result?.status !== 'fulfilled') throw result?.reason;
      const { info } = result.value;
      if (isSame(item, { key, info, bytes: await result.value.bytes() })) same.push(item);
      else stay(key, differs(key));
    } catch (error) {
      stay(key, error);
    }
  }
  return same;
}

/** Errors: `precondition-failed` when it changed or went since it was read. */
async function removeBelow(from: StorageProvider, { key, info }: Found): Promise<void> {
  if (from.capabilities.deleteIfMatch) {
    await from.delete(key, { ifMatch: info.etag });
    return;
  }
  const now = await from.stat(key, {}).catch(() => undefined);
  if (now?.etag !== info.etag) {
    throw new StorageError('precondition-failed', 'it changed meanwhile.', { key });
  }
  await from.delete(key, {});
}

function isSame(one: Found, other: Found): boolean {
  return (
    one.bytes.byteLength === other.bytes.byteLength &&
    one.bytes.every((byte, index) => byte === other.bytes[index]) &&
    isEqual(pickAttributes(one.info), pickAttributes(other.info))
  );
}

/** Compares JSON values and dates; the order of names does not matter. */
function isEqual(one: unknown, other: unknown): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  if (typeof one !== 'object' || typeof other !== 'object') return one === other;
  if (one === null || other === null || Array.isArray(one) !== Array.isArray(other)) {
    return one === other;
  }
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isEqual(one[name as keyof typeof one], other[name as keyof typeof other]),
    )
  );
}

function differs(key: string): StorageError {
  return new StorageError('conflict', 'another item with this key is in the better place.', {
    key,
    retryable: false,
    hint: 'Both are kept. Open the other place by its type, compare, and delete one of them.',
  });
}

function settled<Value>(
  result:
    | { readonly ok: true; readonly value: Value }
    | { readonly ok: false; readonly error: Error },
): PromiseSettledResult<Value> {
  return result.ok
    ? { status: 'fulfilled', value: result.value }
    : { status: 'rejected', reason: result.error };
}
