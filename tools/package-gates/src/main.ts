import { parseArgs } from 'node:util';
import { isPublished, ROOT, readWorkspace } from '@granary-tools/workspace';
import { apiReports } from './api-reports.ts';
import type { Gate } from './gate.ts';
import { publishedFiles } from './published-files.ts';
import { resolvedTypes } from './resolved-types.ts';
import { sizeBudgets } from './size-budgets.ts';
import { tarballs } from './tarballs.ts';

const GATES: readonly Gate[] = [publishedFiles, resolvedTypes, sizeBudgets, apiReports, tarballs];

// package-gates <gate> [folder …] [--update]
const { values, positionals } = parseArgs({
  options: { update: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const [gateName, ...folders] = positionals;
const gate = GATES.find(({ name }) => name === gateName);
if (!gate) {
  console.log(`Name one of ${GATES.map(({ name }) => name).join(', ')}.`);
  process.exitCode = 2;
} else {
  const published = (await readWorkspace()).filter(isPublished);
  const named = published.filter(({ folder }) => folders.includes(folder));
  const problems = await gate.check({
    root: ROOT,
    packages: folders.length > 0 ? named : published,
    update: values.update,
    say: (line) => console.log(line),
  });
  for (const problem of problems) console.log(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
