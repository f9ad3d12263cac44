import { describe, expect, test, vi } from 'vitest';
import { serveFiles } from './opfs-serve-files.ts';
import { fileWorker } from './opfs-worker.ts';

type Scope = Parameters<typeof serveFiles>[0];

/** A synchronous handle as the standard has it: closed once, and of no use from then on. */
function fakeFile(room = 100) {
  const calls: string[] = [];
  let content: number[] = [1, 2, 3];
  let isOpen = false;
  const mustBeOpen = () => {
    if (!isOpen) throw new DOMException('The handle is closed.', 'InvalidStateError');
  };
  const sync = {
    truncate(size: number) {
      mustBeOpen();
      content = content.slice(0, size);
    },
    write(bytes: Uint8Array, { at }: { at: number }) {
      mustBeOpen();
      const some = [...bytes.subarray(0, Math.max(0, Math.min(2, room - at)))];
      content.splice(at, some.length, ...some);
      return some.length;
    },
    flush() {
      mustBeOpen();
      calls.push('flush');
      if (room === 0) throw new DOMException('No room is left.', 'QuotaExceededError');
    },
    close() {
      isOpen = false;
      calls.push('close');
    },
  };
  const createSyncAccessHandle = async () => {
    if (isOpen) throw new DOMException('It is open.', 'NoModificationAllowedError');
    isOpen = true;
    return sync;
  };
  const handle = { createSyncAccessHandle } as unknown as FileSystemFileHandle;
  return { handle, calls, content: () => content };
}

/** A worker in which `serveFiles` runs, without a thread. */
function fakeWorker() {
  const scope: Scope = {
    onmessage: null,
    postMessage: (data) => worker.onmessage?.({ data } as MessageEvent),
  };
  serveFiles(scope);
  const terminate = vi.fn();
  const worker = {
    onmessage: null as ((event: MessageEvent) => void) | null,
    onerror: null as ((event: Pick<ErrorEvent, 'preventDefault'>) => void) | null,
    terminate,
    postMessage(data: unknown) {
      const event = { data } as Parameters<NonNullable<Scope['onmessage']>>[0];
      queueMicrotask(() => scope.onmessage?.(event));
    },
  };
  return { worker, create: () => worker as unknown as Worker };
}

describe('a worker that writes files', () => {
  test('writes, cuts and closes them', async () => {
    const { handle, calls, content } = fakeFile();
    const files = fileWorker(fakeWorker().create);
    expect(await files.start()).toBe(true);
    const kept = await files.open(handle, true);
    await kept.write(Uint8Array.of(7, 8, 9), 2);
    expect(content()).toEqual([1, 2, 7, 8, 9]);
    await kept.close();
    const emptied = await files.open(handle, false);
    await emptied.write(Uint8Array.of(4, 5, 6), 0);
    await emptied.truncate(2);
    await emptied.abort();
    expect(content()).toEqual([4, 5]);
    expect(calls).toEqual(['flush', 'close', 'close']);
  });

  test('tells what the browser says', async () => {
    const full = fakeFile(0);
    const files = fileWorker(fakeWorker().create);
    await files.start();
    const file = await files.open(full.handle, false);
    await expect(files.open(full.handle, false)).rejects.toThrow('It is open.');
    await expect(file.write(Uint8Array.of(1), 0)).rejects.toThrow('No room is left.');
    await expect(file.close()).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect(full.calls).toEqual(['flush', 'close']);
    await expect(file.truncate(1)).rejects.toMatchObject({ name: 'InvalidStateError' });
    await file.abort();
    const odd = { createSyncAccessHandle: () => Promise.reject({}) };
    const opening = files.open(odd as unknown as FileSystemFileHandle, false);
    await expect(opening).rejects.toMatchObject({ name: 'Error', message: '' });
  });

  test('fails what waits when it ends, and starts again after a stop', async () => {
    const { worker, create } = fakeWorker();
    const files = fileWorker(create);
    await expect(files.open(fakeFile().handle, true)).rejects.toThrow('has ended');
    expect(await Promise.all([files.start(), files.start()])).toEqual([true, true]);
    const never = { createSyncAccessHandle: () => new Promise(() => {}) };
    const opening = files.open(never as unknown as FileSystemFileHandle, true);
    files.stop();
    await expect(opening).rejects.toMatchObject({ name: 'InvalidStateError' });
    expect(worker.terminate).toHaveBeenCalledOnce();
    expect(await files.start()).toBe(true);
    const again = files.open(never as unknown as FileSystemFileHandle, true);
    worker.onerror?.({ preventDefault: () => {} });
    await expect(again).rejects.toThrow('ended with an error');
  });

  test('is none where it cannot be made or does not load', async () => {
    const forbidden = fileWorker(() => {
      throw new DOMException('A policy forbids it.', 'SecurityError');
    });
    expect(await forbidden.start()).toBe(false);
    const { worker, create } = fakeWorker();
    worker.postMessage = () => worker.onerror?.({ preventDefault: () => {} });
    expect(await fileWorker(create).start()).toBe(false);
  });

  test('tells of a message that cannot be sent', async () => {
    const { worker, create } = fakeWorker();
    const files = fileWorker(create);
    await files.start();
    worker.postMessage = () => {
      throw new DOMException('It cannot be cloned.', 'DataCloneError');
    };
    await expect(files.open(fakeFile().handle, true)).rejects.toThrow('cannot be cloned');
  });
});
