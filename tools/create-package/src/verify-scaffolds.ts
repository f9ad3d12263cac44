import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { CommandOptions, CommandResult } from '@granary-tools/workspace/command';
import { NPM_FLAGS } from '@granary-tools/workspace/npm-project';

/** What verifying needs; tests pass their own runners. */
export interface VerifyContext {
  /** The repository, built. */
  readonly root: string;
  readonly runScript: Runner;
  readonly runCommand: Runner;
  readonly say: (line: string) => void;
}

type Runner = (
  command: string,
  args: readonly string[],
  options: CommandOptions,
) => Promise<CommandResult>;

/** One command of a verification. */
interface Step {
  readonly title: string;
  readonly runner: 'runScript' | 'runCommand';
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** Folders that are made anew in a copy, or not needed there. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', '.turbo', 'coverage', 'node_modules']);

const BACKEND = 'throw-away';
const LAYER = 'pass-through';
const TURBO = 'node_modules/turbo/bin/turbo';

/**
 * Scaffolds a backend and a layer into a copy of the repository, and a backend outside of it from
 * tarballs, and runs on each every check that it must pass untouched. Returns what failed.
 */
export async function verifyScaffolds(context: VerifyContext): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-scaffold-'));
  try {
    const copy = join(folder, 'copy');
    await cp(context.root, copy, {
      recursive: true,
      filter: (path) => !LEFT_OUT.has(basename(path)),
    });
    // Both wait for an installation, and neither for the other.
    const failures = await Promise.all([
      runSteps(context, insideSteps(copy)),
      verifyOutside(context, folder),
    ]);
    return failures.flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function verifyOutside(context: VerifyContext, folder: string): Promise<readonly string[]> {
  const { root } = context;
  return [
    ...(await runSteps(context, packSteps(root, folder))),
    ...(await runSteps(context, outsideSteps(root, folder, await tarballs(folder)))),
  ];
}

function insideSteps(cwd: string): readonly Step[] {
  const script = (title: string, command: string, ...args: readonly string[]): Step => {
    return { title, runner: 'runScript', command, args, cwd };
  };
  const create = 'tools/create-package/src/main.ts';
  const gates = 'tools/package-gates/src/main.ts';
  const folders = [`packages/storage-${BACKEND}`, 'packages/storage-layers'];
  const filters = folders.map((folder) => `--filter=./${folder}`);
  return [
    {
      title: 'install the copy',
      runner: 'runCommand',
      command: 'pnpm',
      args: ['install', '--frozen-lockfile', '--prefer-offline'],
      cwd,
    },
    script('create a backend', create, 'backend', BACKEND),
    script('create a layer', create, 'layer', LAYER),
    script('format and lint', 'node_modules/@biomejs/biome/bin/biome', 'check', ...folders),
    script('structure', 'tools/check-packages/src/main.ts', ...folders),
    script(
      'unused files, exports and dependencies',
      'node_modules/knip/bin/knip.js',
      ...folders.flatMap((folder) => ['--workspace', folder]),
    ),
    script('types', TURBO, 'run', 'typecheck', ...filters),
    script('tests of the backend', TURBO, 'run', 'test', filters[0] ?? ''),
    {
      title: 'tests of the layer',
      runner: 'runScript',
      command: join('node_modules', 'vitest', 'vitest.mjs'),
      args: ['run', LAYER],
      cwd: join(cwd, 'packages', 'storage-layers'),
    },
    script('published files', gates, 'publint', ...folders),
    script('types as users resolve them', gates, 'types', ...folders),
    script('size budgets', gates, 'size', ...folders),
    script('API reports', gates, 'api', ...folders),
    script('code in the README', 'tools/check-docs/src/main.ts', `packages/storage-${BACKEND}`),
  ];
}

function packSteps(root: string, folder: string): readonly Step[] {
  return ['storage-core', 'storage-conformance'].map((name) => ({
    title: `pack ${name}`,
    runner: 'runCommand',
    command: 'pnpm',
    args: ['pack', '--pack-destination', join(folder, name)],
    cwd: join(root, 'packages', name),
  }));
}

function outsideSteps(
  root: string,
  folder: string,
  [core = '', kit = '']: readonly string[],
): readonly Step[] {
  const outside = join(folder, 'outside');
  const create = join(root, 'tools', 'create-package', 'src', 'main.ts');
  const sources = ['--core', `file:${core}`, '--kit', `file:${kit}`];
  const npm = (title: string, ...args: readonly string[]): Step => {
    return { title, runner: 'runCommand', command: 'npm', args, cwd: outside };
  };
  return [
    {
      title: 'create a backend outside',
      runner: 'runScript',
      command: create,
      args: ['backend', 'elsewhere', '--outside', outside, ...sources],
      cwd: folder,
    },
    npm('install it with npm', 'install', ...NPM_FLAGS),
    npm('check its types', 'run', 'typecheck'),
    npm('run its tests', 'test'),
    npm('build it', 'run', 'build'),
  ];
}

async function tarballs(folder: string): Promise<readonly string[]> {
  const names = ['storage-core', 'storage-conformance'];
  const found = names.map(async (name) => {
    const [file] = await readdir(join(folder, name)).catch(() => []);
    return join(folder, name, file ?? 'missing.tgz');
  });
  return Promise.all(found);
}

/** Runs steps up to the first one that fails, since the next ones stand on it. */
async function runSteps(
  context: VerifyContext,
  steps: readonly Step[],
): Promise<readonly string[]> {
  for (const { title, runner, command, args, cwd } of steps) {
    const startedAt = performance.now();
    const { exitCode, output } = await context[runner](command, args, { cwd });
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    context.say(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
    if (exitCode !== 0) return [`${title} failed:\n${output}`];
  }
  return [];
}
