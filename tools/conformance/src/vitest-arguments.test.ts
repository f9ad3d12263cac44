import type { WorkspacePackage } from '@granary-tools/workspace';
import { describe, expect, test } from 'vitest';
import { kitRun } from './vitest-arguments.ts';

const fake = (name: string, manifest: object): WorkspacePackage => ({
  folder: `packages/${name}`,
  path: `/repo/packages/${name}`,
  manifest: { name: `@granary/${name}`, ...manifest },
});
const packages = [
  fake('storage-fs', { granary: { kind: 'backend' } }),
  fake('storage-memory', { granary: { kind: 'backend' } }),
  fake('storage-layers', { granary: { kind: 'layers' }, exports: { './mock': {} } }),
];

describe('kitRun', () => {
  test.each(['fs', 'storage-fs'])('finds a backend as %s', (name) => {
    expect(kitRun(packages, name, undefined)).toEqual({
      cwd: '/repo/packages/storage-fs',
      args: ['run', 'conformance'],
    });
  });

  test('finds a layer by its sub-path, and its tests by their titles', () => {
    const { cwd, args } = kitRun(packages, 'mock', 'GET-1');
    expect(cwd).toBe('/repo/packages/storage-layers');
    expect(args.slice(0, 2)).toEqual(['run', 'conformance']);
    const pattern = new RegExp(args.at(-1) ?? '');
    expect('a mock over memory keeps the storage contract GET-1 returns').toMatch(pattern);
    expect('retry over memory keeps the storage contract GET-1 returns').not.toMatch(pattern);
  });

  test('chooses one rule and none that only begins like it', () => {
    const { args } = kitRun(packages, 'fs', 'LIST-1');
    const pattern = new RegExp(args.at(-1) ?? '');
    expect('fs keeps the storage contract LIST-1 yields every key').toMatch(pattern);
    expect('fs keeps the storage contract LIST-12 fails').not.toMatch(pattern);
  });

  test('chooses all rules of an area', () => {
    expect('LIST-12 fails').toMatch(new RegExp(kitRun(packages, 'fs', 'LIST').args.at(-1) ?? ''));
  });

  test('names the backends when there is none of that name', () => {
    expect(() => kitRun(packages, 's3', undefined)).toThrow(/'s3'.*fs, memory/);
  });

  test('refuses what is no rule', () => {
    expect(() => kitRun(packages, 'fs', 'list 3')).toThrow(/no rule such as/);
  });
});
