import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { installedBackends } from '../backends/installed-backends.ts';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { corsSteps, parseOrigin } from '../doctor/cors-steps.ts';
import type { Step } from '../doctor/step.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { flag, parsed } from '../options.ts';
import { errorFacts } from '../output/error-report.ts';
import { formatSpan } from '../output/format.ts';
import { printable } from '../output/printable.ts';
import { table } from '../output/table.ts';
import type { Tree } from '../places/open-places.ts';
import type { Place } from '../places/parse-place.ts';
import { stateFolder } from '../transfer/state-folder.ts';
import { showStores } from './config.ts';

export const doctor: Command = defineCommand({
  name: 'doctor',
  group: 'Set up',
  summary: 'Show what is installed, and try a place out',
  details:
    'For a place it shows what its backend can do, and writes, reads and deletes a small object there, with the time each takes.',
  arguments: [
    { name: 'place', description: 'places to try out', isOptional: true, isVariadic: true },
  ],
  options: {
    readOnly: flag('list only; write and delete nothing'),
    origin: parsed(
      'origin',
      'try what a page of this origin may do with presigned URLs',
      parseOrigin,
    ),
  },
  examples: [
    ['granary doctor', 'runtime and installed backends'],
    ['granary doctor s3://bucket/tmp', 'can this program write there, and how fast?'],
    [
      'granary doctor --origin https://app.example s3://bucket/tmp',
      'may a browser there use presigned URLs?',
    ],
  ],
  async run(input) {
    const { words, options, readPlace } = input;
    await showRuntime(input);
    await showBackends(input);
    let code = await showNames(input);
    for (const word of words) {
      const place = await readPlace(word);
      const failed = await tryOut(input, place, options);
      if (code === EXIT.ok) code = failed;
    }
    return code;
  },
});

async function showRuntime({ host, output, stores }: CommandContext): Promise<void> {
  const runtime = process.versions['bun'] === undefined ? 'node' : 'bun';
  const facts = {
    runtime: `${runtime} ${process.versions[runtime] ?? ''}`,
    platform: `${process.platform} ${process.arch}`,
    state: join(stateFolder(host), 'transfers'),
    config: (await stores.file().catch(() => undefined)) ?? 'none',
  };
  await output.result(
    { type: 'runtime', ...facts },
    output.paint('bold', 'Runtime'),
    ...table(Object.entries(facts).map(([name, value]) => [`  ${name}`, value])),
  );
}

async function showBackends({ backends, host, output }: CommandContext): Promise<void> {
  const found = await installedBackends(backends, host.cwd);
  await output.text('', output.paint('bold', 'Backends'));
  const rows = found.map(({ name, schemes, origin, problem }) => [
    `  ${name}`,
    problem === undefined
      ? schemes.map((scheme) => `${scheme}:`).join(' ')
      : output.paint('red', 'broken'),
    problem ?? origin,
  ]);
  await output.text(...table(rows));
  if (output.isJson)
    for (const backend of found) await output.result({ type: 'backend', ...backend });
}

/** Shows the stores that have names, and what is wrong with their file. */
async function showNames(context: CommandContext): Promise<number> {
  const { output, stores } = context;
  try {
    if ((await stores.file()) === undefined) return EXIT.ok;
    const problems = await stores.check();
    const { formatProblem } = await import('@granary/storage-config');
    await output.text('', output.paint('bold', 'Stores'));
    const found =
      problems.length === 0 ? await stores.config() : await stores.config().catch(() => undefined);
    const rows = (found?.providers ?? []).map(({ name, type = '?', layers }) => [
      `  ${name}:`,
      type,
      layers.join(' > '),
    ]);
    await output.text(...table(rows));
    if (found !== undefined) await showStores(context, found, problems);
    for (const problem of problems) {
      await output.text(`  ${output.paint('red', 'wrong')} ${printable(formatProblem(problem))}`);
    }
    return problems.length === 0 ? EXIT.ok : EXIT.usage;
  } catch (error) {
    await output.error(error);
    return exitCodeOf(error);
  }
}

