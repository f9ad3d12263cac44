import type { JsonValue } from '../contract/json.ts';
import type { Metadata, ObjectAttributes } from '../contract/object-info.ts';
import { StorageError } from '../errors/storage-error.ts';

/** What a service can keep as native metadata. */
export interface MetadataLimits {
  /** Most bytes of all names and values together. Units: bytes. Default: no limit. */
  readonly maxBytes?: number;
}

/** What travels in native metadata besides the service's own fields. */
export interface PackedAttributes
  extends Pick<ObjectAttributes, 'metadata' | 'tags' | 'expiresAt'> {
  /** Attributes for which the service has no field of its own, and other small facts of a layer. */
  readonly extra?: Metadata;
}

/** The one native name under which everything goes that is not a plain string. */
export const PACKED_NAME = 'granary';

const VERSION = 1;
/** Names that every service takes and gives back as they are. */
const SAFE_NAME = /^[a-z][a-z0-9_]*$/;
/** Printable ASCII without spaces at the ends, which HTTP drops. */
const SAFE_VALUE = /^(?:[!-~](?:[ -~]*[!-~])?)$/;

interface Packed {
  readonly v: number;
  readonly m?: Metadata;
  readonly t?: readonly string[];
  readonly e?: string;
  readonly x?: Metadata;
}

/**
 * Attributes as the string map that a service keeps: metadata with a safe lower-case name and a
 * safe ASCII string goes in as it is, where people and other tools see it; everything else goes as
 * JSON, in ASCII, under `granary`.
 * Errors: `too-large` above `maxBytes`.
 */
export function packMetadata(
  attributes: PackedAttributes,
  limits: MetadataLimits = {},
): Record<string, string> {
  const { metadata = {}, tags = [], expiresAt, extra = {} } = attributes;
  const native = new Map<string, string>();
  const rest = new Map<string, JsonValue>();
  for (const [name, value] of Object.entries(metadata)) {
    if (isNative(name, value)) native.set(name, value);
    else rest.set(name, value);
  }
  if (rest.size + tags.length + Object.keys(extra).length > 0 || expiresAt !== undefined) {
    const packed: Packed = {
      v: VERSION,
      ...(rest.size > 0 && { m: Object.fromEntries(rest) }),
      ...(tags.length > 0 && { t: tags }),
      ...(expiresAt !== undefined && { e: expiresAt.toISOString() }),
      ...(Object.keys(extra).length > 0 && { x: extra }),
    };
    native.set(PACKED_NAME, asciiJson(packed));
  }
  checkBytes(native, limits.maxBytes);
  return Object.fromEntries(native);
}

/**
 * The attributes in a service's string map. What other programs put there comes back as strings.
 * Errors: `invalid-data` for a `granary` entry of a version that this package does not know.
 */
export function unpackMetadata(native: Readonly<Record<string, string>>): PackedAttributes {
  const metadata = new Map<string, JsonValue>();
  let packed: Partial<Packed> = {};
  for (const [name, value] of Object.entries(native)) {
    const found = name.toLowerCase() === PACKED_NAME ? parsePacked(value) : undefined;
    if (found === undefined) metadata.set(name, value);
    else packed = found;
  }
  for (const [name, value] of Object.entries(packed.m ?? {})) metadata.set(name, value);
  return {
    ...(metadata.size > 0 && { metadata: Object.fromEntries(metadata) }),
    ...(packed.t !== undefined && { tags: packed.t }),
    ...(packed.e !== undefined && { expiresAt: new Date(packed.e) }),
    ...(packed.x !== undefined && { extra: packed.x }),
  };
}

function isNative(name: string, value: JsonValue): value is string {
  return (
    typeof value === 'string' &&
    SAFE_NAME.test(name) &&
    name !== PACKED_NAME &&
    SAFE_VALUE.test(value)
  );
}

function parsePacked(text: string): Packed | undefined {
  let value: Partial<Packed> | null;
  try {
    value = JSON.parse(text) as Partial<Packed> | null;
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || typeof value.v !== 'number') return undefined;
  if (value.v > VERSION) {
    throw new StorageError(
      'invalid-data',
      `the metadata was written in format ${value.v} of "${PACKED_NAME}", which is newer than this package knows.`,
      { hint: 'Update @granary/storage-core.' },
    );
  }
  return value as Packed;
}

/** JSON whose every character is printable ASCII, as HTTP headers need it. */
function asciiJson(value: Packed): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function checkBytes(native: ReadonlyMap<string, string>, maxBytes: number | undefined): void {
  if (maxBytes === undefined) return;
  let bytes = 0;
  for (const [name, value] of native) bytes += name.length + value.length;
  if (bytes > maxBytes) {
    throw new StorageError(
      'too-large',
      `the metadata takes ${bytes} bytes, and ${maxBytes} fit beside an object here.`,
      { outcome: 'not-applied', hint: 'Keep large values in an object of their own.' },
    );
  }
}
