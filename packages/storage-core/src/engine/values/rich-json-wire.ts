import type { JsonValue } from '../../contract/json.ts';
import { StorageError } from '../../errors/storage-error.ts';
import { isPlain } from './check-json.ts';
import { parseJson } from './exact-json.ts';

/** Deepest nesting; deeper values would run out of stack. */
const MAX_DEPTH = 500;

type BytesType =
  | typeof Uint8Array
  | typeof Uint8ClampedArray
  | typeof Int8Array
  | typeof Uint16Array
  | typeof Int16Array
  | typeof Uint32Array
  | typeof Int32Array
  | typeof BigUint64Array
  | typeof BigInt64Array
  | typeof Float32Array
  | typeof Float64Array;

const TYPES: ReadonlyMap<string, BytesType> = new Map<string, BytesType>([
  ['Uint8Array', Uint8Array],
  ['Uint8ClampedArray', Uint8ClampedArray],
  ['Int8Array', Int8Array],
  ['Uint16Array', Uint16Array],
  ['Int16Array', Int16Array],
  ['Uint32Array', Uint32Array],
  ['Int32Array', Int32Array],
  ['BigUint64Array', BigUint64Array],
  ['BigInt64Array', BigInt64Array],
  ['Float32Array', Float32Array],
  ['Float64Array', Float64Array],
]);

/** The wire form of a value. Errors: `invalid-data` for functions, symbols, class instances, holes and cycles. */
export function toRichJson(value: unknown): string {
  return JSON.stringify(toWire(value, 0));
}

/** The value of a wire form. Errors: `SyntaxError` for what is none. */
export function fromRichJson(bytes: Uint8Array): unknown {
  return fromWire(parseJson(bytes) as JsonValue);
}

function toWire(value: unknown, depth: number): JsonValue {
  if (depth > MAX_DEPTH) throw refusal('nested too deeply, or in a circle');
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    case 'bigint':
      return { $bigint: String(value) };
    case 'undefined':
      return { $undefined: true };
    case 'object':
      return value === null ? null : objectToWire(value, depth + 1);
    default:
      throw refusal(`a ${typeof value}`);
  }
}

function objectToWire(value: object, depth: number): JsonValue {
  if (Array.isArray(value)) {
    return Array.from(value, (element: unknown, index) => {
      if (!(index in value)) throw refusal('an array with holes');
      return toWire(element, depth);
    });
  }
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (tag === 'Date') {
    const time = (value as Date).getTime();
    return { $date: Number.isNaN(time) ? null : new Date(time).toISOString() };
  }
  if (tag === 'Map') {
    const entries = [...(value as ReadonlyMap<unknown, unknown>)];
    return { $map: entries.map((pair) => pair.map((part) => toWire(part, depth))) };
  }
  if (tag === 'Set') {
    return { $set: [...(value as ReadonlySet<unknown>)].map((member) => toWire(member, depth)) };
  }
  if (tag === 'ArrayBuffer') {
    return { $bytes: [tag, toBase64(new Uint8Array(value as ArrayBuffer))] };
  }
  if (TYPES.has(tag) && ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return { $bytes: [tag, toBase64(new Uint8Array(buffer, byteOffset, byteLength))] };
  }
  if (!isPlain(value) || Object.getOwnPropertySymbols(value).length > 0) {
    throw refusal(`a ${tag === 'Object' ? 'class instance' : tag}`);
  }
  const wire = Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, toWire(member, depth)]),
  );
  return tagOf(wire) === undefined ? wire : { $plain: wire };
}

function fromWire(wire: JsonValue): unknown {
  if (typeof wire !== 'object' || wire === null) return wire;
  if (Array.isArray(wire)) return wire.map(fromWire);
  const members = wire as { readonly [name: string]: JsonValue };
  const tag = tagOf(wire);
  if (tag === undefined) return membersOf(members);
  const content = members[tag];
  switch (tag) {
    case '$date':
      return new Date(content === null ? Number.NaN : String(content));
    case '$map':
      return new Map((content as [JsonValue, JsonValue][]).map((pair) => pairFrom(pair)));
    case '$set':
      return new Set((content as JsonValue[]).map(fromWire));
    case '$bigint':
      return BigInt(String(content));
    case '$undefined':
      return undefined;
    case '$number':
      return Number(content);
    case '$bytes':
      return bytesFrom(content as [string, string]);
    case '$plain':
      return membersOf(content as { readonly [name: string]: JsonValue });
    default:
      throw new SyntaxError(`there is no rich JSON value "${tag}"`);
  }
}

/** The one name of an object, when it has one name and that starts with `$`. */
function tagOf(wire: object): string | undefined {
  const [name, more] = Object.keys(wire);
  return more === undefined && name?.startsWith('$') ? name : undefined;
}

function membersOf(wire: { readonly [name: string]: JsonValue }): Record<string, unknown> {
  return Object.fromEntries(Object.entries(wire).map(([name, part]) => [name, fromWire(part)]));
}

function pairFrom([key, value]: readonly [JsonValue, JsonValue]): [unknown, unknown] {
  return [fromWire(key), fromWire(value)];
}

function bytesFrom([type, text]: readonly [string, string]): unknown {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (type === 'ArrayBuffer') return bytes.buffer;
  const View = TYPES.get(type);
  if (View === undefined) throw new SyntaxError(`there are no bytes of type "${type}"`);
  return new View(bytes.buffer);
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  // In pieces, because a call takes a limited number of arguments.
  for (let start = 0; start < bytes.byteLength; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

function refusal(what: string): StorageError {
  return new StorageError('invalid-data', `the value holds ${what}, which rich JSON cannot keep.`, {
    outcome: 'not-applied',
    hint: 'Save plain objects, arrays, Date, Map, Set, BigInt, typed arrays and plain values.',
  });
}
