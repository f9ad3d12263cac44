import { join } from 'node:path';
import { run } from './run.js';
import { bringRuntime, install, ROOT } from './runtime.js';

/**
 * Brings everything, builds what a program needs, and runs the program where the user stands, with
 * the user's arguments. Sets the exit code. What it says goes to standard error.
 *
 * @param {{ filter: string, script: string[], name: string }} program
 *   `filter` chooses what is built, `script` is its path in the repository
 */
export async function buildAndRun({ filter, script, name }) {
  try {
    const { node, env } = bringRuntime({ say });
    install({ env, say });
    say('Building');
    const build = [join(ROOT, 'node_modules', 'turbo', 'bin', 'turbo'), 'run', 'build', filter];
    process.exitCode = await run(node, build, { cwd: ROOT, env, quiet: true });
    if (process.exitCode !== 0) return;
    say(`Running ${name}`);
    const { INIT_CWD: cwd = process.cwd() } = process.env;
    const args = [join(ROOT, ...script), ...process.argv.slice(2)];
    process.exitCode = await run(node, args, { cwd, env });
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  }
}

/** @param {string} text */
function say(text) {
  console.error(`granary: ${text}`);
}
