import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';
import { runCommand, runScript } from '@granary-tools/workspace/command';
import { makeNpmProject } from '@granary-tools/workspace/npm-project';
import { type Packed, packAll } from '@granary-tools/workspace/pack';
import { entriesOf, type Gate } from './gate.ts';
import { withScratchFolder } from './scratch-folder.ts';

/** What an application with core and one backend without an SDK may take on disk (ARCHITECTURE.md, budgets). */
const MAX_INSTALLED_BYTES = 5_000_000;

/**
 * Installs the tarballs with npm into empty projects outside of the repository, as users do: every
 * entry imports under plain Node and typechecks in a strict project, every command starts.
 */
export const tarballs: Gate = {
  name: 'tarballs',
  check: ({ packages, root, say }) =>
    withScratchFolder(async (scratch) => {
      const packed = await packAll(packages, scratch);
      return [
        ...(await checkEverything(packed, root, scratch)),
        ...(await checkInstalledSize(packed, scratch, say)),
      ];
    }),
};

async function checkEverything(
  packed: readonly Packed[],
  root: string,
  scratch: string,
): Promise<readonly string[]> {
  const packages = packed.map(({ workspacePackage }) => workspacePackage);
  const project = join(scratch, 'everything');
  const installed = await makeNpmProject(project, packed, peersOf(packages));
  if (installed.exitCode !== 0) return [`npm install of all tarballs failed:\n${installed.output}`];
  return [
    ...(await checkImports(project, packages)),
    ...(await checkTypes(project, packages, root)),
    ...(await checkCommands(project, packages)),
  ];
}

/** Every entry loads under plain Node and exports something. */
async function checkImports(
  project: string,
  packages: readonly WorkspacePackage[],
): Promise<readonly string[]> {
  const script = specifiersOf(packages).map(
    (specifier) =>
      `if (Object.keys(await import('${specifier}')).length === 0) throw new Error('${specifier} is empty');`,
  );
  await writeFile(join(project, 'imports.js'), script.join('\n'));
  const { exitCode, output } = await runScript('imports.js', [], { cwd: project });
  return exitCode === 0 ? [] : [`importing every entry under Node failed:\n${output}`];
}

/** Every entry has types that a strict project accepts, with the library check on. */
async function checkTypes(
  project: string,
  packages: readonly WorkspacePackage[],
  root: string,
): Promise<readonly string[]> {
  const specifiers = specifiersOf(packages);
  const program = specifiers.flatMap((specifier, index) => [
    `import * as entry${index} from '${specifier}';`,
    `export const names${index}: readonly string[] = Object.keys(entry${index});`,
  ]);
  await writeFile(join(project, 'types.ts'), program.join('\n'));
  const compilerOptions = {
    target: 'ES2024',
    module: 'NodeNext',
    lib: ['ES2024', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    typeRoots: [join(import.meta.dirname, '..', 'node_modules', '@types')],
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  };
  const settings = JSON.stringify({ compilerOptions, files: ['types.ts'] });
  await writeFile(join(project, 'tsconfig.json'), settings);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const { exitCode, output } = await runScript(tsc, [], { cwd: project });
  return exitCode === 0 ? [] : [`typechecking every entry failed:\n${output}`];
}

/** Every command starts and explains itself. */
async function checkCommands(
  project: string,
  packages: readonly WorkspacePackage[],
): Promise<readonly string[]> {
  const commands = packages.flatMap(({ manifest }) => Object.keys(manifest.bin ?? {}));
  const problems: string[] = [];
  for (const command of commands) {
    const args = ['--no-install', command, '--help'];
    const { exitCode, output } = await runCommand('npx', args, { cwd: project });
    if (exitCode !== 0 || !output.includes(command)) {
      problems.push(`'${command} --help' failed or did not name the command:\n${output}`);
    }
  }
  return problems;
}

/** Core and the file-system backend alone stay small on disk. */
async function checkInstalledSize(
  packed: readonly Packed[],
  scratch: string,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const names = ['@granary/storage-core', '@granary/storage-fs'];
  const own = packed.filter(({ workspacePackage }) =>
    names.includes(workspacePackage.manifest.name),
  );
  if (own.length === 0) return [];
  const project = join(scratch, 'small');
  const { exitCode, output } = await makeNpmProject(project, own);
  if (exitCode !== 0) return [`npm install of ${names.join(' and ')} failed:\n${output}`];
  const bytes = await folderBytes(join(project, 'node_modules'));
  say(
    `${names.join(' + ')} installed: ${toMegabytes(bytes)} of ${toMegabytes(MAX_INSTALLED_BYTES)}`,
  );
  if (bytes <= MAX_INSTALLED_BYTES) return [];
  return [`${names.join(' + ')} take ${toMegabytes(bytes)} installed`];
}

/** Returns what users must bring themselves, and may leave out: all of it, in the wanted range. */
function peersOf(packages: readonly WorkspacePackage[]): Readonly<Record<string, string>> {
  return Object.assign({}, ...packages.map(({ manifest }) => manifest.peerDependencies));
}

function specifiersOf(packages: readonly WorkspacePackage[]): readonly string[] {
  return packages.flatMap((candidate) => entriesOf(candidate).map(({ specifier }) => specifier));
}

async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

function toMegabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}
