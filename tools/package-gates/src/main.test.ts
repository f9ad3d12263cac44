import { afterEach, expect, test, vi } from 'vitest';

const check = vi.fn();
vi.mock('./api-reports.ts', () => ({ apiReports: { name: 'api', check } }));

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

test('runs the named gate on all published packages', async () => {
  check.mockImplementationOnce(async ({ packages, say }) => {
    const names = packages.map(({ folder }: { readonly folder: string }) => folder);
    say(names.includes('packages/storage-core') && !names.includes('tools/workspace'));
    return [];
  });
  expect(await runMain('api', '--update')).toEqual({ lines: [true], exitCode: 0 });
  expect(check).toHaveBeenLastCalledWith(expect.objectContaining({ update: true }));
});

test('runs it on the named packages only', async () => {
  check.mockResolvedValueOnce([]);
  await runMain('api', 'packages/storage-fs');
  const { packages } = check.mock.lastCall?.[0] ?? {};
  expect(packages).toMatchObject([{ folder: 'packages/storage-fs' }]);
});

test('lists problems and fails', async () => {
  check.mockResolvedValueOnce(['first', 'second']);
  expect(await runMain('api')).toEqual({ lines: ['first', 'second'], exitCode: 1 });
});

test('names the gates when asked for another', async () => {
  expect(await runMain('everything')).toEqual({
    lines: ['Name one of publint, types, size, api, tarballs.'],
    exitCode: 2,
  });
});
