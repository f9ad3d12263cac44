import {
  type JsonValue,
  type ObjectAttributes,
  type ObjectInfo,
  type ObjectTags,
  pickAttributes,
} from '@granary/storage-core/provider';

/** One write as the store keeps it: never changed, and never handed out. */
export interface MemoryObject {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly info: ObjectInfo;
  readonly objectTags: ObjectTags;
}

/** Something that is still being put together. */
export type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

/** The info for a caller, who may change what is given to them. */
export function copyInfo(info: ObjectInfo): ObjectInfo {
  const copy: Mutable<ObjectInfo> = { ...info, modifiedAt: new Date(info.modifiedAt) };
  if (info.createdAt !== undefined) copy.createdAt = new Date(info.createdAt);
  if (info.checksums !== undefined) copy.checksums = { ...info.checksums };
  unshare(copy);
  return copy;
}

const NONE: ObjectAttributes = /* @__PURE__ */ Object.freeze({});

/** The attributes among what a caller passed, as the store's own. */
export function copyAttributes(source: ObjectAttributes): ObjectAttributes {
  if (isEmpty(source)) return NONE;
  const copy: Mutable<ObjectAttributes> = pickAttributes(source);
  unshare(copy);
  return copy;
}

function isEmpty(source: object): boolean {
  for (const _name in source) return false;
  return true;
}

function unshare(copy: Mutable<ObjectAttributes>): void {
  const { metadata, tags, expiresAt } = copy;
  if (metadata !== undefined) copy.metadata = copyFields(metadata);
  if (tags !== undefined) copy.tags = [...tags];
  if (expiresAt !== undefined) copy.expiresAt = new Date(expiresAt);
}

/** `fromEntries` defines its fields, so that `__proto__` is a name like any other. */
function copyFields<Fields extends { readonly [name: string]: JsonValue }>(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, copyValue(value)]),
  ) as Fields;
}

function copyValue(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value;
  return isList(value) ? value.map(copyValue) : copyFields(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
