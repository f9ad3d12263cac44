import { afterEach, expect, test, vi } from 'vitest';

const checkPackages = vi.fn();
vi.mock('./check.ts', () => ({ checkPackages }));

const { argv } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

async function runMain(...args: string[]) {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((line) => lines.push(line));
  process.argv = ['node', 'main.ts', ...args];
  vi.resetModules();
  await import('./main.ts');
  const { exitCode } = process;
  process.exitCode = undefined;
  return { lines, exitCode };
}

test('is content when no rule is broken', async () => {
  checkPackages.mockResolvedValueOnce([]);
  expect(await runMain()).toEqual({ lines: ['Rules of the packages: 0 broken.'], exitCode: 0 });
  expect(checkPackages).toHaveBeenLastCalledWith({ root: expect.any(String) });
});

test('lists what is wrong and fails', async () => {
  checkPackages.mockResolvedValueOnce([{ place: 'a/b.ts', message: 'is wrong', rule: 'r' }]);
  expect(await runMain()).toEqual({
    lines: ['a/b.ts: is wrong (r)', 'Rules of the packages: 1 broken.'],
    exitCode: 1,
  });
});

test('takes folders and a branch to compare with', async () => {
  checkPackages.mockResolvedValue([]);
  await runMain('--changed', 'packages/storage-acme');
  expect(checkPackages).toHaveBeenLastCalledWith(
    expect.objectContaining({ folders: ['packages/storage-acme'], changedSince: 'main' }),
  );
  await runMain('--changed', '--since', 'v1');
  expect(checkPackages).toHaveBeenLastCalledWith(expect.objectContaining({ changedSince: 'v1' }));
});
