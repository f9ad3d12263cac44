import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** @type {NodeJS.Signals[]} */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

const ORPHAN_CHECK_MS = 500;

/**
 * Runs a program with this process's input and output and returns its exit code. Signals reach it: a
 * terminal sends Ctrl-C to the whole group by itself, everything else is passed on. A program ended
 * by a signal gives 128 + its number, as shells do. With `quiet`, output is shown only after a failure.
 *
 * A signal that ends npm alone never gets here: the shell between the two dies with npm. So a program
 * that npm started is ended when its parent is gone.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, quiet?: boolean }} options
 * @returns {Promise<number>}
 */
export function run(command, args, { cwd, env, quiet = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? 'pipe' : 'inherit' });
    /** @type {Buffer[]} */
    const held = [];
    child.stdout?.on('data', (chunk) => held.push(chunk));
    child.stderr?.on('data', (chunk) => held.push(chunk));

    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    for (const signal of PASSED_ON) process.on(signal, forward);
    const { ppid } = process;
    const watch = setInterval(() => {
      if (process.env['npm_lifecycle_event'] && process.ppid !== ppid) child.kill('SIGTERM');
    }, ORPHAN_CHECK_MS);
    const release = () => {
      clearInterval(watch);
      for (const signal of PASSED_ON) process.off(signal, forward);
    };
    child.on('error', (error) => {
      release();
      reject(error);
    });
    child.on('close', (code, signal) => {
      release();
      if (code !== 0) process.stderr.write(Buffer.concat(held));
      resolve(signal ? 128 + constants.signals[signal] : Number(code));
    });
  });
}
