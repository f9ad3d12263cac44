import { usageError } from './exit-codes.ts';
import { parseWholeNumber } from './values/whole-number.ts';

/** What the parser of the command line found for an option. */
type RawValue = string | boolean | readonly string[] | undefined;

/** One option of a command. */
export interface OptionSpec<Value = unknown> {
  readonly description: string;
  readonly short?: string;
  /** Name of its value in the help; none for a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly isList?: boolean;
  /** The only values it takes. */
  readonly choices?: readonly string[];
  /** Shown in the help. */
  readonly fallback?: string;
  /** What shell completion offers as its value. */
  readonly completes?: 'file' | 'place';
  read(raw: RawValue, name: string): Value;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** What a command gets to see of its options. */
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends OptionSpec<infer Value> ? Value : never;
};

interface Details {
  readonly short?: string;
  readonly completes?: 'file' | 'place';
}

/** A switch. */
export function flag(description: string, details: Details = {}): OptionSpec<boolean> {
  return { description, ...details, read: (raw) => raw === true };
}

/** An option with a value that `parse` reads. */
export function parsed<Value>(
  value: string,
  description: string,
  parse: (text: string) => Value,
  details: Details = {},
): OptionSpec<Value | undefined> {
  return {
    description,
    value,
    ...details,
    read: (raw, name) =>
      typeof raw === 'string' ? named(`--${kebab(name)}`, () => parse(raw)) : undefined,
  };
}

/** An option with text as its value. */
export function text(
  value: string,
  description: string,
  details: Details = {},
): OptionSpec<string | undefined> {
  return parsed(value, description, (raw) => raw, details);
}

/** An option that may be given several times. */
export function list(
  value: string,
  description: string,
  details: Details = {},
): OptionSpec<readonly string[]> {
  return {
    description,
    value,
    isList: true,
    ...details,
    read: (raw) => (Array.isArray(raw) ? raw : []),
  };
}

/** An option with one of a few values. */
export function choice<const Choice extends string>(
  description: string,
  choices: readonly Choice[],
  details: Details = {},
): OptionSpec<Choice | undefined> {
  return {
    description,
    value: choices.join('|'),
    choices,
    ...details,
    read(raw, name) {
      if (raw === undefined) return undefined;
      const found = choices.find((candidate) => candidate === raw);
      if (found === undefined) {
        throw usageError(`--${kebab(name)}: "${raw}" is none of ${choices.join(', ')}.`);
      }
      return found;
    },
  };
}

/** An option with a whole number of at least 1 as its value. */
export function count(
  description: string,
  fallback: number,
  details: Details = {},
): OptionSpec<number> {
  return {
    description,
    value: 'n',
    fallback: String(fallback),
    ...details,
    read: (raw, name) =>
      typeof raw === 'string'
        ? named(`--${kebab(name)}`, () => parseWholeNumber(raw, 1))
        : fallback,
  };
}

/** Writes the name of an option as it is typed. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Says in a usage error which option it is about. */
function named<Value>(subject: string, read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error) error.message = `${subject}: ${error.message}`;
    throw error;
  }
}
