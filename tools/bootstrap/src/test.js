// npm test: brings everything and runs every check and test. The last line is the sum in every case.
import { join } from 'node:path';
import { run } from './run.js';
import { bringRuntime, install, ROOT } from './runtime.js';

try {
  const { node, env } = bringRuntime({ say });
  install({ env, say });
  const main = join(ROOT, 'tools', 'test-run', 'src', 'main.ts');
  process.exitCode = await run(node, [main, ...process.argv.slice(2)], { cwd: ROOT, env });
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  say('0 passed, 1 failed, 0 skipped');
  process.exitCode = 1;
}

/** @param {string} text */
function say(text) {
  console.log(text);
}
