import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { describeMachine, findMemoryFolder, processorTime } from './machine.ts';

describe('describeMachine', () => {
  test('tells the processor, the runtime and the file systems', async () => {
    const machine = await describeMachine({ disk: tmpdir(), memory: tmpdir() });
    expect(machine).toMatchObject({ node: process.version, processors: expect.any(Number) });
    expect(machine.fileSystems.disk).toMatch(/\w/);
    expect(machine.memoryBytes).toBeGreaterThan(1e8);
  });

  test('shows the number of a file system without a name here', async (context) => {
    if (process.platform !== 'linux') context.skip('/proc is a file system of Linux');
    const { fileSystems } = await describeMachine({ disk: '/proc', memory: '/proc' });
    expect(fileSystems.disk).toBe('type 0x9fa0');
  });
});

describe('findMemoryFolder', () => {
  test('finds none where there is none', async () => {
    expect(await findMemoryFolder('/nowhere')).toBeUndefined();
  });

  test('refuses a folder that is not in memory or not large enough', async () => {
    expect(await findMemoryFolder(import.meta.dirname)).toBeUndefined();
  });

  test('returns a folder as it was given, or none', async () => {
    expect(['/dev/shm', undefined]).toContain(await findMemoryFolder());
  });
});

describe('processorTime', () => {
  test('counts what is in use as part of all', () => {
    const { busy, total } = processorTime();
    expect(busy).toBeGreaterThan(0);
    expect(total).toBeGreaterThanOrEqual(busy);
  });
});
