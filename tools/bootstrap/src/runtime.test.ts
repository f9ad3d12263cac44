import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bringRuntime, install, isSupportedNode, pinnedPnpm } from './runtime.js';

describe('isSupportedNode', () => {
  test.each([
    ['v20.20.2', false],
    ['v22.17.9', false],
    ['v22.18.0', true],
    ['v23.9.0', false],
    ['v24.10.0', false],
    ['v24.21.0', true],
    ['v25.1.0', false],
    ['v26.0.0', true],
    ['v30.0.0', true],
  ])('answers %s with %s', (version, expected) => {
    expect(isSupportedNode(version)).toBe(expected);
  });
});

describe('with programs on the path', () => {
  let folder = '';
  let said: string[] = [];
  const say = (text: string) => said.push(text);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'granary bootstrap '));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function program(name: string, script: string): NodeJS.ProcessEnv {
    const file = join(folder, name);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { PATH: `${folder}:/usr/bin:/bin` };
  }

  test('keeps the current runtime when Node and pnpm are right', () => {
    const env = program('pnpm', `echo ${pinnedPnpm()}`);
    const runtime = bringRuntime({ say, env, version: 'v24.21.0' });
    expect(runtime.node).toBe(process.execPath);
    expect(runtime.env['PATH']).toBe(env['PATH']);
    expect(said).toEqual([]);
  });

  test('switches telemetry off', () => {
    const env = program('pnpm', `echo ${pinnedPnpm()}`);
    const runtime = bringRuntime({ say, env, version: 'v24.21.0' });
    expect(runtime.env['TURBO_TELEMETRY_DISABLED']).toBe('1');
  });

  test.each([
    ['Node is too old', 'v20.20.2', pinnedPnpm()],
    ['pnpm is another one', 'v24.21.0', '10.0.0'],
  ])('brings a runtime with npx when %s', (_, version, pnpmVersion) => {
    program('pnpm', `echo ${pnpmVersion}`);
    const env = program(
      'npx',
      `echo "$@" > '${folder}/args'; echo noise; echo 'granary-runtime {"node":"/n","path":"/p"}'`,
    );
    const runtime = bringRuntime({ say, env, version });
    expect(runtime).toMatchObject({ node: '/n', env: { PATH: '/p' } });
    expect(said.join()).toContain(`pnpm@${pinnedPnpm()}`);
  });

  test('leaves no second spelling of the path', () => {
    const env = program('npx', `echo 'granary-runtime {"node":"/n","path":"/p"}'`);
    const runtime = bringRuntime({ say, env: { ...env, Path: '/other' }, version: 'v20.0.0' });
    expect(runtime.env['PATH']).toBe('/p');
    expect(runtime.env).not.toHaveProperty('Path');
  });

  test('says what to do when npx fails', () => {
    const env = program('npx', 'echo no network >&2; exit 1');
    expect(() => bringRuntime({ say, env, version: 'v20.0.0' })).toThrow(
      /registry.*\n.*no network/s,
    );
  });

  test('says what to do when npx brings nothing', () => {
    const env = program('npx', 'echo hello');
    expect(() => bringRuntime({ say, env, version: 'v20.0.0' })).toThrow(/could not bring/);
  });

  test('installs from the lockfile', () => {
    const env = program('pnpm', `echo "$@" > '${folder}/args'`);
    install({ say, env });
    expect(said).toEqual(['Installing packages']);
  });

  test('shows the output of an install that fails', () => {
    const env = program('pnpm', 'echo ERR_LOCKFILE; exit 1');
    expect(() => install({ say, env })).toThrow(/pnpm install failed.*ERR_LOCKFILE/s);
  });

  test('refuses a package.json that pins no pnpm', () => {
    mkdirSync(join(folder, 'root'));
    writeFileSync(join(folder, 'root', 'package.json'), '{"packageManager":"npm@11.0.0"}');
    expect(() => pinnedPnpm(join(folder, 'root'))).toThrow(/'npm@11.0.0'/);
    writeFileSync(join(folder, 'root', 'package.json'), '{}');
    expect(() => pinnedPnpm(join(folder, 'root'))).toThrow(/''/);
  });
});
