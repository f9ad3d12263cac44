import { join } from 'node:path';
import { ROOT, readWorkspace } from '@granary-tools/workspace';
import { checkDocuments } from './check.ts';

// check-docs [folder …]
const folders = process.argv.slice(2);
const problems = await checkDocuments({
  root: ROOT,
  ...(folders.length > 0 ? { folders } : {}),
  packages: await readWorkspace(),
  compiler: join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
  limitMs: 30_000,
  say: (line) => console.log(line),
});
for (const problem of problems) console.log(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
