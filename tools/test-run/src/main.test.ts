import { afterEach, expect, test, vi } from 'vitest';

const runEverything = vi.fn();
vi.mock('./run-everything.ts', () => ({ runEverything }));

afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs the script and returns its last line and exit code. */
async function runMain(): Promise<{ lastLine: string | undefined; exitCode: unknown }> {
  const lines: string[] = [];
  vi.spyOn(console, 'log').mockImplementation((text) => lines.push(...String(text).split('\n')));
  vi.resetModules();
  await import('./main.ts');
  const { exitCode } = process;
  process.exitCode = undefined;
  return { lastLine: lines.at(-1), exitCode };
}

test('ends with the sum and exit code 0 when nothing failed', async () => {
  runEverything.mockImplementationOnce(async ({ say }) => {
    say('working');
    return [{ group: 'a', title: 'b', state: 'passed' }];
  });
  expect(await runMain()).toEqual({ lastLine: '1 passed, 0 failed, 0 skipped', exitCode: 0 });
});

test('ends with the sum and exit code 1 when it breaks', async () => {
  runEverything.mockRejectedValueOnce(new Error('disk full'));
  expect(await runMain()).toEqual({ lastLine: '0 passed, 1 failed, 0 skipped', exitCode: 1 });
});

test('interrupts the run on a signal, and still ends with the sum', async () => {
  runEverything.mockImplementationOnce(async ({ signal }) => {
    process.emit('SIGTERM', 'SIGTERM');
    return [{ group: 'a', title: 'b', state: signal.aborted ? 'failed' : 'passed' }];
  });
  expect(await runMain()).toEqual({ lastLine: '0 passed, 1 failed, 0 skipped', exitCode: 1 });
});
