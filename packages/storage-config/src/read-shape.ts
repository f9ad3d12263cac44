import { didYouMean } from '@granary/storage-core/provider';
import type { Finding, Path, Position } from './problems.ts';
import type { FieldsShape, NamedShape, Shape, StepShape } from './shape.ts';
import { parseSize } from './sizes.ts';
import { type Environment, hasVariables, substitute } from './substitute.ts';
import type { MapTree, ScalarTree, Tree } from './yaml-tree.ts';

/** What reading needs besides the file. */
export interface ReadScope {
  readonly report: (finding: Finding) => void;
  /** Variables; without them, what they give is taken for right. */
  readonly env: Environment | undefined;
}

/** A variable whose value is not known yet stands here. */
const LATER: unique symbol = Symbol('later');
const UNQUOTE = 'Write it without quotes.';

/** The value of a part of a file. Whatever is wrong is reported, and left out of the result. */
export function readShape(tree: Tree, shape: Shape, path: Path, scope: ReadScope): unknown {
  const value = readAny(tree, shape, path, scope);
  return value === LATER ? undefined : value;
}

function readAny(tree: Tree, shape: Shape, path: Path, scope: ReadScope): unknown {
  const wrong = (message: string, hint?: string): undefined => {
    scope.report({ at: tree.at, path, message, hint });
    return undefined;
  };
  if (tree.kind === 'scalar' && tree.value === null) {
    return wrong('it is empty.', 'Leave it out, or give it a value.');
  }
  switch (shape.kind) {
    case 'text': {
      const text = scalarText(tree, path, scope, shape);
      if (text === LATER || text === undefined) return text;
      if (shape.oneOf === undefined || shape.oneOf.includes(text)) return text;
      return wrong(`it is one of: ${shape.oneOf.join(', ')}.`, didYouMean(text, shape.oneOf));
    }
    case 'number': {
      const text = scalarText(tree, path, scope, {}, 'a number');
      if (text === LATER || text === undefined) return text;
      if (isQuoted(tree)) return wrong('it is not a number.', UNQUOTE);
      const number = text.trim() === '' ? Number.NaN : Number(text);
      const { isWhole = false, least = Number.NEGATIVE_INFINITY } = shape;
      if (!Number.isFinite(number)) return wrong('it is not a number.');
      if (isWhole && !Number.isInteger(number)) return wrong('it is not a whole number.');
      return number < least ? wrong(`it is at least ${least}.`) : number;
    }
    case 'flag': {
      const text = scalarText(tree, path, scope, {}, 'true or false');
      if (text === LATER || text === undefined) return text;
      if (isQuoted(tree)) return wrong('it is true or false.', UNQUOTE);
      return text === 'true' || text === 'false' ? text === 'true' : wrong('it is true or false.');
    }
    case 'size': {
      const text = scalarText(tree, path, scope, {}, 'a size');
      if (text === LATER || text === undefined) return text;
      return (
        parseSize(text) ?? wrong('it is not a size.', 'Write bytes, or 100MB, 64 KiB, 1.5 GB.')
      );
    }
    case 'values':
      return tree.kind === 'map'
        ? readValues(tree, path, scope)
        : wrong('it is not a map of options.');
    case 'list': {
      const items =
        tree.kind === 'list' ? tree.items : shape.takesOne === true ? [tree] : undefined;
      if (items === undefined) return wrong('it is not a list.');
      return items
        .map((item, index) => readAny(item, shape.of, [...path, index], scope))
        .filter((item) => item !== undefined && item !== LATER);
    }
    case 'named':
      return tree.kind === 'map' ? readNamed(tree, shape, path, scope) : wrong('it is not a map.');
    case 'fields':
      return tree.kind === 'map'
        ? readFields(tree, shape, path, scope)
        : wrong(`it is not a map. Keys are: ${listed(shape)}.`);
    case 'mixed':
      return readAny(tree, tree.kind === 'map' ? shape.map : shape.value, path, scope);
    case 'step':
      return readStep(tree, shape, path, scope);
  }
}

/** A scalar as text, with its variables replaced. */
function scalarText(
  tree: Tree,
  path: Path,
  { report, env }: ReadScope,
  { isLiteral = false, isUrl = false }: { readonly isLiteral?: boolean; readonly isUrl?: boolean },
  meaning = 'a text',
): string | typeof LATER | undefined {
  const { at } = tree;
  if (tree.kind !== 'scalar') {
    report({ at, path, message: `it is not ${meaning}.` });
    return undefined;
  }
  const { value, source } = tree;
  const written = typeof value === 'string' ? value : (source ?? String(value));
  if (!hasVariables(written)) return written;
  if (isLiteral) {
    report({ at, path, message: 'variables cannot stand here.' });
    return undefined;
  }
  const result = substitute(written, { env, ...(isUrl && { encode: encodeURIComponent }) });
  if ('message' in result) {
    report({ at, path, ...result });
    return undefined;
  }
  return env === undefined ? LATER : result.text;
}

