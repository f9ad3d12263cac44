import type { StorageQuery } from '../../contract/listing.ts';
import { StorageError } from '../../errors/storage-error.ts';

type Check = (value: unknown) => boolean;

const isString: Check = (value) => typeof value === 'string';
const isText: Check = (value) => isString(value) && value !== '';
const isBoolean: Check = (value) => typeof value === 'boolean';
const isDate: Check = (value) => value instanceof Date && !Number.isNaN(value.getTime());
const isSize: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTags: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isText);
const isOrdered: Check = (value) => isString(value) || Number.isFinite(value);
const isMap: Check = (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

const TEXT_PLACES: readonly unknown[] = ['key', 'tags', 'metadata', 'value'];
const SORT_FIELDS: readonly unknown[] = ['key', 'size', 'modifiedAt', 'createdAt'];

/** What each field takes, in words for the error and as a check. */
const FIELDS: Readonly<Record<keyof StorageQuery, readonly [what: string, check: Check]>> = {
  prefix: ['a string', isString],
  tags: ['a list of at least one tag', isTags],
  anyTags: ['a list of at least one tag', isTags],
  metadata: ['a map of names to values or comparisons', isMap],
  contentType: [
    'a media type such as "image/png" or "image/*"',
    (value) => isString(value) && /^[^\s/]+\/[^\s/]+$/.test(value as string),
  ],
  size: ['{ min?, max? } in bytes', isMap],
  modifiedAt: ['{ after?, before? } in dates', isMap],
  createdAt: ['{ after?, before? } in dates', isMap],
  text: ['a string with a word in it', (value) => isString(value) && /\S/.test(value as string)],
  textIn: [
    "a list of 'key', 'tags', 'metadata', 'value'",
    (value) =>
      Array.isArray(value) && value.length > 0 && value.every((name) => TEXT_PLACES.includes(name)),
  ],
  sort: ['{ by, order? }', isMap],
  limit: ['a whole number of at least 1', (value) => isSize(value) && value !== 0],
  cursor: ['a cursor that a page carried', isText],
  scan: ['true or false', isBoolean],
};

const PARTS: Readonly<Record<string, Readonly<Record<string, readonly [string, Check]>>>> = {
  size: { min: ['a number of bytes', isSize], max: ['a number of bytes', isSize] },
  modifiedAt: { after: ['a valid Date', isDate], before: ['a valid Date', isDate] },
  createdAt: { after: ['a valid Date', isDate], before: ['a valid Date', isDate] },
  sort: {
    by: [
      "'key', 'size', 'modifiedAt', 'createdAt' or 'metadata.<name>'",
      (value) =>
        SORT_FIELDS.includes(value) || (isString(value) && /^metadata\../s.test(value as string)),
    ],
    order: ["'asc' or 'desc'", (value) => value === 'asc' || value === 'desc'],
  },
};

const COMPARISONS: Readonly<Record<string, readonly [string, Check]>> = {
  eq: ['a JSON value', isJson],
  ne: ['a JSON value', isJson],
  gt: ['a number or a string', isOrdered],
  gte: ['a number or a string', isOrdered],
  lt: ['a number or a string', isOrdered],
  lte: ['a number or a string', isOrdered],
  in: ['a list of JSON values', (value) => Array.isArray(value) && value.every(isJson)],
  contains: ['a JSON value', isJson],
  exists: ['true or false', isBoolean],
};

/** Refuses a query that could not mean anything. Errors: `invalid-argument` that names the field. */
export function checkQuery(query: StorageQuery): void {
  if (!isMap(query)) throw refusal('query', 'an object');
  checkFields(query, FIELDS, '');
  for (const [field, parts] of Object.entries(PARTS)) {
    const value = query[field as keyof StorageQuery];
    if (value !== undefined) checkFields(value as object, parts, `${field}.`);
  }
  if (query.sort !== undefined && query.sort.by === undefined) {
    throw refusal('sort.by', 'the field to sort by');
  }
  for (const [name, wanted] of Object.entries(query.metadata ?? {})) {
    const field = `metadata[${JSON.stringify(name)}]`;
    if (name === '') throw refusal(field, 'a name that is not empty');
    if (typeof wanted !== 'object' || wanted === null) {
      if (!isJson(wanted)) throw refusal(field, 'a JSON value or a comparison');
    } else {
      if (!isMap(wanted) || Object.keys(wanted).length === 0) {
        throw refusal(
          field,
          'a value or a comparison such as { gte: 400 }; for lists use { eq: […] }',
        );
      }
      checkFields(wanted, COMPARISONS, `${field}.`);
    }
  }
}

function checkFields(
  value: object,
  fields: Readonly<Record<string, readonly [string, Check]>>,
  place: string,
): void {
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const rule = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (rule === undefined) {
      throw new StorageError('invalid-argument', `a search has no field "${place}${name}".`, {
        hint: `There are ${Object.keys(fields).join(', ')}.`,
      });
    }
    const [what, check] = rule;
    if (!check(part)) throw refusal(place + name, what);
  }
}

function isJson(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value);
    case 'object':
      return value === null || Object.values(value).every(isJson);
    default:
      return false;
  }
}

function refusal(field: string, what: string): StorageError {
  return new StorageError('invalid-argument', `"${field}" of the search is not ${what}.`);
}
