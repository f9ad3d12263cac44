import { describe, expect, test } from 'vitest';
import { detectPlatform, type PlatformGlobals } from './detect-platform.ts';

const node = { versions: { node: '24.1.0' } };

const CASES: readonly [string, PlatformGlobals, string, boolean][] = [
  ['Node', { process: node, navigator: { userAgent: 'Node.js/24' } }, 'node', true],
  ['Electron', { process: { versions: { node: '22', electron: '40' } } }, 'electron', true],
  [
    'a renderer of Electron without Node',
    { process: { versions: { electron: '40' } }, document: {} },
    'browser',
    false,
  ],
  ['Bun, which shows a version of Node', { process: node, Bun: {} }, 'bun', true],
  ['Deno, which shows a version of Node', { process: node, Deno: {} }, 'deno', true],
  ['a page', { document: {}, navigator: { userAgent: 'Mozilla/5.0' } }, 'browser', false],
  [
    'a page whose bundler brought a process',
    { process: { versions: {} }, document: {} },
    'browser',
    false,
  ],
  ['a page with a bare process', { process: {}, document: {} }, 'browser', false],
  ['a worker', { importScripts: () => {} }, 'worker', false],
  [
    'Cloudflare Workers, which show a version of Node',
    { process: node, navigator: { userAgent: 'Cloudflare-Workers' } },
    'edge',
    false,
  ],
  ['what it does not know', {}, 'unknown', false],
];

describe('detectPlatform', () => {
  test.each(CASES)('recognizes %s', (_name, globals, runtime, hasFileSystem) => {
    expect(detectPlatform(globals)).toEqual({ runtime, hasFileSystem });
  });

  test('recognizes where this test runs', () => {
    expect(detectPlatform(globalThis)).toEqual({ runtime: 'node', hasFileSystem: true });
  });
});
