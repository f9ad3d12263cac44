import { Argument, Command as CommanderCommand, Help, Option } from 'commander';
import type { ArgumentSpec, Command, CommandGroup } from './command.ts';
import { kebab, type OptionSpec } from './options.ts';
import type { Paint } from './output/style.ts';
import { table } from './output/table.ts';

/** Options that every command takes. */
export const COMMON_OPTIONS: readonly (readonly [flags: string, description: string])[] = [
  ['--json', 'print results as JSON, one object a line'],
  ['-q, --quiet', 'say nothing but results and errors'],
  ['--config <file>', 'take the names of stores from this file'],
  ['--backend <module>', 'use the backends of this package or file too; may be repeated'],
  ['--debug', 'show the stack of an error'],
  ['--no-color', 'print without colors'],
];

const COMMON_NAMES: string = COMMON_OPTIONS.map(([flags]) => flags.replace(/^-q, /, '')).join(', ');

const PLACES: readonly (readonly [string, string])[] = [
  ['photos/a.jpg', 'an object in the file system'],
  ['photos/', 'a folder: everything below it'],
  ['file:///data/photos/', 'the same as a URL'],
  ['memory:', 'a store that is gone when the command ends, for trying things'],
  ['docs:2026/a.jpg', 'in the store that storage.yaml calls docs: granary config'],
  ['gdrive:///notes/a.txt', "in a person's drive: granary login gdrive"],
  ['s3://bucket/a.jpg', 'any backend that is installed: npm install @granary/storage-s3'],
];

const EXIT_CODES: readonly (readonly [string, string])[] = [
  ['0', 'fine'],
  ['1', 'there is a difference, or some objects failed'],
  ['2', 'wrong usage, or something is wrong in storage.yaml'],
  ['3', 'not found'],
  ['4', 'no access'],
  ['5', 'cannot be reached'],
  ['6', 'no room'],
  ['7', 'damaged'],
  ['8', 'exists already, or changed meanwhile'],
  ['130', 'interrupted'],
];

const GROUPS: readonly CommandGroup[] = ['Look', 'Copy and change', 'Compare and check', 'Set up'];

/** What a parsed command line asks for. */
export interface Invocation {
  readonly command: Command;
  readonly words: readonly string[];
  /** Options of the command and the common ones. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface ProgramSettings {
  readonly commands: readonly Command[];
  readonly version: string;
  readonly paint: Paint;
  /** Units: columns. */
  readonly width: number;
  readonly writeHelp: (text: string) => void;
  readonly onInvoke: (invocation: Invocation) => void;
}

