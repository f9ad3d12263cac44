import { join } from 'node:path';
import { readPackage } from '@granary-tools/workspace';
import { runCommand, runScript } from '@granary-tools/workspace/command';

/** What was written and where. */
export interface FinishOptions {
  readonly root: string;
  /** Folder of the package that is new or changed. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** Links, formats and builds what was written, and writes its API report. */
export async function finish({ root, folder, say }: FinishOptions): Promise<void> {
  const found = await readPackage(root, folder);
  if (!found) throw new Error(`${folder} was not written.`);
  const script = (...path: readonly string[]) => join(root, ...path);
  const turbo = script('node_modules', 'turbo', 'bin', 'turbo');
  const biome = script('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  const gates = script('tools', 'package-gates', 'src', 'main.ts');
  const steps = [
    {
      title: 'Linking',
      run: () => runCommand('pnpm', ['install', '--no-frozen-lockfile'], { cwd: root }),
    },
    {
      title: 'Formatting',
      run: () => runScript(biome, ['check', '--write', folder], { cwd: root }),
    },
    {
      title: 'Building',
      run: () =>
        runScript(turbo, ['run', 'build', `--filter=${found.manifest.name}`], { cwd: root }),
    },
    {
      title: 'Writing the API report',
      run: () => runScript(gates, ['api', '--update', folder], { cwd: root }),
    },
  ];
  for (const { title, run } of steps) {
    say(title);
    const { exitCode, output } = await run();
    if (exitCode !== 0) throw new Error(`${title} failed:\n${output}`);
  }
}
