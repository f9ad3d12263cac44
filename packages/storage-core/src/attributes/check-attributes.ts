import type { AttributesPatch, ObjectAttributes } from '../contract/object-info.ts';
import { StorageError } from '../errors/storage-error.ts';
import { contentTypeOf } from './content-type.ts';
import { jsonProblem } from './json-problem.ts';

const HEADERS = [
  'contentType',
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
] as const;

/** The fields of {@link ObjectAttributes}. */
export const ATTRIBUTE_NAMES: readonly (keyof ObjectAttributes)[] = [
  ...HEADERS,
  'metadata',
  'tags',
  'expiresAt',
];

// RFC 9110, section 8.3.1: type/subtype and parameters, each value a token or a quoted string.
const MEDIA_TYPE =
  /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+(?:[ \t]*;[ \t]*[\w!#$%&'*+.^`|~-]+=(?:[\w!#$%&'*+.^`|~-]+|"(?:[^"\\]|\\.)*"))*$/;
const UNSAFE = /[\r\n\0]/;

/**
 * Refuses attributes that no store could give back as they are (SPEC META-3). A patch may say
 * `null`. Errors: `invalid-argument`.
 */
export function checkAttributes(attributes: AttributesPatch): void {
  for (const name of HEADERS) {
    const value = attributes[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || value === '' || UNSAFE.test(value)) {
      throw refusal(`${name} is not a line of text.`);
    }
    if (name === 'contentType' && !MEDIA_TYPE.test(value)) {
      throw refusal(`${JSON.stringify(value)} is not a media type, such as "image/png".`);
    }
  }
  const { metadata, tags, expiresAt } = attributes;
  if (metadata !== undefined && metadata !== null) checkMetadata(metadata);
  if (tags !== undefined && tags !== null) checkTags(tags);
  if (expiresAt !== undefined && expiresAt !== null) {
    if (!isDate(expiresAt) || Number.isNaN(expiresAt.getTime())) {
      throw refusal('expiresAt is not a valid Date.');
    }
  }
}

/**
 * The first attribute that a store without attributes would lose: anything but a content type
 * that the name implies (SPEC META-7). Empty metadata and tags are none.
 */
export function attributeBeyondName(
  key: string,
  attributes: AttributesPatch,
): keyof ObjectAttributes | undefined {
  return ATTRIBUTE_NAMES.find((name) => {
    const value = attributes[name];
    if (value === undefined || value === null) return false;
    if (name === 'contentType') return value !== contentTypeOf(key);
    if (name === 'metadata' || name === 'tags') return Object.keys(value).length > 0;
    return true;
  });
}

/** The attributes alone out of options or an info. Empty metadata and tags are left out. */
export function pickAttributes(source: AttributesPatch): ObjectAttributes {
  const picked: Record<string, unknown> = {};
  for (const name of ATTRIBUTE_NAMES) {
    const value = source[name];
    if (value === undefined || value === null) continue;
    if ((name === 'metadata' || name === 'tags') && Object.keys(value).length === 0) continue;
    picked[name] = value;
  }
  return picked;
}

/** Attributes after a patch: what it gives replaces, `null` clears, the rest stays (SPEC META-5). */
export function patchAttributes(
  current: ObjectAttributes,
  patch: AttributesPatch | undefined,
): ObjectAttributes {
  const defined = Object.entries(patch ?? {}).filter(([, value]) => value !== undefined);
  return pickAttributes({ ...pickAttributes(current), ...Object.fromEntries(defined) });
}

/** Everything but attributes, of an info or of options. */
export function withoutAttributes<Source extends object>(
  source: Source,
): Omit<Source, keyof ObjectAttributes> {
  const names: readonly string[] = ATTRIBUTE_NAMES;
  const kept = Object.entries(source).filter(([name]) => !names.includes(name));
  return Object.fromEntries(kept) as Omit<Source, keyof ObjectAttributes>;
}

function checkMetadata(metadata: unknown): void {
  if (Array.isArray(metadata) || typeof metadata !== 'object') {
    throw refusal('metadata is not a map of names to values.');
  }
  const problem = jsonProblem(metadata, 'metadata');
  if (problem !== undefined) {
    throw refusal(`${problem}, which JSON cannot hold.`);
  }
  if (Object.hasOwn(metadata as object, '')) throw refusal('a metadata name is empty.');
}

function checkTags(tags: unknown): void {
  if (!Array.isArray(tags) || tags.some((tag) => typeof tag !== 'string' || tag === '')) {
    throw refusal('tags are not a list of non-empty strings.');
  }
  if (new Set(tags).size !== tags.length) throw refusal('a tag is there twice.');
}

function isDate(value: unknown): value is Date {
  return Object.prototype.toString.call(value) === '[object Date]';
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied' });
}
