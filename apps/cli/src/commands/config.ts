import type { ConfigProblem, StorageConfig } from '@granary/storage-config';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { EXIT, usageError } from '../exit-codes.ts';
import { formatCount } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';

const ACTIONS: Readonly<Record<string, (context: CommandContext) => Promise<number>>> = {
  check: checkConfig,
  show: showConfig,
  names: listNames,
  schema: printSchema,
};
const WORDS = Object.keys(ACTIONS);

export const config: Command = defineCommand({
  name: 'config',
  group: 'Set up',
  summary: 'Check and show the file that names stores',
  details: [
    'The file is the one of --config or GRANARY_CONFIG, else the nearest storage.yaml, storage.yml or storage.json in the current folder or above it. A store that it names is written before a colon: docs:2026/a.txt.',
    'check: says all that is wrong with the file, with variables, and with options of backends and layers; it opens no connection. show: the stores and their layers. names: their names alone. schema: the JSON schema for editors.',
  ].join('\n\n'),
  arguments: [
    {
      name: 'action',
      description: `${WORDS.join(', ')} (default: check)`,
      isOptional: true,
      completes: WORDS,
    },
  ],
  options: {},
  examples: [
    ['granary config check', 'is the file right, and is every variable set?'],
    ['granary config show --config deploy/storage.yaml', 'what stores does it name?'],
    ['granary config schema > storage.schema.json', 'for "# yaml-language-server: $schema="'],
  ],
  async run(input) {
    const [word = 'check'] = input.words;
    const act = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (act !== undefined) return act(input);
    throw usageError(`"${word}" is nothing to do with a config.`, `Use ${WORDS.join(', ')}.`);
  },
});

async function checkConfig({ stores, output }: CommandContext): Promise<number> {
  const problems = await stores.check();
  const { formatProblem } = await import('@granary/storage-config');
  for (const problem of problems) {
    await output.result({ type: 'problem', ...problem }, printable(formatProblem(problem)));
  }
  const file = printable((await stores.file()) ?? '');
  if (problems.length > 0) {
    await output.note(`${file}: ${formatCount(problems.length, 'problem')}.`);
    return EXIT.usage;
  }
  const count = (await stores.config())?.providers.length ?? 0;
  await output.note(`${file}: ${formatCount(count, 'store')}, no problems.`);
  return EXIT.ok;
}

async function showConfig(context: CommandContext): Promise<number> {
  const { stores, output } = context;
  const found = await stores.config();
  // Says that there is none.
  if (found === undefined) return checkConfig(context);
  await output.text(printable(found.file));
  const rows = found.providers.map((provider) => {
    const { name, type = '?', layers } = provider;
    const mark = name === found.defaultProvider ? 'default' : '';
    return [`  ${output.paint('cyan', `${name}:`)}`, type, layers.join(' > '), mark];
  });
  await output.text(...table(rows));
  await showStores(context, found, []);
  return EXIT.ok;
}

/** Prints stores as JSON. */
export async function showStores(
  { output }: CommandContext,
  { file, defaultProvider, providers }: StorageConfig,
  problems: readonly ConfigProblem[],
): Promise<void> {
  if (!output.isJson) return;
  for (const { name, type, layers } of providers) {
    const isDefault = name === defaultProvider;
    await output.result({ type: 'store', file, name, backend: type, layers, isDefault });
  }
  for (const problem of problems) await output.result({ type: 'problem', ...problem });
}

async function listNames({ stores, output }: CommandContext): Promise<number> {
  const names = (await stores.config())?.providers.map(({ name }) => name) ?? [];
  for (const name of names) await output.result({ type: 'name', name }, `${name}:`);
  return EXIT.ok;
}

async function printSchema({ output }: CommandContext): Promise<number> {
  const { configSchema } = await import('@granary/storage-config');
  const schema = configSchema();
  await output.result({ type: 'schema', schema }, JSON.stringify(schema, null, 2));
  return EXIT.ok;
}
