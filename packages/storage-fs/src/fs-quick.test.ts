import { constants } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { quickCalls, quickRule } from './fs-quick.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL } = constants;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'granary-quick-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

/** Whether the call has had its effect before the event loop has turned. */
async function isDoneAtOnce(call: Promise<unknown>): Promise<boolean> {
  let isDone = false;
  const settle = () => {
    isDone = true;
  };
  call.then(settle, settle);
  await Promise.resolve();
  await Promise.resolve();
  const wasDone = isDone;
  await call.catch(() => {});
  return wasDone;
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** A rule by a clock that stands still. */
function patientRule() {
  return quickRule(() => 0);
}

test('makes small calls at once, and gives what the others give', async () => {
  const path = await folder();
  const calls = quickCalls(NODE_CALLS, { rule: patientRule(), changes: true, isBusy: () => false });
  const file = join(path, 'a');
  const opening = calls.open(file, O_RDWR | O_CREAT | O_EXCL, 0o640);
  const fd = await opening;
  expect(await isDoneAtOnce(opening)).toBe(true);
  const bytes = new TextEncoder().encode('some content');
  expect(await calls.write(fd, bytes, 0, bytes.byteLength, 0)).toBe(12);
  const read = new Uint8Array(7);
  expect(await calls.read(fd, read, 0, 7, 5)).toBe(7);
  expect(new TextDecoder().decode(read)).toBe('content');
  await calls.futimes(fd, 1, 2);
  await calls.fchmod(fd, 0o600);
  expect(await calls.fstat(fd)).toMatchObject({ size: 12, mtimeMs: 2000 });
  await calls.link(file, join(path, 'b'));
  await calls.rename(file, join(path, 'c'));
  expect(await calls.lstat(join(path, 'c'))).toMatchObject({ size: 12, nlink: 2 });
  await calls.unlink(join(path, 'b'));
  expect(await readdir(path)).toEqual(['c']);
  calls.closeSync(fd);
});

test('rejects with the error of the call', async () => {
  const path = await folder();
  const calls = quickCalls(NODE_CALLS, { rule: patientRule(), changes: true, isBusy: () => false });
  await expect(calls.open(join(path, 'none'), O_RDONLY)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(calls.rename(join(path, 'none'), join(path, 'a'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  await writeFile(join(path, 'a'), '');
  await expect(calls.rmdir(path)).rejects.toMatchObject({ code: 'ENOTEMPTY' });
});

test('leaves changes and large transfers to threads where they wait for the disk anyway', async () => {
  const path = await folder();
  await writeFile(join(path, 'a'), new Uint8Array(100_000));
  const calls = quickCalls(NODE_CALLS, {
    rule: patientRule(),
    changes: false,
    isBusy: () => false,
  });
  const opening = calls.open(join(path, 'a'), O_RDONLY);
  expect(await isDoneAtOnce(opening)).toBe(true);
  const fd = await opening;
  const bytes = new Uint8Array(100_000);
  expect(await isDoneAtOnce(calls.read(fd, bytes, 0, 1000, 0))).toBe(true);
  expect(await isDoneAtOnce(calls.read(fd, bytes, 0, 100_000, 0))).toBe(false);
  calls.closeSync(fd);
  expect(await isDoneAtOnce(calls.rename(join(path, 'a'), join(path, 'b')))).toBe(false);
  const creating = calls.open(join(path, 'c'), O_RDWR | O_CREAT);
  expect(await isDoneAtOnce(creating)).toBe(false);
  calls.closeSync(await creating);
  const all = quickCalls(NODE_CALLS, { rule: patientRule(), changes: true, isBusy: () => false });
  const large = await all.open(join(path, 'c'), O_RDWR);
  expect(await isDoneAtOnce(all.write(large, bytes, 0, 100_000, 0))).toBe(false);
  all.closeSync(large);
});

test('leaves what is not so small to threads while others can go on', async () => {
  const path = await folder();
  await writeFile(join(path, 'a'), new Uint8Array(100_000));
  const calls = quickCalls(NODE_CALLS, {
    rule: patientRule(),
    changes: false,
    isBusy: () => true,
  });
  const fd = await calls.open(join(path, 'a'), O_RDONLY);
  const bytes = new Uint8Array(50_000);
  expect(await isDoneAtOnce(calls.read(fd, bytes, 0, 10_000, 0))).toBe(true);
  expect(await isDoneAtOnce(calls.read(fd, bytes, 0, 50_000, 0))).toBe(false);
  calls.closeSync(fd);
});

test('keeps calls that are not those of node:fs', () => {
  const own: FsCalls = {
    ...NODE_CALLS,
    rename: async () => {},
    lstatAll: async () => [],
  };
  const calls = quickCalls(own, { rule: patientRule(), changes: true, isBusy: () => false });
  expect(calls.rename).toBe(own.rename);
  expect(calls.lstatAll).toBe(own.lstatAll);
  expect(calls.unlink).not.toBe(own.unlink);
});

test('goes to the thread pool for longer after each slow call, and comes back', async () => {
  let now = 0;
  const rule = quickRule(() => now);
  const call = (ms: number) => {
    const begun = rule.begin();
    now += ms;
    if (begun !== undefined) rule.end(begun);
    return begun !== undefined;
  };
  /** How many calls go aside before one is made at once again. */
  const callsAside = async () => {
    await turn();
    let count = 0;
    while (!call(0) && count < 1000) count += 1;
    return count;
  };
  expect(call(3)).toBe(true);
  expect(await callsAside()).toBe(32);
  expect(call(3)).toBe(true);
  expect(await callsAside()).toBe(63);
  for (let count = 0; count < 200; count += 1) call(0);
  expect(call(3)).toBe(true);
  expect(await callsAside()).toBe(32);
});

test('lets the event loop turn when calls have held it up for long enough', async () => {
  let now = 0;
  const rule = quickRule(() => now);
  const first = rule.begin();
  expect(first).toBe(0);
  now = 5;
  expect(rule.begin()).toBeUndefined();
  await turn();
  expect(rule.begin()).toBe(5);
});

test('looks at many paths, as far as it may at once and by threads beyond that', async () => {
  const path = await folder();
  const paths = Array.from({ length: 100 }, (_, index) => join(path, `file-${index}`));
  for (const [index, each] of paths.entries()) {
    if (index % 3 > 0) await writeFile(each, 'x'.repeat(index));
  }
  const sizes = paths.map((_, index) => (index % 3 > 0 ? index : undefined));
  for (const step of [0, 2.5]) {
    let now = 0;
    const rule = quickRule(() => {
      now += step;
      return now;
    });
    const calls = quickCalls(NODE_CALLS, { rule, changes: false, isBusy: () => false });
    const found = await calls.lstatAll(paths);
    expect(found.map((stats) => stats?.size)).toEqual(sizes);
  }
});
