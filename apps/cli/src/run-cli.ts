import type { Vault } from '@granary/storage-credentials';
import { CommanderError } from 'commander';
import { type Backends, findBackends } from './backends/find-backend.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './commands/commands.ts';
import { openNamedStores } from './config/named-stores.ts';
import { EXIT, exitCodeOf, isUsageError, usageError } from './exit-codes.ts';
import { type Host, type Interruption, interruptionOf, writeTo } from './host.ts';
import { errorFacts } from './output/error-report.ts';
import { makeOutput, type Output } from './output/output.ts';
import { printable } from './output/printable.ts';
import { paintFor } from './output/style.ts';
import { openPlaces } from './places/open-places.ts';
import { readPlace } from './places/read-place.ts';
import { buildProgram, type Invocation } from './program.ts';
import { openVault } from './vault/open-vault.ts';

/** What the program is made of; tests pass their own. */
export interface CliSettings {
  readonly version: string;
  readonly commands?: readonly Command[];
}

const EXIT_BY_INTERRUPTION: Readonly<Record<Interruption, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
  SIGPIPE: EXIT.brokenPipe,
};
/** Lines that are wider are hard to read. */
const MAX_HELP_COLUMNS = 100;

/** Runs one command line and returns what the process is to exit with. */
export async function runCli(
  words: readonly string[],
  host: Host,
  settings: CliSettings,
): Promise<number> {
  const { commands = COMMANDS, version } = settings;
  const helpTexts: string[] = [];
  let invocation: Invocation | undefined;
  const program = buildProgram({
    commands,
    version,
    paint: paintFor(host.stdout, host.env, !words.includes('--no-color')),
    width: Math.min(host.stdout.columns ?? 80, MAX_HELP_COLUMNS),
    writeHelp: (text) => helpTexts.push(text),
    onInvoke: (invoked) => {
      invocation = invoked;
    },
  });
  try {
    if (words.length === 0) program.help();
    program.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    await writeTo(host.stdout, helpTexts.join(''));
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') {
      const hint = 'See granary --help.';
      return await fail(outputFor(host, {}, words), usageError('there is no command.', hint));
    }
    return await fail(outputFor(host, {}, words), parseError(error, words, commands));
  }
  if (invocation === undefined) return EXIT.ok;
  return await runInvocation(invocation, host, commands);
}

async function runInvocation(
  invocation: Invocation,
  host: Host,
  commands: readonly Command[],
): Promise<number> {
  const { command, words, raw } = invocation;
  const output = outputFor(host, raw, []);
  const modules = Array.isArray(raw['backend']) ? (raw['backend'] as string[]) : [];
  let opened: Promise<Vault> | undefined;
  const vault = (): Promise<Vault> => {
    opened ??= openVault(host);
    return opened;
  };
  const backends: Backends = findBackends({ cwd: host.cwd, modules, env: host.env, vault });
  const stores = openNamedStores(host, backends, {
    vault,
    config: typeof raw['config'] === 'string' ? raw['config'] : undefined,
    onUse: (file) =>
      raw['verbose'] === true ? output.note(`Stores are named by ${printable(file)}.`) : undefined,
  });
  const places = openPlaces({
    open: (url) => (url.scheme === '' ? stores.open(url.host) : backends.open(url)),
  });
  const context = {
    ...{ host, output, places, stores, vault, backends, commands, signal: host.signal },
    readPlace: (word: string) => readPlace(word, host.cwd, stores, backends),
  };
  try {
    const code = await command.run(context, words, raw);
    await places.close();
    await stores.close();
    return interrupted(host) ?? code;
  } catch (error) {
    await places.close().catch(() => {});
    await stores.close().catch(() => {});
    const code = interrupted(host);
    return code ?? (await fail(output, error, command.name));
  } finally {
    await opened?.then((used) => used.close()).catch(() => {});
  }
}

function interrupted({ signal }: Host): number | undefined {
  return signal.aborted ? EXIT_BY_INTERRUPTION[interruptionOf(signal)] : undefined;
}

async function fail(output: Output, error: unknown, command?: string): Promise<number> {
  const withHint =
    isUsageError(error) && error.hint === undefined
      ? usageError(
          error.message,
          `See granary ${command === undefined ? '' : `${command} `}--help.`,
        )
      : error;
  await output.error(withHint);
  if (output.isJson) await output.result({ type: 'error', ...errorFacts(withHint) });
  return exitCodeOf(withHint);
}

function outputFor(
  host: Host,
  raw: Readonly<Record<string, unknown>>,
  words: readonly string[],
): Output {
  return makeOutput(host, {
    json: raw['json'] === true || words.includes('--json'),
    quiet: raw['quiet'] === true,
    debug: raw['debug'] === true,
    color: raw['color'] !== false && !words.includes('--no-color'),
  });
}

/** Turns commander's message into ours: a sentence, and what it proposes as the hint. */
function parseError(
  { message }: CommanderError,
  words: readonly string[],
  commands: readonly Command[],
): Error {
  const [first = '', proposal] = message.replace(/^error: /, '').split('\n');
  const sentence = `${first.charAt(0).toLowerCase()}${first.slice(1)}${first.endsWith('.') ? '' : '.'}`;
  const command = commands.find(({ name }) => name === words.find((word) => !word.startsWith('-')));
  const help = `See granary ${command === undefined ? '' : `${command.name} `}--help.`;
  return usageError(sentence, proposal === undefined ? help : proposal.replace(/^\(|\)$/g, ''));
}
