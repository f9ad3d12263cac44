import type { ConfigSource, StorageUrl } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';

/** One option of a backend as configurations give it. */
export interface OptionField {
  readonly type: 'string' | 'number' | 'boolean' | 'strings' | 'object';
  /** Default: it may be left out. */
  readonly required?: boolean;
  /** Other names that it is known by, such as `api_key` for `apiKey`. */
  readonly names?: readonly string[];
  /** The part of a URL that gives it. Default: a query option of its name. */
  readonly from?: 'host' | 'path' | 'username' | 'password';
  /** The values it can have. */
  readonly oneOf?: readonly string[];
}

/** The options of a backend by name. */
export type OptionFields = Readonly<Record<string, OptionField>>;

interface TypeOf {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
  readonly strings: readonly string[];
  readonly object: Readonly<Record<string, unknown>>;
}

type ValueOf<Field extends OptionField> = Field extends { readonly oneOf: readonly (infer Word)[] }
  ? Word
  : TypeOf[Field['type']];

type RequiredNames<Fields extends OptionFields> = {
  [Name in keyof Fields]: Fields[Name] extends { readonly required: true } ? Name : never;
}[keyof Fields];

/** What {@link readOptions} returns for fields: the required ones are there. */
export type OptionsOf<Fields extends OptionFields> = {
  readonly [Name in RequiredNames<Fields>]: ValueOf<Fields[Name]>;
} & {
  readonly [Name in Exclude<keyof Fields, RequiredNames<Fields>>]?: ValueOf<Fields[Name]>;
};

/**
 * Options of a backend out of a URL or a config object. Text is turned into numbers and booleans,
 * since URLs and environment variables have nothing else; `null` counts as not given.
 * Errors: `invalid-config` for an unknown or repeated option, a missing one, or a wrong type, each
 * with what is allowed and without the value.
 */
export function readOptions<const Fields extends OptionFields>(
  source: ConfigSource,
  fields: Fields,
): OptionsOf<Fields> {
  const given = 'url' in source ? fromUrl(source.url, fields) : Object.entries(source.config);
  const options = new Map<string, unknown>();
  for (const [name, value] of given) {
    if (value === undefined || value === null) continue;
    const field = nameOf(name, fields);
    if (field === undefined) {
      throw refusal(`there is no option "${name}". Options are: ${listed(fields)}.`);
    }
    if (options.has(field)) throw refusal(`the option "${field}" is given twice.`);
    options.set(field, readValue(field, fields[field] ?? { type: 'string' }, value));
  }
  for (const [name, { required }] of Object.entries(fields)) {
    if (required && !options.has(name)) {
      throw refusal(`the option "${name}" is missing. Options are: ${listed(fields)}.`);
    }
  }
  return Object.fromEntries(options) as OptionsOf<Fields>;
}

function fromUrl(url: StorageUrl, fields: OptionFields): [string, unknown][] {
  const given: [string, unknown][] = Object.entries(url.query);
  for (const part of ['host', 'path', 'username', 'password'] as const) {
    const value = url[part];
    if (value === undefined || value === '') continue;
    const [name] = Object.entries(fields).find(([, { from }]) => from === part) ?? [];
    if (name === undefined) throw refusal(`a URL of "${url.scheme}:" has no ${part}.`);
    given.push([name, value]);
  }
  return given;
}

function nameOf(name: string, fields: OptionFields): string | undefined {
  if (Object.hasOwn(fields, name)) return name;
  return Object.entries(fields).find(([, { names }]) => names?.includes(name))?.[0];
}

function readValue(name: string, { type, oneOf }: OptionField, value: unknown): unknown {
  const read = READERS[type](value);
  if (read === undefined) throw refusal(`the option "${name}" is not ${MEANINGS[type]}.`);
  if (oneOf !== undefined && !oneOf.includes(String(read))) {
    throw refusal(`the option "${name}" is one of: ${oneOf.join(', ')}.`);
  }
  return read;
}

const READERS: Readonly<Record<OptionField['type'], (value: unknown) => unknown>> = {
  string: (value) =>
    typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : only(typeof value === 'string', value),
  number(value) {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    return only(Number.isFinite(number), number);
  },
  boolean(value) {
    const text = String(value).toLowerCase();
    if (text === 'true' || text === '1') return true;
    return text === 'false' || text === '0' ? false : undefined;
  },
  strings(value) {
    const list = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : value;
    const fits = Array.isArray(list) && list.every((item) => typeof item === 'string');
    return only(fits, list);
  },
  object: (value) => only(typeof value === 'object' && !Array.isArray(value), value),
};

const MEANINGS: Readonly<Record<OptionField['type'], string>> = {
  string: 'a text',
  number: 'a number',
  boolean: 'true or false',
  strings: 'a list of texts',
  object: 'a map of options',
};

function only(fits: boolean, value: unknown): unknown {
  return fits ? value : undefined;
}

function listed(fields: OptionFields): string {
  return Object.entries(fields)
    .map(([name, { required }]) => (required ? `${name} (required)` : name))
    .join(', ');
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-config', reason);
}
