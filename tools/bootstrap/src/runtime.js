import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Runtime
 * @property {string} node path of the Node binary
 * @property {NodeJS.ProcessEnv} env environment in which `node` and `pnpm` are found
 */

/** Absolute path of the repository. */
export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Switches off what the tools would otherwise send home or ask for. */
export const QUIET = {
  DO_NOT_TRACK: '1',
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  npm_config_update_notifier: 'false',
};

const NODE_SPEC = 'node@24';
const needsShell = process.platform === 'win32';

/**
 * Tells whether this Node version can run the repository's tools (tsup, vitest, type stripping).
 *
 * @param {string} version
 */
export function isSupportedNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return (major === 22 && minor >= 18) || (major === 24 && minor >= 11) || major >= 26;
}

/** Returns the pnpm version that package.json pins, such as `12.21.0`. */
export function pinnedPnpm(root = ROOT) {
  const { packageManager = '' } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const [, version] = /^pnpm@(\d+\.\d+\.\d+)/.exec(packageManager) ?? [];
  if (version) return version;
  throw new Error(`package.json pins no pnpm version in "packageManager": '${packageManager}'`);
}

/**
 * Returns a Node and an environment to run the repository in: the current ones when they are good
 * enough, else ones that npx brings.
 *
 * @param {{ say: (text: string) => void, env?: NodeJS.ProcessEnv, version?: string }} options
 * @returns {Runtime}
 */
export function bringRuntime({ say, env = process.env, version = process.version }) {
  const pnpm = `pnpm@${pinnedPnpm()}`;
  if (isSupportedNode(version) && `pnpm@${pnpmOnPath(env)}` === pnpm) {
    return { node: process.execPath, env: { ...env, ...QUIET } };
  }
  say(`Bringing ${NODE_SPEC} and ${pnpm} into npm's cache (this machine has Node ${version})`);
  const where = join(dirname(fileURLToPath(import.meta.url)), 'where.js');
  const { status, stdout, stderr } = spawnSync(
    `npx -y --prefer-offline -p ${NODE_SPEC} -p ${pnpm} node "${where}"`,
    { cwd: ROOT, env: { ...env, ...QUIET }, encoding: 'utf8', shell: true },
  );
  const [, place] = /^granary-runtime (.*)$/m.exec(stdout) ?? [];
  if (status !== 0 || !place) {
    throw new Error(
      `npx could not bring ${NODE_SPEC} and ${pnpm}. See that this machine reaches the npm registry, or install both yourself.\n${stderr}`,
    );
  }
  const { node, path } = JSON.parse(place);
  return { node, env: { ...withoutPath(env), ...QUIET, PATH: path } };
}

/**
 * Installs what the lockfile names. Prints pnpm's output only when it fails.
 *
 * @param {{ env: NodeJS.ProcessEnv, say: (text: string) => void }} options
 */
export function install({ env, say }) {
  say('Installing packages');
  const { status, stdout, stderr } = pnpm(['install', '--frozen-lockfile'], { ...env, CI: '1' });
  if (status !== 0) throw new Error(`pnpm install failed.\n${stdout}${stderr}`);
}

/** @param {NodeJS.ProcessEnv} env */
function pnpmOnPath(env) {
  const { status, stdout } = pnpm(['--version'], env);
  return status === 0 ? stdout.trim() : 'none';
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function pnpm(args, env) {
  return spawnSync('pnpm', args, { cwd: ROOT, env, encoding: 'utf8', shell: needsShell });
}

/**
 * Drops the path however it is spelled: Windows says `Path`, and of two spellings one would win.
 *
 * @param {NodeJS.ProcessEnv} env
 */
function withoutPath(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.toUpperCase() !== 'PATH'));
}
