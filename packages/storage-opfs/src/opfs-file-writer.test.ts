import { expect, test } from 'vitest';
import { openSync } from './opfs-file-writer.ts';

/** A synchronous handle that takes at most so many bytes at once, and so many in all. */
function fakeHandle(atOnce: number, room: number) {
  const calls: string[] = [];
  let content = new Uint8Array(4);
  const sync = {
    truncate(size: number) {
      if (size > room) throw new DOMException('full', 'QuotaExceededError');
      calls.push(`truncate ${size}`);
      content = content.slice(0, size);
    },
    write(bytes: Uint8Array, { at }: { at: number }) {
      const some = bytes.subarray(0, Math.max(0, Math.min(atOnce, room - at)));
      const next = new Uint8Array(Math.max(content.length, at + some.length));
      next.set(content);
      next.set(some, at);
      content = next;
      return some.length;
    },
    flush: () => calls.push('flush'),
    close: () => calls.push('close'),
  };
  const handle = { createSyncAccessHandle: async () => sync } as unknown as FileSystemFileHandle;
  return { handle, calls, content: () => [...content] };
}

test('writes all bytes, however few are taken at once, and flushes them', async () => {
  const { handle, calls, content } = fakeHandle(2, 100);
  const writer = await openSync(handle, false);
  await writer.write(Uint8Array.of(1, 2, 3, 4, 5), 0);
  await writer.truncate(3);
  await writer.close();
  expect(content()).toEqual([1, 2, 3]);
  expect(calls).toEqual(['truncate 0', 'truncate 3', 'flush', 'close']);
});

test('keeps what is there when it is told to', async () => {
  const { handle, calls, content } = fakeHandle(10, 100);
  const writer = await openSync(handle, true);
  await writer.write(Uint8Array.of(9), 3);
  await writer.abort();
  expect(content()).toEqual([0, 0, 0, 9]);
  expect(calls).toEqual(['close']);
});

test('fails when no more bytes are taken, and lets go of a file that cannot be emptied', async () => {
  const writer = await openSync(fakeHandle(10, 3).handle, false);
  await expect(writer.write(Uint8Array.of(1, 2, 3, 4), 0)).rejects.toMatchObject({
    code: 'quota-exceeded',
    outcome: 'not-applied',
  });
  const { handle, calls } = fakeHandle(1, -1);
  await expect(openSync(handle, false)).rejects.toThrow('full');
  expect(calls).toEqual(['close']);
});
