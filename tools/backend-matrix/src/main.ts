// pnpm matrix: writes the table of backends into README.md. With --check it only compares.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readBackends } from './backends.ts';
import { matrixTable, putTable } from './matrix.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));

const page = await readFile(README, 'utf8');
const filled = putTable(page, matrixTable(await readBackends()));
if (filled !== page && process.argv.includes('--check')) {
  console.error('The table of backends in README.md is not what they declare. Run: pnpm matrix');
  process.exitCode = 1;
} else {
  await writeFile(README, filled);
}
