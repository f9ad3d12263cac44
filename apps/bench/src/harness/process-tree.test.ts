import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { descendantsCpuMs, parseStat, processEntries } from './process-tree.ts';

const line = (id: number, parentId: number, [user, system, ended]: readonly number[]) =>
  `${id} (a (odd) name) S ${parentId} 1 1 0 -1 4194304 10 20 30 40 ${user} ${system} ${ended} 0 20 0 1`;

describe('descendantsCpuMs', () => {
  test('adds up children and their children, and nobody else', () => {
    const entries = [
      { id: 1, parentId: 0, cpuMs: 1000 },
      { id: 2, parentId: 1, cpuMs: 10 },
      { id: 3, parentId: 2, cpuMs: 5 },
      { id: 4, parentId: 0, cpuMs: 100 },
    ];
    expect(descendantsCpuMs(1, () => entries)).toBe(15);
    expect(descendantsCpuMs(3, () => entries)).toBe(0);
  });

  test('says nothing where the system does not', () => {
    expect(descendantsCpuMs(1, () => processEntries('/nowhere/at/all'))).toBeUndefined();
  });
});

describe('processEntries', () => {
  test('reads who is there, and leaves out who has gone meanwhile', async () => {
    const root = await mkdtemp(join(tmpdir(), 'granary-proc-'));
    try {
      for (const name of ['7', '8', 'self']) await mkdir(join(root, name));
      await writeFile(join(root, '7', 'stat'), line(7, 3, [1, 2, 3]));
      expect(processEntries(root)).toEqual([{ id: 7, parentId: 3, cpuMs: 60 }]);
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

test('parseStat counts the process and the children that it has waited for', () => {
  expect(parseStat(line(42, 7, [100, 20, 3]))).toEqual({ id: 42, parentId: 7, cpuMs: 1230 });
});
