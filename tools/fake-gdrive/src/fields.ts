import { refuse } from './refusal.ts';

/** A partial response: a name with what is wanted below it, or everything. */
type Mask = ReadonlyMap<string, Mask | undefined>;

/**
 * Cuts an answer down to its `fields` parameter. A field that the answer of this kind cannot have is
 * refused. https://developers.google.com/workspace/drive/api/guides/fields-parameter, read 2026-11-21
 */
export function selectFields(
  value: Readonly<Record<string, unknown>>,
  fields: string,
  known: KnownFields,
): unknown {
  // Google's own examples have spaces: `files(id, name)`.
  const { mask, rest } = parse(fields.replaceAll(' ', ''));
  if (rest !== '') throw badSelection(fields);
  check(mask, known, fields);
  return pick(value, mask);
}

/** Fields that an answer can have; `true` for what has none, or any, below. */
export interface KnownFields {
  readonly [name: string]: true | KnownFields;
}

/** Fields by name, with nothing known below them. */
export function known(names: readonly string[]): KnownFields {
  return Object.fromEntries(names.map((name) => [name, true as const]));
}

function parse(text: string): { readonly mask: Mask; readonly rest: string } {
  const mask = new Map<string, Mask | undefined>();
  let rest = text;
  for (;;) {
    const name = /^[A-Za-z0-9_*-]+/.exec(rest)?.[0];
    if (name === undefined) throw badSelection(text);
    rest = rest.slice(name.length);
    let below: Mask | undefined;
    if (rest.startsWith('/')) {
      const inner = parseOne(rest.slice(1));
      below = inner.mask;
      rest = inner.rest;
    } else if (rest.startsWith('(')) {
      const inner = parse(rest.slice(1));
      if (!inner.rest.startsWith(')')) throw badSelection(text);
      below = inner.mask;
      rest = inner.rest.slice(1);
    }
    mask.set(name, below);
    if (!rest.startsWith(',')) return { mask, rest };
    rest = rest.slice(1);
  }
}

function parseOne(text: string): { readonly mask: Mask; readonly rest: string } {
  const name = /^[A-Za-z0-9_*-]+/.exec(text)?.[0];
  if (name === undefined) throw badSelection(text);
  const rest = text.slice(name.length);
  if (rest.startsWith('/')) {
    const inner = parseOne(rest.slice(1));
    return { mask: new Map([[name, inner.mask]]), rest: inner.rest };
  }
  return { mask: new Map([[name, undefined]]), rest };
}

function check(mask: Mask, fields: KnownFields, text: string): void {
  for (const [name, below] of mask) {
    if (name === '*') continue;
    const found = fields[name];
    if (found === undefined) throw badSelection(text, name);
    if (below !== undefined && found !== true) check(below, found, text);
  }
}

function pick(value: unknown, mask: Mask): unknown {
  if (Array.isArray(value)) return value.map((item) => pick(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  const all = mask.has('*');
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, field]) => {
      if (!mask.has(name)) return all ? [[name, field]] : [];
      const below = mask.get(name);
      return [[name, below === undefined ? field : pick(field, below)]];
    }),
  );
}

function badSelection(text: string, name = text) {
  return refuse.invalid(`Invalid field selection ${name}`, 'fields');
}
