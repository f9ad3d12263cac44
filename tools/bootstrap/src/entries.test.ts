import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const run = vi.fn();
const install = vi.fn();
const bringRuntime = vi.fn();
let said: string[] = [];

vi.mock('./run.js', () => ({ run }));
vi.mock('./runtime.js', () => ({ ROOT: '/repo', QUIET: { QUIET: '1' }, bringRuntime, install }));

/** Runs an entry script with these arguments and returns the exit code that it sets. */
async function runEntry(load: () => Promise<unknown>, ...args: string[]) {
  process.argv = ['node', 'script', ...args];
  vi.resetModules();
  await load();
  const { exitCode } = process;
  process.exitCode = undefined;
  return exitCode;
}
const startScript = () => import('./start.js');
const granaryScript = () => import('./granary.js');
const testScript = () => import('./test.js');
const turboScript = () => import('./turbo.js');
const whereScript = () => import('./where.js');

const { argv } = process;
beforeEach(() => {
  said = [];
  run.mockReset().mockResolvedValue(0);
  install.mockReset();
  bringRuntime.mockReset().mockImplementation(({ say }: { say: (text: string) => void }) => {
    say('bringing');
    return { node: '/bin/node24', env: { A: '1' } };
  });
  vi.spyOn(console, 'log').mockImplementation((text) => said.push(text));
  vi.spyOn(console, 'error').mockImplementation((text) => said.push(text));
  vi.stubEnv('INIT_CWD', '/home/someone');
});
afterEach(() => {
  process.argv = argv;
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

describe('npm start', () => {
  test('builds, then runs the main job where the user stands', async () => {
    expect(await runEntry(startScript, 'my photos')).toBe(0);
    const [build, job] = run.mock.calls;
    expect(build?.[1]).toContain('build');
    expect(job).toEqual([
      '/bin/node24',
      ['/repo/examples/main-job/src/main.ts', 'my photos'],
      { cwd: '/home/someone', env: { A: '1' } },
    ]);
  });

  test('uses the current folder when npm names none', async () => {
    vi.stubEnv('INIT_CWD', undefined);
    await runEntry(startScript);
    expect(run.mock.calls[1]?.[2]).toMatchObject({ cwd: process.cwd() });
  });

  test('passes on the exit code of the job', async () => {
    run.mockResolvedValueOnce(0).mockResolvedValueOnce(4);
    expect(await runEntry(startScript)).toBe(4);
  });

  test('does not run the job when the build fails', async () => {
    run.mockResolvedValueOnce(2);
    expect(await runEntry(startScript)).toBe(2);
    expect(run).toHaveBeenCalledOnce();
  });

  test.each([new Error('no network'), 'no network'])('says what went wrong', async (problem) => {
    bringRuntime.mockImplementation(() => {
      throw problem;
    });
    expect(await runEntry(startScript)).toBe(1);
    expect(said).toEqual(['granary: no network']);
  });
});

describe('npm run granary', () => {
  test('builds the command and runs it where the user stands', async () => {
    expect(await runEntry(granaryScript, 'ls', './my photos')).toBe(0);
    expect(run.mock.calls[0]?.[1]).toContain('--filter=@granary/cli');
    expect(run.mock.calls[1]).toEqual([
      '/bin/node24',
      ['/repo/apps/cli/dist/main.js', 'ls', './my photos'],
      { cwd: '/home/someone', env: { A: '1' } },
    ]);
  });
});

describe('npm test', () => {
  test('runs the test runner in the repository and passes on its exit code', async () => {
    run.mockResolvedValueOnce(1);
    expect(await runEntry(testScript)).toBe(1);
    expect(run.mock.calls[0]?.[1]).toEqual(['/repo/tools/test-run/src/main.ts']);
    expect(run.mock.calls[0]?.[2]).toMatchObject({ cwd: '/repo' });
  });

  test.each([new Error('lockfile'), 'lockfile'])(
    'ends with the sum when it cannot start',
    async (problem) => {
      install.mockImplementation(() => {
        throw problem;
      });
      expect(await runEntry(testScript)).toBe(1);
      expect(said).toEqual(['bringing', 'lockfile', '0 passed, 1 failed, 0 skipped']);
    },
  );
});

describe('turbo', () => {
  test('runs turbo with its telemetry off', async () => {
    expect(await runEntry(turboScript, 'run', 'build')).toBe(0);
    expect(run.mock.calls[0]?.[1]).toEqual(['/repo/node_modules/turbo/bin/turbo', 'run', 'build']);
    expect(run.mock.calls[0]?.[2]).toMatchObject({ env: { QUIET: '1' } });
  });
});

describe('where', () => {
  test.each(['PATH', 'Path'])('prints this Node and %s', async (name) => {
    vi.stubEnv('PATH', undefined);
    vi.stubEnv('Path', undefined);
    vi.stubEnv(name, '/some/bin');
    await runEntry(whereScript);
    expect(said).toEqual([
      `granary-runtime ${JSON.stringify({ node: process.execPath, path: '/some/bin' })}`,
    ]);
  });
});
