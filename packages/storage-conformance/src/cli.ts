import type { Harness } from './harness.ts';
import { runProperties } from './model/run-properties.ts';
import { formatReport } from './report.ts';
import { isChosen, runConformance } from './run-conformance.ts';
import { allScenarios } from './scenarios.ts';

/** What the command needs of its runtime. */
export interface CliRuntime {
  /** Loads a module by what the user typed. */
  load(path: string): Promise<unknown>;
  print(text: string): void;
}

/** What the command prints with `--help`. */
export const CLI_HELP = `storage-conformance <module> [options]

Runs the Granary conformance kit. The module exports a harness as \`harness\`.

  --rule <id>      one rule (LIST-3) or area (LIST); may be given again
  --fast           leaves out slow scenarios
  --properties     compares with a plain model over random operations, too
  --seed <number>  makes the same random operations again
  --all            shows every scenario, not only failures and known gaps
  --json           prints the report as JSON
  --list           lists rules and titles, and runs nothing
  --help           prints this text

Ends with 0 when everything passes, 1 when something fails, 2 when it cannot run.`;

interface CliOptions {
  readonly module: string;
  readonly rules: readonly string[];
  readonly flags: ReadonlySet<string>;
  readonly seed: number | undefined;
}

const FLAGS = ['--fast', '--properties', '--all', '--json', '--list', '--help'];

/** Runs the command and returns its exit code. */
export async function runCli(args: readonly string[], runtime: CliRuntime): Promise<number> {
  const { print } = runtime;
  let options: CliOptions;
  try {
    options = readArguments(args);
  } catch (error) {
    print(`${messageOf(error)}\n\n${CLI_HELP}`);
    return 2;
  }
  const { flags, rules } = options;
  if (flags.has('--help')) {
    print(CLI_HELP);
    return 0;
  }
  const selection = { slow: !flags.has('--fast'), ...(rules.length > 0 && { rules }) };
  const chosen = allScenarios.filter((scenario) => isChosen(scenario, selection));
  if (chosen.length === 0) {
    print(`No scenario has the rule ${rules.join(' or ')}. See --list.`);
    return 2;
  }
  if (flags.has('--list')) {
    for (const { rule, title } of chosen) print(`${rule}  ${title}`);
    return 0;
  }
  let harness: Harness;
  try {
    harness = harnessOf(await runtime.load(options.module), options.module);
  } catch (error) {
    print(messageOf(error));
    return 2;
  }
  return run(harness, options, selection, print);
}

async function run(
  harness: Harness,
  { flags, rules, seed }: CliOptions,
  selection: { readonly slow: boolean; readonly rules?: readonly string[] },
  print: (text: string) => void,
): Promise<number> {
  const report = await runConformance(harness, selection);
  if (flags.has('--json')) print(JSON.stringify(report, undefined, 2));
  else
    print(
      formatReport(report, { show: flags.has('--all') || rules.length > 0 ? 'all' : 'notable' }),
    );
  let isFine = report.ok;
  if (flags.has('--properties')) {
    try {
      const properties = await runProperties(harness, seed === undefined ? {} : { seed });
      if (!flags.has('--json')) {
        print(
          `properties: ${properties.runs} random sequences agree with the model (seed ${properties.seed})`,
        );
      }
    } catch (error) {
      print(messageOf(error));
      isFine = false;
    }
  }
  return isFine ? 0 : 1;
}

function readArguments(args: readonly string[]): CliOptions {
  const flags = new Set<string>();
  const rules: string[] = [];
  const modules: string[] = [];
  let seed: number | undefined;
  const rest = args.values();
  for (const argument of rest) {
    if (argument === '--rule' || argument === '--seed') {
      const { value } = rest.next();
      if (value === undefined) throw new Error(`${argument} needs a value.`);
      if (argument === '--rule') rules.push(value.toUpperCase());
      else seed = wholeNumber(value);
    } else if (FLAGS.includes(argument)) flags.add(argument);
    else if (argument.startsWith('-')) throw new Error(`There is no option ${argument}.`);
    else modules.push(argument);
  }
  const [module = '', ...more] = modules;
  const needsModule = !flags.has('--help') && !flags.has('--list');
  if (needsModule && module === '') throw new Error('Say which module exports the harness.');
  if (more.length > 0) throw new Error(`One module is enough; what is ${more.join(' ')}?`);
  return { module, rules, flags, seed };
}

function wholeNumber(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number)) throw new Error(`${text} is no whole number.`);
  return number;
}

function harnessOf(module: unknown, path: string): Harness {
  const { harness } = (module ?? {}) as { readonly harness?: Partial<Harness> };
  if (typeof harness?.create !== 'function' || typeof harness.name !== 'string') {
    throw new Error(
      `${path} exports no harness: export const harness: Harness = { name, create }.`,
    );
  }
  return harness as Harness;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
