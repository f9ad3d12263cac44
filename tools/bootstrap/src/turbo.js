// Runs turbo from the root scripts with its telemetry off.
import { join } from 'node:path';
import { run } from './run.js';
import { QUIET, ROOT } from './runtime.js';

const args = [join(ROOT, 'node_modules', 'turbo', 'bin', 'turbo'), ...process.argv.slice(2)];
const env = { ...process.env, ...QUIET };
process.exitCode = await run(process.execPath, args, { cwd: ROOT, env });