/** A text, so never a number, whatever it looks like. */
function isQuoted(tree: Tree): boolean {
  return tree.kind === 'scalar' && typeof tree.value === 'string' && !hasVariables(tree.value);
}

/** Any values. A number that would not be written as it was, such as `007`, stays the text it is. */
function readValues(tree: Tree, path: Path, scope: ReadScope): unknown {
  if (tree.kind === 'list') {
    return tree.items.map((item, index) => readValues(item, [...path, index], scope));
  }
  if (tree.kind === 'map') {
    return Object.fromEntries(
      tree.entries.map(({ name, value }) => [name, readValues(value, [...path, name], scope)]),
    );
  }
  const { value } = tree;
  if (typeof value === 'string') {
    const text = scalarText(tree, path, scope, {});
    return text === LATER ? value : text;
  }
  return typeof value === 'number' ? exactNumber(tree, value) : value;
}

function exactNumber({ source }: ScalarTree, value: number): number | string {
  return source === undefined || source === String(value) ? value : source;
}

function readNamed(tree: MapTree, shape: NamedShape, path: Path, scope: ReadScope): unknown {
  const { names, meaning, reserved, of } = shape;
  const values: [string, unknown][] = [];
  for (const { name, at, value } of tree.entries) {
    const inside = [...path, name];
    if (reserved.includes(name)) {
      const message = `"${name}" cannot be a name here: "${name}:" begins a URL.`;
      scope.report({ at, path: inside, message, hint: 'Choose another name.' });
    } else if (!names.test(name)) {
      scope.report({ at, path: inside, message: meaning });
    }
    values.push([name, readAny(value, of, inside, scope)]);
  }
  return Object.fromEntries(values);
}

function readFields(tree: MapTree, shape: FieldsShape, path: Path, scope: ReadScope): unknown {
  const { fields, required = [], choices = [], isNeverEmpty = false } = shape;
  const { report } = scope;
  const values: [string, unknown][] = [];
  for (const { name, at, value } of tree.entries) {
    const inside = [...path, name];
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) {
      const message = `there is no key "${name}". Keys are: ${listed(shape)}.`;
      report({ at, path: inside, message, hint: didYouMean(name, Object.keys(fields)) });
      continue;
    }
    const read = readAny(value, field, inside, scope);
    if (read !== undefined && read !== LATER) values.push([name, read]);
  }
  const names = tree.entries.map(({ name }) => name);
  for (const name of required.filter((candidate) => !names.includes(candidate))) {
    report({ at: tree.at, path, message: `the key "${name}" is missing.` });
  }
  for (const { names: ones, isRequired } of choices) {
    const there = tree.entries.filter(({ name }) => ones.includes(name));
    const [, second] = there;
    if (second !== undefined) {
      const message = `only one of ${ones.join(', ')} can be there.`;
      report({ at: second.at, path: [...path, second.name], message });
    } else if (there.length === 0 && isRequired) {
      report({ at: tree.at, path, message: `one of ${ones.join(', ')} is missing.` });
    }
  }
  if (isNeverEmpty && names.length === 0) {
    report({ at: tree.at, path, message: `it is empty. Keys are: ${listed(shape)}.` });
  }
  return Object.fromEntries(values);
}

function readStep(tree: Tree, { steps }: StepShape, path: Path, scope: ReadScope): unknown {
  const known = Object.keys(steps);
  const entry = tree.kind === 'map' && tree.entries.length === 1 ? tree.entries[0] : undefined;
  const name = tree.kind === 'scalar' ? tree.value : entry?.name;
  if (typeof name !== 'string') {
    const message = `it is neither a name nor a map of one name. Names are: ${known.join(', ')}.`;
    scope.report({ at: tree.at, path, message });
    return undefined;
  }
  const shape = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (shape === undefined) {
    const message = `there is no "${name}". Names are: ${known.join(', ')}.`;
    scope.report({ at: tree.at, path, message, hint: didYouMean(name, known) });
    return undefined;
  }
  const inside = entry === undefined ? path : [...path, name];
  const value: Tree = entry?.value ?? emptyMap(tree.at);
  return { name, options: readAny(value, shape, inside, scope) ?? {} };
}

function emptyMap(at: Position): MapTree {
  return { kind: 'map', at, entries: [] };
}

function listed({ fields, required = [] }: FieldsShape): string {
  return Object.keys(fields)
    .map((name) => (required.includes(name) ? `${name} (required)` : name))
    .join(', ');
}
