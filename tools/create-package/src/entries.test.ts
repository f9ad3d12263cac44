import { afterEach, expect, test, vi } from 'vitest';

const createBackend = vi.fn();
const createLayer = vi.fn();
const createOutside = vi.fn();
const finish = vi.fn();
const verifyScaffolds = vi.fn();
vi.mock('./create-backend.ts', () => ({ createBackend }));
vi.mock('./create-layer.ts', () => ({ createLayer }));
vi.mock('./create-outside.ts', () => ({ createOutside }));
vi.mock('./finish.ts', () => ({ finish }));
vi.mock('./verify-scaffolds.ts', () => ({ verifyScaffolds }));

const { argv } = process;
afterEach(() => {
  process.argv = argv;
  process.exitCode = undefined;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

async function runEntry(load: () => Promise<unknown>, ...args: string[]) {
  const lines: string[] = [];
  const print = (line: string) => lines.push(line);
  vi.spyOn(console, 'log').mockImplementation(print);
  vi.spyOn(console, 'error').mockImplementation(print);
  process.argv = ['node', 'main.ts', ...args];
  vi.resetModules();
  await load();
  const { exitCode } = process;
  process.exitCode = undefined;
  return { lines, exitCode };
}
const create = (...args: string[]) => runEntry(() => import('./main.ts'), ...args);

test('creates a backend and finishes it', async () => {
  createBackend.mockResolvedValueOnce('packages/storage-acme');
  finish.mockImplementationOnce(async ({ say }) => say('Linking'));
  const { lines, exitCode } = await create('backend', 'acme');
  expect(exitCode).toBeUndefined();
  expect(lines).toEqual(['Linking', expect.stringContaining('pnpm conformance acme')]);
  expect(finish).toHaveBeenLastCalledWith(
    expect.objectContaining({ folder: 'packages/storage-acme' }),
  );
});

test('creates a layer', async () => {
  createLayer.mockResolvedValueOnce('packages/storage-layers');
  await create('layer', 'audit');
  expect(createLayer).toHaveBeenLastCalledWith(expect.any(String), 'audit');
});

test('creates a package outside, where the user stands', async () => {
  vi.stubEnv('INIT_CWD', '/home/someone');
  await create('backend', 'acme', '--outside', 'acme', '--core', 'file:/core.tgz');
  expect(createOutside).toHaveBeenLastCalledWith({
    folder: '/home/someone/acme',
    id: 'acme',
    core: 'file:/core.tgz',
    kit: '^0.1.0',
  });
});

test('takes the current folder when npm names none', async () => {
  vi.stubEnv('INIT_CWD', undefined);
  await create('backend', 'acme', '--outside', '/tmp/x');
  expect(createOutside).toHaveBeenLastCalledWith(expect.objectContaining({ folder: '/tmp/x' }));
});

test.each([[[]], [['backend']], [['engine', 'x']]])('explains itself for %j', async (args) => {
  const { lines, exitCode } = await create(...args);
  expect(exitCode).toBe(2);
  expect(lines[0]).toContain('pnpm create:backend <id>');
});

test('says what went wrong', async () => {
  createBackend.mockRejectedValueOnce(new Error('packages/storage-fs exists already.'));
  expect(await create('backend', 'fs')).toEqual({
    lines: ['packages/storage-fs exists already.'],
    exitCode: 1,
  });
});

test('verifies scaffolds and lists what failed', async () => {
  verifyScaffolds.mockImplementationOnce(async ({ say }) => {
    say('ok');
    return [];
  });
  const verify = () => import('./verify.ts');
  expect(await runEntry(verify)).toEqual({ lines: ['ok'], exitCode: 0 });
  verifyScaffolds.mockResolvedValueOnce(['structure failed']);
  expect(await runEntry(verify)).toEqual({ lines: ['structure failed'], exitCode: 1 });
});
