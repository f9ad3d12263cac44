import { StorageError } from '../../errors/storage-error.ts';
import { MAX_DEPTH } from './exact-json.ts';

/** Why a value cannot be kept, and where: the names that lead to it, innermost first. */
interface Refusal {
  readonly reason: string;
  readonly hint: string;
  readonly path: (string | number)[];
}

/** Stands for a refusal whose reason is looked for afterwards. */
const TOO_DEEP: Refusal = { reason: '', hint: '', path: [] };

/** What {@link checkJson} noticed on its way. */
export interface JsonFacts {
  /** `JSON.stringify` would write -0 as 0. */
  hasNegativeZero: boolean;
}

/**
 * Refuses what JSON would drop, change or choke on, in one walk that allocates nothing while all
 * is well. A property whose value is `undefined` counts as absent; the value of an array is its
 * elements, that of an object its own enumerable string-named properties.
 * Errors: `invalid-data` that names the place inside the value.
 */
export function checkJson(value: unknown): JsonFacts {
  const facts = { hasNegativeZero: false };
  const found = check(value, facts, 0);
  if (found === undefined) return facts;
  const { reason, hint, path } = found === TOO_DEEP ? tooDeep(value) : found;
  const place = path.length === 0 ? 'the value itself' : pathText(path.reverse());
  throw new StorageError('invalid-data', `${place} is ${reason}, which JSON cannot hold.`, {
    outcome: 'not-applied',
    hint,
  });
}

function check(value: unknown, facts: JsonFacts, depth: number): Refusal | undefined {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return undefined;
    case 'number':
      if (value === 0 && Object.is(value, -0)) facts.hasNegativeZero = true;
      return Number.isFinite(value)
        ? undefined
        : refuse(String(value), `Use null, or ${RICH_JSON}`);
    case 'object':
      return value === null ? undefined : checkObject(value, facts, depth);
    case 'undefined':
      return refuse('undefined', `Use null, leave it out, or ${RICH_JSON}`);
    case 'bigint':
      return refuse('a BigInt', `Save it as a string, or ${RICH_JSON}`);
    default:
      return refuse(`a ${typeof value}`, 'Leave it out.');
  }
}

function checkObject(value: object, facts: JsonFacts, depth: number): Refusal | undefined {
  if (depth >= MAX_DEPTH) return TOO_DEEP;
  if (Array.isArray(value)) {
    // Of any realm; the prototype of a subclass is no array itself.
    if (!Array.isArray(Object.getPrototypeOf(value))) return instance(value);
    for (let index = 0; index < value.length; index += 1) {
      const element: unknown = value[index];
      if (element === undefined && !(index in value)) {
        return at(index, refuse('a hole in an array', 'Fill it with null.'));
      }
      const refusal = check(element, facts, depth + 1);
      if (refusal !== undefined) return at(index, refusal);
    }
    return undefined;
  }
  if (!isPlain(value)) return instance(value);
  for (const name of Object.keys(value)) {
    const member: unknown = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    const refusal = check(member, facts, depth + 1);
    if (refusal !== undefined) return at(name, refusal);
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    return refuse('an object with properties named by symbols', 'Name them by strings.');
  }
  return undefined;
}

/** Whether a value is an object literal, of any realm, or has no prototype. */
export function isPlain(value: object): boolean {
  const prototype: object | null = Object.getPrototypeOf(value);
  return (
    prototype === Object.prototype ||
    prototype === null ||
    (Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype, 'isPrototypeOf'))
  );
}

const RICH_JSON = 'keep it with the codec richJson (format: "rich-json").';

function instance(value: object): Refusal {
  const { toJSON } = value as { readonly toJSON?: unknown };
  const name = nameOf(value);
  if (ArrayBuffer.isView(value) || name === 'ArrayBuffer') {
    return refuse(
      `a ${name} inside a value`,
      `Save bytes under a key of their own, or ${RICH_JSON}`,
    );
  }
  if (typeof toJSON === 'function') {
    return refuse(
      `a ${name}, whose toJSON would put something else in its place`,
      `Save what it should load as, such as a string, or ${RICH_JSON}`,
    );
  }
  if (name === 'ReadableStream' || Symbol.asyncIterator in value) {
    return refuse(`a ${name}`, 'Streams go in with put(key, …).');
  }
  if (value instanceof Map || value instanceof Set) {
    return refuse(`a ${name}`, `Save [...value], or ${RICH_JSON}`);
  }
  return refuse(`an instance of ${name}`, 'Save a plain object: { ...value }, or give a codec.');
}

function nameOf(value: object): string {
  const { constructor: maker } = value as { readonly constructor?: unknown };
  return typeof maker === 'function' && maker.name !== '' ? maker.name : 'a class';
}

/** Tells a cycle from a very deep value. Runs only when a value is about to be refused. */
function tooDeep(value: unknown): Refusal {
  try {
    const path = cyclePath(value, new Set(), new Set());
    if (path !== undefined) {
      const cycle = refuse('part of itself (a cycle)', 'Save an id in the place of the object.');
      return { ...cycle, path };
    }
  } catch {
    // Too deep for the stack as well.
  }
  return refuse(
    `nested deeper than ${MAX_DEPTH} levels`,
    'Save its parts under keys of their own.',
  );
}

function cyclePath(
  value: unknown,
  ancestors: Set<object>,
  cleared: Set<object>,
): (string | number)[] | undefined {
  if (typeof value !== 'object' || value === null || cleared.has(value)) return undefined;
  if (ancestors.has(value)) return [];
  ancestors.add(value);
  for (const [name, member] of Object.entries(value)) {
    const path = cyclePath(member, ancestors, cleared);
    if (path !== undefined) return [...path, Array.isArray(value) ? Number(name) : name];
  }
  ancestors.delete(value);
  cleared.add(value);
  return undefined;
}

function refuse(reason: string, hint: string): Refusal {
  return { reason, hint, path: [] };
}

function at(name: string | number, refusal: Refusal): Refusal {
  if (refusal !== TOO_DEEP) refusal.path.push(name);
  return refusal;
}

/** `users[2].name`, `["a b"].c`. A long way is shortened in its middle. */
export function pathText(path: readonly (string | number)[]): string {
  const shown = path.length > 24 ? [...path.slice(0, 12), undefined, ...path.slice(-12)] : path;
  return shown
    .map((name, index) => {
      if (name === undefined) return ' … ';
      if (typeof name === 'number') return `[${name}]`;
      if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join('');
}
