import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
/** Specifiers are resolved as from this package. */
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));

/**
 * Runs a module in a fresh process with production settings, and returns what it hands to
 * `report(…)`. Errors: an `Error` with what the process wrote when it fails.
 */
export async function inFreshProcess(module: string): Promise<unknown> {
  const source = `const report = (value) => console.log(JSON.stringify(value));\n${module}`;
  const flags = [...process.execArgv, '--expose-gc', '--input-type=module'];
  try {
    const { stdout } = await run(process.execPath, [...flags, '--eval', source], {
      cwd: PACKAGE,
      env: { ...process.env, NODE_ENV: 'production' },
    });
    return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1));
  } catch (error) {
    const said = /^\w*Error.*$/m.exec(String(Reflect.get(Object(error), 'stderr')));
    throw said === null ? error : new Error(said[0]);
  }
}
