import type { Command } from '../command.ts';
import { kebab } from '../options.ts';
import { COMMON_OPTIONS } from '../program.ts';

/** What is offered where a word is to be completed. */
export type Offer = 'place' | 'file' | 'nothing' | readonly string[];

export interface CompletionOption {
  /** With their dashes; the short one first where there is one. */
  readonly names: readonly string[];
  readonly description: string;
  /** What its value is; none for a switch. */
  readonly value?: Offer;
  readonly isList?: boolean;
}

export interface CompletionCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletionOption[];
  /** One for each word; the last one holds for all that follow. */
  readonly words: readonly Offer[];
}

/** What the scripts of all shells are made from. */
export interface CompletionModel {
  readonly commands: readonly CompletionCommand[];
  readonly common: readonly CompletionOption[];
  /** With their colon. */
  readonly schemes: readonly string[];
}

export function completionModel(
  commands: readonly Command[],
  schemes: readonly string[],
): CompletionModel {
  return {
    commands: commands.map(toCommand),
    common: [
      ...COMMON_OPTIONS.map(toCommonOption),
      { names: ['-h', '--help'], description: 'print the help' },
    ],
    schemes: [...new Set(schemes)].sort().map((scheme) => `${scheme}:`),
  };
}

function toCommand({ name, summary, options, arguments: words }: Command): CompletionCommand {
  return {
    name,
    summary,
    options: Object.entries(options).map(
      ([key, { short, value, choices, completes, description, isList }]) => ({
        names: [...(short === undefined ? [] : [`-${short}`]), `--${kebab(key)}`],
        description,
        ...(isList === undefined ? {} : { isList }),
        ...(value === undefined ? {} : { value: choices ?? completes ?? 'nothing' }),
      }),
    ),
    words: words.map(({ completes = 'place' }) =>
      typeof completes === 'string' || completes.length > 0 ? completes : 'nothing',
    ),
  };
}

function toCommonOption([flags, description]: readonly [string, string]): CompletionOption {
  const [names = '', value] = flags.split(' <');
  return {
    names: names.split(', '),
    description,
    ...(value === undefined ? {} : { value: 'file' }),
    ...(flags.startsWith('--backend') && { isList: true }),
  };
}
