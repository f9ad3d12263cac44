import { readFile } from 'node:fs/promises';
import { afterEach, expect, test, vi } from 'vitest';

const README = new URL('../../../README.md', import.meta.url);

afterEach(() => {
  process.exitCode = undefined;
  vi.restoreAllMocks();
  vi.resetModules();
});

test('the table in the README is what the backends declare', async () => {
  const before = await readFile(README, 'utf8');
  vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'main.ts', '--check']);
  const complaint = vi.spyOn(console, 'error').mockReturnValue();
  await import('./main.ts');
  expect(complaint).not.toHaveBeenCalled();
  expect(process.exitCode).toBeUndefined();
  expect(await readFile(README, 'utf8')).toBe(before);
});

test('a table that is out of date is told, and left as it is', async () => {
  vi.doMock('./matrix.ts', () => ({ matrixTable: () => '', putTable: () => 'another page' }));
  vi.spyOn(process, 'argv', 'get').mockReturnValue(['node', 'main.ts', '--check']);
  const complaint = vi.spyOn(console, 'error').mockReturnValue();
  const before = await readFile(README, 'utf8');
  await import('./main.ts');
  expect(complaint).toHaveBeenCalledWith(expect.stringContaining('Run: pnpm matrix'));
  expect(process.exitCode).toBe(1);
  expect(await readFile(README, 'utf8')).toBe(before);
  vi.doUnmock('./matrix.ts');
});
