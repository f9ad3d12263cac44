import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { readWorkspace } from '@granary-tools/workspace';
import { kitRun } from './vitest-arguments.ts';

// pnpm conformance <backend> [--rule LIST-3]
const { values, positionals } = parseArgs({
  options: { rule: { type: 'string' } },
  allowPositionals: true,
});
try {
  const { cwd, args } = kitRun(await readWorkspace(), positionals[0] ?? '', values.rule);
  const require = createRequire(join(cwd, 'package.json'));
  const vitest = join(dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
  const { status } = spawnSync(process.execPath, [vitest, ...args], { cwd, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