/** What is tried. */
interface Trial {
  readonly readOnly: boolean;
  readonly origin: string | undefined;
}

async function tryOut(
  context: CommandContext,
  place: Place,
  { readOnly, origin }: Trial,
): Promise<number> {
  const { output, places, signal } = context;
  await output.text('', output.paint('bold', printable(place.label)));
  let tree: Tree;
  try {
    tree = await places.tree(place);
  } catch (error) {
    await output.error(error);
    return exitCodeOf(error);
  }
  const { store, prefix } = tree;
  const key = `${prefix}granary-doctor-${randomUUID()}.txt`;
  const pages = origin === undefined ? [] : corsSteps({ store, key, origin, readOnly, signal });
  const [write, read, remove] = writeSteps(store, key, signal);
  const steps = readOnly
    ? [...listSteps(tree, signal), ...pages]
    : [...listSteps(tree, signal), write, read, ...pages, remove];
  let failure: unknown;
  let isWritten = false;
  try {
    for (const { name, run } of steps) {
      isWritten = name === 'write' || (isWritten && name !== 'delete');
      failure = await runStep(context, place, { name, run });
      if (failure !== undefined) break;
    }
  } finally {
    if (isWritten) await store.delete(key).catch(() => {});
  }
  await showCapabilities(context, place, store);
  return failure === undefined ? EXIT.ok : exitCodeOf(failure);
}

function listSteps({ store, prefix }: Tree, signal: AbortSignal): Step[] {
  return [
    { name: 'open', run: () => store.ready({ signal }) },
    {
      name: 'list',
      async run() {
        for await (const _page of store.list({ prefix, limit: 1, signal }).pages()) return;
      },
    },
  ];
}

function writeSteps(
  store: StorageEngine,
  key: string,
  signal: AbortSignal,
): [write: Step, read: Step, remove: Step] {
  const content = 'Written by granary doctor; may be deleted.\n';
  return [
    { name: 'write', run: () => store.put(key, content, { signal }) },
    {
      name: 'read',
      async run() {
        const object = await store.get(key, { signal });
        const text = await object.text();
        if (text !== content) throw new Error('what was read is not what was written.');
      },
    },
    { name: 'delete', run: () => store.delete(key, { signal }) },
  ];
}

async function runStep(
  { host, output, signal }: CommandContext,
  place: Place,
  { name, run }: Step,
): Promise<unknown> {
  const startedAt = host.now();
  const record = { type: 'probe', place: place.label, step: name };
  try {
    await run();
    const ms = host.now() - startedAt;
    const line = `  ${output.paint('green', 'ok')}    ${name.padEnd(8)}  ${formatSpan(ms)}`;
    await output.result({ ...record, ok: true, ms }, line);
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    const ms = host.now() - startedAt;
    const line = `  ${output.paint('red', 'fails')} ${name.padEnd(8)}  ${formatSpan(ms)}`;
    await output.result({ ...record, ok: false, ms, error: errorFacts(error) }, line);
    await output.error(error);
    return error;
  }
}

async function showCapabilities(
  { output }: CommandContext,
  place: Place,
  store: StorageEngine,
): Promise<void> {
  const capabilities = store.getCapabilities();
  const { provider } = store.getInfo();
  const entries = Object.entries(capabilities).sort(([one], [other]) => (one < other ? -1 : 1));
  const can = entries.flatMap(([name, value]) => (value === true ? [name] : []));
  const rest = entries.filter(([, value]) => typeof value !== 'boolean');
  await output.result(
    { type: 'capabilities', place: place.label, provider, capabilities },
    '',
    `  ${output.paint('dim', `What ${provider} can do`)}`,
    ...wrap(can, 76).map((line) => `  ${line}`),
    ...table(
      rest.flatMap(([name, value]) => {
        const lines = Array.isArray(value) ? wrap(value.map(String), 58) : [String(value)];
        return lines.map((line, index) => [
          index === 0 ? `  ${output.paint('dim', name)}` : '',
          line,
        ]);
      }),
    ),
  );
}

/** Breaks words into lines of so many columns. */
function wrap(words: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= columns) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else lines.push(word);
  }
  return lines;
}
