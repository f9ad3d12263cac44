import { ROOT } from '@granary-tools/workspace';
import { runCommand, runScript } from '@granary-tools/workspace/command';
import { verifyScaffolds } from './verify-scaffolds.ts';

const failures = await verifyScaffolds({
  root: ROOT,
  runScript,
  runCommand,
  say: (line) => console.log(line),
});
for (const failure of failures) console.log(failure);
process.exitCode = failures.length === 0 ? 0 : 1;
