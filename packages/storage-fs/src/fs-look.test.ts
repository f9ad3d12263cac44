import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { NODE_CALLS } from './fs-calls.ts';
import { lookBy } from './fs-look.ts';
import { describeOwner } from './fs-owner.ts';
import { nameQueue } from './fs-queue.ts';
import { quickRule } from './fs-quick.ts';

async function file(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-look-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'a'), 'content');
  return join(folder, 'a');
}

test('looks at once where a rule has it so, and by a thread where there is none', async () => {
  const path = await file();
  expect(lookBy(NODE_CALLS, quickRule())(path)).toMatchObject({ size: 7 });
  expect(lookBy(NODE_CALLS, quickRule())(`${path}-none`)).toBeUndefined();
  const slow = lookBy(NODE_CALLS, undefined);
  expect(slow(path)).toBeInstanceOf(Promise);
  expect(await slow(path)).toMatchObject({ size: 7 });
  expect(await slow(`${path}-none`)).toBeUndefined();
});

test('looks by a thread while the folder is busy, and for a while after a slow look', async () => {
  const path = await file();
  let now = 0;
  const clock = () => {
    now += 3;
    return now;
  };
  const look = lookBy(NODE_CALLS, quickRule(clock));
  expect(look(path, true)).toBeInstanceOf(Promise);
  expect(look(path)).toMatchObject({ size: 7 });
  const after = look(path);
  expect(after).toBeInstanceOf(Promise);
  expect(await after).toMatchObject({ size: 7 });
});

test('passes other failures of a look on', async () => {
  const failing = async () => {
    throw Object.assign(new Error('no'), { code: 'EACCES' });
  };
  const look = lookBy({ ...NODE_CALLS, lstat: failing }, undefined);
  await expect(look('/x')).rejects.toMatchObject({ code: 'EACCES' });
});

test('tells whether the process behind an owner still runs', async () => {
  const owner = await describeOwner();
  expect(await owner.livenessOf(owner.id)).toBe('alive');
  const [pid = '', start = '', machine = ''] = owner.id.split('-');
  expect(await owner.livenessOf([pid, `${start}x`, machine, 'y'].join('-'))).toBe('dead');
  expect(await owner.livenessOf([pid, start, 'elsewhere', 'y'].join('-'))).toBe('unknown');
  expect(await owner.livenessOf('nonsense')).toBe('unknown');
  const gone = { machine: async () => 'm', startOf: async () => undefined };
  const other = await describeOwner(gone, 4711);
  expect(await other.livenessOf(other.id)).toBe('dead');
});

test('runs work on one name in order, also after a failure', async () => {
  const queue = nameQueue();
  const order: number[] = [];
  const first = queue.run('a', async () => {
    await Promise.resolve();
    order.push(1);
    throw new Error('first');
  });
  const second = queue.run('a', async () => order.push(2));
  await expect(first).rejects.toThrow('first');
  await second;
  expect(order).toEqual([1, 2]);
});
