import type { JsonValue } from '../../contract/json.ts';
import type { Comparison, DateRange, StorageItem, StorageQuery } from '../../contract/listing.ts';
import type { Metadata } from '../../contract/object-info.ts';
import { essence } from '../values/codecs.ts';

type ContentTypeOf = (item: StorageItem) => string | undefined;

/** Tells whether an item has all that a query asks for, its text left out. */
export function fieldMatcher(
  query: StorageQuery,
  typeOf: ContentTypeOf,
): (item: StorageItem) => boolean {
  const { tags, anyTags, contentType, size, modifiedAt, createdAt } = query;
  const comparisons = Object.entries(query.metadata ?? {});
  return (item) => {
    const { tags: itemTags = [], metadata = {} } = item;
    return (
      (tags === undefined || tags.every((tag) => itemTags.includes(tag))) &&
      (anyTags === undefined || anyTags.some((tag) => itemTags.includes(tag))) &&
      (contentType === undefined || isOfType(typeOf(item), contentType)) &&
      (size === undefined || isBetween(item.size, size.min, size.max)) &&
      (modifiedAt === undefined || isWithin(item.modifiedAt, modifiedAt)) &&
      (createdAt === undefined || isWithin(item.createdAt, createdAt)) &&
      comparisons.every(([path, wanted]) => compares(valueAt(metadata, path), wanted))
    );
  };
}

/** The words of a query's text, as they are looked for. */
export function wordsOf(text: string): string[] {
  return fold(text)
    .split(/\s+/)
    .filter((word) => word !== '');
}

/** Which words are not in a text. */
export function missingWords(words: readonly string[], text: string): string[] {
  const folded = fold(text);
  return words.filter((word) => !folded.includes(word));
}

/** All strings and numbers inside a value, one per line. */
export function textOf(value: unknown): string {
  const lines: string[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const part = open.pop();
    if (typeof part === 'string') lines.push(part);
    else if (typeof part === 'number' || typeof part === 'bigint') lines.push(String(part));
    else if (part instanceof Map) open.push(...part.keys(), ...part.values());
    else if (part instanceof Set) open.push(...part);
    else if (typeof part === 'object' && part !== null && !ArrayBuffer.isView(part)) {
      for (const member of Object.values(part)) open.push(member);
    }
  }
  return lines.join('\n');
}

/**
 * A metadata value by its name, or by a path of names with dots between. Only what is really there
 * is found: nothing of prototypes, and of lists only their elements.
 */
export function valueAt(metadata: Metadata, path: string): JsonValue | undefined {
  if (Object.hasOwn(metadata, path)) return metadata[path];
  let value: JsonValue | undefined = metadata;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      return undefined;
    if (Array.isArray(value) && !/^\d+$/.test(name)) return undefined;
    value = (value as Readonly<Record<string, JsonValue>>)[name];
  }
  return value;
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function isOfType(type: string | undefined, wanted: string): boolean {
  if (type === undefined) return false;
  const [own, asked] = [essence(type), wanted.toLowerCase()];
  return asked.endsWith('/*') ? own.startsWith(asked.slice(0, -1)) : own === asked;
}

function isBetween(value: number | undefined, min = 0, max = Number.POSITIVE_INFINITY): boolean {
  return value !== undefined && value >= min && value <= max;
}

function isWithin(date: Date | undefined, { after, before }: DateRange): boolean {
  if (date === undefined) return false;
  const time = date.getTime();
  return (
    (after === undefined || time >= after.getTime()) &&
    (before === undefined || time < before.getTime())
  );
}

function compares(
  value: JsonValue | undefined,
  wanted: Comparison | string | number | boolean | null,
): boolean {
  if (typeof wanted !== 'object' || wanted === null) return isEqual(value, wanted);
  const { eq, ne, gt, gte, lt, lte, in: among, contains, exists } = wanted;
  return (
    (exists === undefined || exists === (value !== undefined)) &&
    (eq === undefined || isEqual(value, eq)) &&
    (ne === undefined || !isEqual(value, ne)) &&
    (gt === undefined || order(value, gt) > 0) &&
    (gte === undefined || order(value, gte) >= 0) &&
    (lt === undefined || order(value, lt) < 0) &&
    (lte === undefined || order(value, lte) <= 0) &&
    (among === undefined || among.some((one) => isEqual(value, one))) &&
    (contains === undefined || holds(value, contains))
  );
}

/** Order of two values of one kind; `NaN`, which holds for no comparison, of two kinds. */
function order(value: JsonValue | undefined, than: number | string): number {
  if (typeof value === 'number' && typeof than === 'number') return value - than;
  if (typeof value !== 'string' || typeof than !== 'string') return Number.NaN;
  return value < than ? -1 : Number(value > than);
}

function holds(value: JsonValue | undefined, part: JsonValue): boolean {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  return Array.isArray(value) && value.some((element) => isEqual(element, part));
}

function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every(
      (name) =>
        Object.hasOwn(b, name) &&
        isEqual((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name]),
    )
  );
}