/** Builds the parser of the command line. It throws commander's errors and never ends the process. */
export function buildProgram(settings: ProgramSettings): CommanderCommand {
  const { commands, version, writeHelp, paint, width } = settings;
  const program = new CommanderCommand('granary');
  program
    .description('Lists, copies, compares and checks objects wherever they are kept.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .usage('<command> [options]')
    .exitOverride()
    .configureOutput({
      writeOut: writeHelp,
      writeErr: () => {},
      getOutHelpWidth: () => width,
      // `paint` has decided already.
      getOutHasColors: () => true,
    })
    .configureHelp({
      // In the help of the program they stand behind the commands.
      visibleOptions: (command) =>
        command.parent === null ? [] : new Help().visibleOptions(command),
      styleTitle: (title) => paint('bold', title),
      styleSubcommandText: (word) => paint('cyan', word),
      styleOptionTerm: (term) => paint('cyan', term),
      styleArgumentTerm: (term) => paint('cyan', term),
      subcommandTerm: (command) => command.name(),
    })
    .addHelpCommand(
      new CommanderCommand('help')
        .argument('[command]')
        .description('Print the help of a command')
        .helpGroup(`${GROUPS.at(-1)}:`),
    )
    .addHelpText('after', () => programNotes(paint));
  for (const [flags, description] of COMMON_OPTIONS) {
    program.addOption(commonOption(flags, description));
  }
  for (const group of GROUPS) {
    for (const command of commands.filter((candidate) => candidate.group === group)) {
      program.addCommand(toCommander(command, program, settings));
    }
  }
  return program;
}

/** What follows the commands in the help of the program. */
function programNotes(paint: Paint): string {
  const options = [
    ...COMMON_OPTIONS,
    ['-h, --help', 'print help'],
    ['-V, --version', 'print the version'],
  ];
  const sections: [string, readonly (readonly string[])[]][] = [
    ['Options of every command:', options],
    ['Places:', PLACES],
    ['Exit codes:', EXIT_CODES],
  ];
  const text = sections.flatMap(([title, rows]) => [
    paint('bold', title),
    ...table(rows.map(([term = '', text = '']) => [`  ${paint('cyan', term)}`, text])),
    '',
  ]);
  return `\n${text.join('\n')}\nSee granary <command> --help for its options and examples.\n`;
}

function commonOption(flags: string, description: string): Option {
  const option = new Option(flags, description);
  return flags.startsWith('--backend') ? option.argParser(collect) : option;
}

function toCommander(
  spec: Command,
  program: CommanderCommand,
  { onInvoke, paint }: ProgramSettings,
): CommanderCommand {
  const command = new CommanderCommand(spec.name)
    .copyInheritedSettings(program)
    .helpOption('-h, --help', 'print this help')
    .summary(spec.summary)
    .description([`${spec.summary}.`, spec.details].filter(Boolean).join('\n\n'))
    .helpGroup(`${spec.group}:`);
  if (spec.usage !== undefined) command.usage(`${spec.usage} [options]`);
  for (const argument of spec.arguments) command.addArgument(toArgument(argument));
  for (const [name, option] of Object.entries(spec.options)) {
    command.addOption(toOption(name, option));
  }
  command.addHelpText('after', `\nEvery command also takes ${COMMON_NAMES}.`);
  if (spec.examples.length > 0) {
    const lines = spec.examples.map(([line, effect]) => `  ${line}\n      ${effect}`);
    command.addHelpText('after', `\n${paint('bold', 'Examples:')}\n${lines.join('\n')}\n`);
  }
  // Known to each command too, so that short ones can be joined with its own: `cp -rq`.
  for (const [flags, description] of COMMON_OPTIONS) {
    command.addOption(commonOption(flags, description).hideHelp());
  }
  command.action(() => {
    const raw = joinOptions(program.opts(), command.opts());
    onInvoke({ command: spec, words: command.args, raw });
  });
  return command;
}

/** Joins options that stand before the command with those behind it. */
function joinOptions(
  before: Readonly<Record<string, unknown>>,
  behind: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const lists = [before['backend'], behind['backend']].filter((list) => Array.isArray(list));
  const color = before['color'] !== false && behind['color'] !== false;
  return { ...before, ...behind, color, backend: lists.flat() };
}

function toArgument({ name, description, isOptional, isVariadic }: ArgumentSpec): Argument {
  const word = isVariadic === true ? `${name}...` : name;
  return new Argument(isOptional === true ? `[${word}]` : `<${word}>`, description);
}

function toOption(name: string, spec: OptionSpec): Option {
  const { short, value, isList, fallback, description } = spec;
  const dashes = short === undefined ? '' : `-${short}, `;
  const flags = `${dashes}--${kebab(name)}${value === undefined ? '' : ` <${value}>`}`;
  const repeat = isList === true ? '; may be repeated' : '';
  const standard = fallback === undefined ? '' : ` (default: ${fallback})`;
  const option = new Option(flags, description + repeat + standard);
  return isList === true ? option.argParser(collect) : option;
}

function collect(word: string, earlier: unknown): readonly string[] {
  return [...(Array.isArray(earlier) ? (earlier as string[]) : []), word];
}
