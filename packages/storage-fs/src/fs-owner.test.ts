import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { describeOwner } from './fs-owner.ts';

/** The id that a storage of another process on this machine would have. */
async function idOf(pid: number, start: string): Promise<string> {
  const [, , machine = ''] = (await describeOwner()).id.split('-');
  return [pid.toString(36), start, machine, 'abcd'].join('-');
}

/** The moment that Linux says a process started at, as an id has it. */
function startOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19]).toString(36);
}

test('a process runs until it is killed, and a number used again is another one', async ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('only Linux tells when a process started');
  const owner = await describeOwner();
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const id = await idOf(pid, startOf(pid));
  expect(await owner.livenessOf(id)).toBe('alive');
  expect(await owner.livenessOf(await idOf(pid, 'zzz'))).toBe('dead');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await owner.livenessOf(id)).toBe('dead');
});

test('a process that ended and that nobody collects runs no more', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only Linux tells when a process started');
  // The shell becomes a program that does not know of its child.
  const parent = spawn('sh', ['-c', 'sleep 600 & echo $!; exec sleep 600']);
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(String(line));
  const id = await idOf(pid, startOf(pid));
  const owner = await describeOwner();
  expect(await owner.livenessOf(id)).toBe('alive');
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/cmdline`, 'latin1')).toContain('sleep');
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1')).toContain(') Z ');
  expect(await owner.livenessOf(id)).toBe('dead');
});

test('two storages of one process have names of their own', async () => {
  const [one, two] = [await describeOwner(), await describeOwner()];
  expect(one.id).not.toBe(two.id);
  expect(await one.livenessOf(two.id)).toBe('alive');
  expect(one.id).toMatch(/^[a-z0-9-]+$/);
});

test('where the system tells no starts a process is told by its number alone', async () => {
  const processes = {
    machine: async () => 'machine',
    startOf: async (pid: number) => (pid === 7 ? '' : undefined),
  };
  const owner = await describeOwner(processes, 7);
  expect(await owner.livenessOf(owner.id)).toBe('alive');
  expect(await owner.livenessOf(owner.id.replace(/^7-/, '8-'))).toBe('dead');
});
