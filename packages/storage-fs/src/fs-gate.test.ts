import { expect, test } from 'vitest';
import { NODE_CALLS } from './fs-calls.ts';
import { isOutOfFiles, openGate, withPatientOpen, withStubbornRename } from './fs-gate.ts';

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Fails so often, then works. */
function failing<Result>(times: number, code: string, result: Result): () => Promise<Result> {
  let left = times;
  return async () => {
    left -= 1;
    if (left >= 0) throw failure(code);
    return result;
  };
}

test('lets so many in at once, and the others in their order', async () => {
  const gate = openGate(2);
  const order: number[] = [];
  expect(gate.enter()).toBeUndefined();
  expect(gate.enter()).toBeUndefined();
  const third = gate.enter()?.then(() => order.push(3));
  const fourth = gate.enter()?.then(() => order.push(4));
  gate.leave();
  await third;
  expect(order).toEqual([3]);
  gate.leave();
  await fourth;
  gate.leave();
  gate.leave();
  expect(gate.enter()).toBeUndefined();
});

test('is busy while more than a few run', () => {
  const gate = openGate();
  for (let count = 0; count < 4; count += 1) void gate.enter();
  expect(gate.isBusy()).toBe(false);
  void gate.enter();
  expect(gate.isBusy()).toBe(true);
  gate.leave();
  expect(gate.isBusy()).toBe(false);
});

test.each(['EMFILE', 'ENFILE'])('waits for descriptors after %s', async (code) => {
  const calls = withPatientOpen({
    ...NODE_CALLS,
    open: failing(2, code, 7),
    readdir: failing(1, code, []),
    readdirRaw: failing(1, code, []),
    copyFile: failing(1, code, undefined),
  });
  expect(await calls.open('/x', 0)).toBe(7);
  expect(await calls.readdir('/x')).toEqual([]);
  expect(await calls.readdirRaw('/x')).toEqual([]);
  await calls.copyFile('/x', '/y', 0);
});

test('does not wait after other failures, nor for ever', async () => {
  let now = 0;
  const clock = () => {
    now += 15_000;
    return now;
  };
  const other = withPatientOpen({ ...NODE_CALLS, open: failing(1, 'EACCES', 7) });
  await expect(other.open('/x', 0)).rejects.toMatchObject({ code: 'EACCES' });
  const full = withPatientOpen({ ...NODE_CALLS, open: failing(99, 'EMFILE', 7) }, clock);
  await expect(full.open('/x', 0)).rejects.toMatchObject({ code: 'EMFILE' });
  expect(isOutOfFiles(failure('ENOENT'))).toBe(false);
});

test.each(['EPERM', 'EACCES', 'EBUSY'])(
  'tries a rename on Windows again after %s',
  async (code) => {
    const calls = {
      ...NODE_CALLS,
      rename: failing(2, code, undefined),
      unlink: failing(1, code, undefined),
    };
    const stubborn = withStubbornRename(calls, 'win32');
    await stubborn.rename('/a', '/b');
    await stubborn.unlink('/a');
    expect(withStubbornRename(calls, 'linux')).toBe(calls);
  },
);

test('gives a rename on Windows up in the end, and at once after other failures', async () => {
  let now = 0;
  const clock = () => {
    now += 1_500;
    return now;
  };
  const held = withStubbornRename(
    { ...NODE_CALLS, rename: failing(99, 'EBUSY', undefined) },
    'win32',
    clock,
  );
  await expect(held.rename('/a', '/b')).rejects.toMatchObject({ code: 'EBUSY' });
  const gone = withStubbornRename(
    { ...NODE_CALLS, rename: failing(1, 'ENOENT', undefined) },
    'win32',
  );
  await expect(gone.rename('/a', '/b')).rejects.toMatchObject({ code: 'ENOENT' });
});
