/** What a field may hold: tells what is wrong with a value, or nothing. */
export type Check = (value: unknown) => string | undefined;

/** The fields of a struct; names that end in `!` are required. */
export type Fields = Readonly<Record<string, Check>>;

export const flag: Check = (value) => (typeof value === 'boolean' ? undefined : 'expected boolean');

/** Names of the API's kinds of text. */
export type Alias =
  | 'PathROrId'
  | 'ReadPath'
  | 'WritePath'
  | 'WritePathOrId'
  | 'PathOrId'
  | 'Rev'
  | 'Sha256HexHash'
  | 'AsyncJobId'
  | 'Cursor'
  | 'SessionId'
  | 'Timestamp';

/** https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: the aliases of paths and ids. */
const PATTERNS: Readonly<Record<Alias, RegExp>> = {
  PathROrId: /^(?:(\/[\s\S]*)?|id:.*|(ns:[0-9]+(\/[\s\S]*)?))$/u,
  ReadPath: /^(?:(\/[\s\S]*|id:.*)|(rev:[0-9a-f]{9,})|(ns:[0-9]+(\/[\s\S]*)?))$/u,
  WritePath: /^(?:(\/[\s\S]*)|(ns:[0-9]+(\/[\s\S]*)?))$/u,
  WritePathOrId: /^(?:(\/[\s\S]*)|(ns:[0-9]+(\/[\s\S]*)?)|(id:.*))$/u,
  PathOrId: /^(?:\/[\s\S]*|id:.*|(ns:[0-9]+(\/[\s\S]*)?))$/u,
  Rev: /^[0-9a-f]{9,}$/,
  Sha256HexHash: /^[\s\S]{64}$/,
  AsyncJobId: /^[\s\S]+$/,
  Cursor: /^[\s\S]+$/,
  SessionId: /^[\s\S]*$/,
  Timestamp: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/,
};

/** A flag that the fake knows one value of. */
export function only(known: boolean): Check {
  return (value) => (value === known ? undefined : `this fake knows ${known} alone`);
}

/** What could be told besides, which clients in Go and Java say they do not want. */
export const NO_EXTRAS: Fields = {
  include_media_info: only(false),
  include_deleted: only(false),
  include_has_explicit_shared_members: only(false),
};

/** A string of one of the API's aliases. */
export function text(alias: Alias): Check {
  return (value) => {
    if (typeof value !== 'string') return 'expected string';
    return PATTERNS[alias].test(value)
      ? undefined
      : `'${value.slice(0, 40)}' did not match pattern '${PATTERNS[alias].source}'`;
  };
}

/** Any string up to a length. */
export function words(max: number): Check {
  return (value) =>
    typeof value === 'string' && value.length <= max
      ? undefined
      : `expected string of at most ${max}`;
}

/** A whole number. */
export function whole(min: number, max: number): Check {
  return (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `expected integer from ${min} to ${max}`;
}

/** A number. */
export function real(min: number, max: number): Check {
  return (value) =>
    typeof value === 'number' && value >= min && value <= max
      ? undefined
      : `expected number from ${min} to ${max}`;
}

/** A member of a union without values, as `"add"` or `{".tag": "add"}`. */
export function member(...names: readonly string[]): Check {
  return (value) =>
    names.includes(tagOf(value)) ? undefined : `expected one of ${names.join(', ')}`;
}

/** `add`, `overwrite`, or `update` with a rev, which needs its structure. */
export const writeMode: Check = (value) => {
  if (tagOf(value) !== 'update') return member('add', 'overwrite')(value);
  if (typeof value === 'string') return 'expected object for update';
  return text('Rev')((value as Readonly<Record<string, unknown>>)['update']);
};

/** A struct. */
export function struct(fields: Fields): Check {
  return (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return 'expected object';
    return fieldsProblem(value, fields);
  };
}

/** A list of so many. */
export function list(of: Check, max: number): Check {
  return (value) => {
    if (!Array.isArray(value)) return 'expected list';
    if (value.length > max) return `list should have at most ${max} items`;
    return value.map(of).find((problem) => problem !== undefined);
  };
}

/** Returns what is wrong with an argument, or nothing. */
export function fieldsProblem(value: object, fields: Fields): string | undefined {
  const known = new Map(
    Object.entries(fields).map(([name, check]) => [name.replace('!', ''), check]),
  );
  for (const [name, content] of Object.entries(value)) {
    const check = known.get(name);
    if (check === undefined) return `unknown field '${name}'`;
    const problem = content === null && !(`${name}!` in fields) ? undefined : check(content);
    if (problem !== undefined) return `${name}: ${problem}`;
  }
  const missing = Object.keys(fields).find(
    (name) => name.endsWith('!') && !(name.slice(0, -1) in value),
  );
  return missing === undefined ? undefined : `missing required field '${missing.slice(0, -1)}'`;
}

/** The member that a value of a union is. */
function tagOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const tag = (value as { readonly '.tag'?: unknown } | null | undefined)?.['.tag'];
  return typeof tag === 'string' ? tag : '';
}
