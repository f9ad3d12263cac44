import type { Vault } from '@granary/storage-credentials';
import type { Backends } from './backends/find-backend.ts';
import type { NamedStores } from './config/named-stores.ts';
import type { Host } from './host.ts';
import type { OptionSpecs, OptionValues } from './options.ts';
import type { Output } from './output/output.ts';
import type { Places } from './places/open-places.ts';
import type { Place } from './places/parse-place.ts';

/** What a command works with besides its own arguments. */
export interface CommandContext {
  readonly host: Host;
  readonly output: Output;
  readonly backends: Backends;
  /** Opens stores, and closes all of them when the command has ended. */
  readonly places: Places;
  /** The stores that a file gives names. */
  readonly stores: NamedStores;
  /** The vault of this user, opened with its first use. Errors: usage. */
  readonly vault: () => Promise<Vault>;
  /** Reads a word that names a place. Errors: usage, `invalid-config`. */
  readonly readPlace: (word: string) => Promise<Place>;
  readonly signal: AbortSignal;
  /** All commands of the program. */
  readonly commands: readonly Command[];
}

/** A word of the command line that is no option. */
export interface ArgumentSpec {
  readonly name: string;
  readonly description: string;
  readonly isOptional?: boolean;
  /** Takes all words that are left. */
  readonly isVariadic?: boolean;
  /** What shell completion offers. Default: places. */
  readonly completes?: 'file' | 'place' | readonly string[];
}

export type CommandGroup = 'Look' | 'Copy and change' | 'Compare and check' | 'Set up';

interface CommandFacts {
  readonly name: string;
  readonly group: CommandGroup;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else there is to know, above the options. */
  readonly details?: string;
  readonly arguments: readonly ArgumentSpec[];
  /** Words of the usage line, where the arguments alone would not tell. */
  readonly usage?: string;
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, effect: string])[];
}

interface CommandDefinition<Specs extends OptionSpecs> extends CommandFacts {
  readonly options: Specs;
  /** Does it, and returns what the process exits with. */
  run(
    input: CommandContext & {
      readonly words: readonly string[];
      readonly options: OptionValues<Specs>;
    },
  ): Promise<number>;
}

/** A command whose options are read from what the parser found. */
export interface Command extends CommandFacts {
  readonly options: OptionSpecs;
  run(
    context: CommandContext,
    words: readonly string[],
    raw: Readonly<Record<string, unknown>>,
  ): Promise<number>;
}

export function defineCommand<const Specs extends OptionSpecs>(
  definition: CommandDefinition<Specs>,
): Command {
  const { options: specs, run, ...facts } = definition;
  return {
    ...facts,
    options: specs,
    run: async (context, words, raw) =>
      run({ ...context, words, options: readOptions(specs, raw) }),
  };
}

function readOptions<Specs extends OptionSpecs>(
  specs: Specs,
  raw: Readonly<Record<string, unknown>>,
): OptionValues<Specs> {
  const read = Object.entries(specs).map(([name, spec]) => [
    name,
    spec.read(raw[name] as Parameters<typeof spec.read>[0], name),
  ]);
  return Object.fromEntries(read) as OptionValues<Specs>;
}
