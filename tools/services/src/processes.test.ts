import { tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { processGroup } from './processes.ts';

const NODE = process.execPath;

function group() {
  const processes = processGroup({ cwd: tmpdir() });
  onTestFinished(() => processes.stop());
  return processes;
}

test('gives what a program prints, which reads its input', async () => {
  const echo = 'process.stdin.pipe(process.stdout)';
  expect(await group().run(NODE, ['-e', echo], 'hello')).toBe('hello');
});

test('rejects with the output of a program that fails', async () => {
  const fail = 'console.error("no room"); process.exit(3)';
  await expect(group().run(NODE, ['-e', fail])).rejects.toThrow('ended with 3: no room');
});

test('rejects when there is no such program', async () => {
  await expect(group().run('/nowhere/program', [])).rejects.toThrow('ended with an error: spawn');
});

test('names the signal that ended a program', async () => {
  const fail = 'process.kill(process.pid, "SIGKILL")';
  await expect(group().run(NODE, ['-e', fail])).rejects.toThrow('ended with SIGKILL');
});

test('takes input that nobody reads', async () => {
  const megabytes = 'x'.repeat(4_000_000);
  expect(await group().run(NODE, ['-e', 'process.stdin.destroy()'], megabytes)).toBe('');
});

test('tells that a program that should stay has ended', async () => {
  const processes = group();
  processes.start(NODE, ['-e', 'console.log("bad port")']);
  expect(await processes.ended).toContain('ended with 0. bad port');
  await expect(processes.until('It', async () => false, 10_000)).rejects.toThrow('bad port');
});

test('waits until a server is ready, but not forever', async () => {
  const processes = group();
  let asked = 0;
  await processes.until('It', async () => ++asked === 3, 10_000);
  expect(asked).toBe(3);
  await expect(processes.until('It', async () => false, 0)).rejects.toThrow(
    'It was not ready after 0 s.',
  );
});

test('ends what runs, and says nothing of it', async () => {
  const processes = group();
  processes.start(NODE, ['-e', 'setInterval(() => {}, 1000)']);
  const running = processes.run(NODE, ['-e', 'setInterval(() => {}, 1000)']);
  const told = expect(running).rejects.toThrow('SIGKILL');
  await processes.stop();
  await told;
  expect(await Promise.race([processes.ended, Promise.resolve('nothing')])).toBe('nothing');
});

test('tells why a program that should stay did not start, or was ended', async () => {
  const absent = group();
  absent.start('/nowhere/program', []);
  expect(await absent.ended).toContain('ended with an error. spawn /nowhere/program');
  const ended = group();
  ended.start(NODE, ['-e', 'process.kill(process.pid, "SIGKILL")']);
  expect(await ended.ended).toContain('ended with SIGKILL.');
});
