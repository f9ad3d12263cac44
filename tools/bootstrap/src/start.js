// npm start [-- folder]: brings everything, builds, and runs the main job from where the user stands.
import { join } from 'node:path';
import { run } from './run.js';
import { bringRuntime, install, ROOT } from './runtime.js';

const BUILD = ['run', 'build', '--filter=@granary-examples/main-job^...'];

try {
  const { node, env } = bringRuntime({ say });
  install({ env, say });
  say('Building');
  const turbo = join(ROOT, 'node_modules', 'turbo', 'bin', 'turbo');
  process.exitCode = await run(node, [turbo, ...BUILD], { cwd: ROOT, env, quiet: true });
  if (process.exitCode === 0) {
    say('Running the main job');
    const { INIT_CWD: cwd = process.cwd() } = process.env;
    const job = join(ROOT, 'examples', 'main-job', 'src', 'main.ts');
    process.exitCode = await run(node, [job, ...process.argv.slice(2)], { cwd, env });
  }
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}

/** @param {string} text */
function say(text) {
  console.error(`granary: ${text}`);
}
