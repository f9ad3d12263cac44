import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Host } from './host.ts';

const runCli = vi.fn();
vi.mock('./run-cli.ts', () => ({ runCli }));

const EVENTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let listeners: Map<string, unknown[]>;
let streams: Map<NodeJS.WriteStream, unknown[]>;

beforeEach(() => {
  listeners = new Map(EVENTS.map((name) => [name, process.listeners(name)]));
  streams = new Map(
    [process.stdout, process.stderr].map((stream) => [stream, stream.listeners('error')]),
  );
});
afterEach(() => {
  for (const name of EVENTS) {
    for (const listener of process.listeners(name)) {
      if (!listeners.get(name)?.includes(listener)) process.off(name, listener);
    }
  }
  for (const [stream, before] of streams) {
    for (const listener of stream.listeners('error')) {
      if (!before.includes(listener)) stream.off('error', listener as () => void);
    }
  }
  process.exitCode = undefined;
  vi.restoreAllMocks();
});

/** Runs the script while `act` plays the user, and returns what the program got to see. */
async function runMain(act: (host: Host) => void): Promise<{ host: Host; exitCode: unknown }> {
  let seen: Host | undefined;
  runCli.mockImplementationOnce(async (_words: readonly string[], host: Host) => {
    seen = host;
    act(host);
    return host.signal.aborted ? 130 : 7;
  });
  vi.resetModules();
  await import('./main.ts');
  const { exitCode } = process;
  process.exitCode = undefined;
  if (seen === undefined) throw new Error('It was not run.');
  return { host: seen, exitCode };
}

test('hands the process on and ends with what comes back', async () => {
  const { host, exitCode } = await runMain(() => {});
  expect(exitCode).toBe(7);
  expect(host).toMatchObject({ cwd: process.cwd(), pid: process.pid, env: process.env });
  expect(runCli).toHaveBeenLastCalledWith(process.argv.slice(2), host, {
    version: expect.stringMatching(/^\d+\.\d+\.\d+/),
  });
});

test.each(EVENTS)('tells the program of %s', async (name) => {
  const { host } = await runMain(() => process.emit(name, name));
  expect(host.signal.reason).toBe(name);
});

test('ends at once with the second signal', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  await runMain(() => {
    process.emit('SIGINT', 'SIGINT');
    expect(exit).not.toHaveBeenCalled();
    process.emit('SIGINT', 'SIGINT');
  });
  expect(exit).toHaveBeenCalledExactlyOnceWith(130);
});

test('tells the program that nobody reads its output anymore', async () => {
  const { host } = await runMain(() => {
    process.stdout.emit('error', Object.assign(new Error('gone'), { code: 'EPIPE' }));
  });
  expect(host.signal.reason).toBe('SIGPIPE');
});

test('ends with an error when its output cannot be written', async () => {
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => undefined as never);
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await runMain(() => void process.stdout.emit('error', new Error('disk full')));
  expect(write).toHaveBeenCalledWith('error: the output cannot be written: disk full\n');
  expect(exit).toHaveBeenCalledExactlyOnceWith(1);
});
