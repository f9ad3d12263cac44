import { afterEach, expect, test, vi } from 'vitest';

const spawnSync = vi.fn();
vi.mock('node:child_process', () => ({ spawnSync }));

const { argv } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

async function runMain(...args: string[]) {
  const lines: unknown[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => lines.push(line));
  process.argv = ['node', 'main.ts', ...args];
  vi.resetModules();
  await import('./main.ts');
  const { exitCode } = process;
  process.exitCode = undefined;
  return { lines, exitCode };
}

test('runs vitest in the package of the backend and passes on its exit code', async () => {
  spawnSync.mockReturnValueOnce({ status: 1 });
  expect(await runMain('memory', '--rule', 'GET-1')).toEqual({ lines: [], exitCode: 1 });
  const [node, args, options] = spawnSync.mock.lastCall ?? [];
  expect(node).toBe(process.execPath);
  expect(args[0]).toMatch(/vitest\.mjs$/);
  expect(args.slice(1)).toEqual(['run', 'conformance', '--testNamePattern', '\\bGET-1\\b']);
  expect(options.cwd).toMatch(/packages.storage-memory$/);
});

test('fails when vitest is ended by a signal', async () => {
  spawnSync.mockReturnValueOnce({ status: null });
  expect((await runMain('memory')).exitCode).toBe(1);
});

test('says what there is when the name is missing', async () => {
  const { lines, exitCode } = await runMain();
  expect(exitCode).toBe(2);
  expect(lines).toEqual([expect.stringContaining('There are: ')]);
});
