import type { Comparison, JsonValue } from '@granary/storage-core';
import { usageError } from '../exit-codes.ts';

/**
 * Reads `name=value` pairs. A value is text; with `name:=value` it is JSON, so that numbers,
 * booleans, lists and objects can be given. Errors: usage.
 */
export function parseMetadata(pairs: readonly string[]): Record<string, JsonValue> {
  return Object.fromEntries(pairs.map(readPair));
}

function readPair(pair: string): [string, JsonValue] {
  const at = pair.indexOf('=');
  const isJson = pair[at - 1] === ':';
  const name = pair.slice(0, isJson ? at - 1 : Math.max(at, 0));
  if (name === '') {
    throw usageError(`"${pair}" is not metadata.`, 'Write name=text, or name:=JSON.');
  }
  const text = pair.slice(at + 1);
  return [name, isJson ? readJson(text, pair) : text];
}

function readJson(text: string, pair: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    throw usageError(`"${pair}": what follows := is not JSON.`, 'Quote text: name:=\'"text"\'.');
  }
}

const OPERATORS = [
  ['!=', 'ne'],
  ['>=', 'gte'],
  ['<=', 'lte'],
  ['~', 'contains'],
  ['=', 'eq'],
  ['>', 'gt'],
  ['<', 'lt'],
] as const;

/**
 * Reads comparisons of metadata: `camera=Leica`, `iso>=400`, `title~harbor`, or a name alone for
 * "has it". What reads as a number, `true`, `false` or `null` is compared as that. Errors: usage.
 */
export function parseComparisons(texts: readonly string[]): Record<string, Comparison> {
  const found = new Map<string, Comparison>();
  for (const text of texts) {
    const [name, comparison] = readComparison(text);
    found.set(name, { ...found.get(name), ...comparison });
  }
  return Object.fromEntries(found);
}

function readComparison(text: string): [string, Comparison] {
  const [, name, symbol, value = ''] = /^([^=!<>~]+)(?:(!=|>=|<=|~|=|>|<)(.*))?$/s.exec(text) ?? [];
  if (name === undefined) {
    throw usageError(
      `"${text}" is not a comparison.`,
      'Write name=value, or use != > >= < <= ~, or a name alone.',
    );
  }
  const operator = OPERATORS.find(([sign]) => sign === symbol)?.[1];
  return [name, operator === undefined ? { exists: true } : { [operator]: plainValue(value) }];
}

function plainValue(text: string): string | number | boolean | null {
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text === 'null') return null;
  const isNumber = /^-?\d+(\.\d+)?$/.test(text) && String(Number(text)) === text;
  return isNumber ? Number(text) : text;
}
