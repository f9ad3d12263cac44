import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runScript } from '@granary-tools/workspace/command';
import { packAll } from '@granary-tools/workspace/pack';
import { entriesOf, type Gate } from './gate.ts';
import { withScratchFolder } from './scratch-folder.ts';

const require = createRequire(import.meta.url);
const ATTW = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');

/** Are the types wrong? Each entry resolves to its declarations, as ES modules only. */
export const resolvedTypes: Gate = {
  name: 'types',
  check: ({ packages, root }) =>
    withScratchFolder(async (folder) => {
      const libraries = packages.filter((candidate) => entriesOf(candidate).length > 0);
      const problems: string[] = [];
      for (const { workspacePackage, tarball } of await packAll(libraries, folder)) {
        const args = [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
        const { exitCode, output } = await runScript(ATTW, args, { cwd: root });
        if (exitCode !== 0) problems.push(`${workspacePackage.folder}:\n${output}`);
      }
      return problems;
    }),
};
