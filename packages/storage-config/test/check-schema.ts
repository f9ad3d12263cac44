type Schema = Readonly<Record<string, unknown>> | boolean;

/** Keywords that say nothing about what fits. */
const NOTES = ['$schema', '$id', 'title', 'description', 'examples'];

/**
 * Holds a value against a JSON schema of draft 7, as far as the schema of this package goes.
 * Returns what does not fit. Fails for a keyword that it does not know, so that none is overlooked.
 */
export function checkSchema(schema: unknown, value: unknown, path = '$'): readonly string[] {
  const { ...rules } = schema as Readonly<Record<string, unknown>>;
  return Object.entries(rules).flatMap(([keyword, rule]) => {
    if (NOTES.includes(keyword)) return [];
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`There is no keyword ${keyword}.`);
    return check(rule as never, value, path, rules);
  });
}

type Check = (
  rule: never,
  value: unknown,
  path: string,
  schema: Readonly<Record<string, unknown>>,
) => readonly string[];

const KEYWORDS: Readonly<Record<string, Check>> = {
  type: (types: string | readonly string[], value, path) =>
    say(
      [types].flat().some((type) => isOfType(value, String(type))),
      `${path} is of another type`,
    ),
  enum(values: readonly unknown[], value, path) {
    if (values.length === 0) throw new Error('An enum has a value or more.');
    return say(values.includes(value), `${path} is none of ${values.join()}`);
  },
  pattern: (pattern: string, value, path) =>
    say(typeof value !== 'string' || new RegExp(pattern, 'u').test(value), `${path} is malformed`),
  minimum: (least: number, value, path) =>
    say(typeof value !== 'number' || value >= least, `${path} is too small`),
  required: (names: readonly string[], value, path) =>
    say(!isMap(value) || names.every((name) => Object.hasOwn(value, name)), `${path} lacks a name`),
  minProperties: (least: number, value, path) =>
    say(!isMap(value) || Object.keys(value).length >= least, `${path} has too few names`),
  maxProperties: (most: number, value, path) =>
    say(!isMap(value) || Object.keys(value).length <= most, `${path} has too many names`),
  items: (rule: Schema, value, path) =>
    Array.isArray(value)
      ? value.flatMap((item, index) => checkSchema(rule, item, `${path}[${index}]`))
      : [],
  properties: (rules: Readonly<Record<string, Schema>>, value, path) =>
    Object.entries(rules).flatMap(([name, rule]) =>
      isMap(value) && Object.hasOwn(value, name)
        ? checkSchema(rule, value[name], `${path}.${name}`)
        : [],
    ),
  propertyNames: (rule: Schema, value, path) =>
    isMap(value)
      ? Object.keys(value).flatMap((name) => checkSchema(rule, name, `${path}.${name}`))
      : [],
  additionalProperties(rule: Schema, value, path, { properties = {} }) {
    if (!isMap(value)) return [];
    const others = Object.keys(value).filter((name) => !Object.hasOwn(properties as object, name));
    if (rule === false) return say(others.length === 0, `${path} has ${others.join()}`);
    return others.flatMap((name) => checkSchema(rule, value[name], `${path}.${name}`));
  },
  not: (rule: Schema, value, path) => say(checkSchema(rule, value).length > 0, `${path} fits`),
  allOf: (rules: readonly Schema[], value, path) =>
    rules.flatMap((rule) => checkSchema(rule, value, path)),
  anyOf: (rules: readonly Schema[], value, path) =>
    say(count(rules, value) > 0, `${path} fits none of several`),
  oneOf: (rules: readonly Schema[], value, path) =>
    say(count(rules, value) === 1, `${path} does not fit exactly one of several`),
};

function count(rules: readonly Schema[], value: unknown): number {
  return rules.filter((rule) => checkSchema(rule, value).length === 0).length;
}

function say(fits: boolean, message: string): readonly string[] {
  return fits ? [] : [message];
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isMap(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}
