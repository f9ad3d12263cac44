import { toBody } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import { createOPFS, type OPFSNative, serveFiles } from '../src/index.ts';
import { opfsProvider } from '../src/opfs-provider.ts';
import { drop, filesIn, keysOf, newFolder, providerWith, putText, textOf } from './folders.ts';

const MIB = 1024 * 1024;
const inside = async () => {
  const folder = await newFolder();
  return { folder, root: folder.name };
};

describe('content', () => {
  test('of 20 MiB comes and goes as a stream, through the worker', async () => {
    const { root } = await inside();
    const storage = createOPFS({ root });
    const chunk = crypto.getRandomValues(new Uint8Array(65_536));
    const content = async function* () {
      for (let count = 0; count < 320; count += 1) yield chunk;
    };
    await storage.put('big', content(), { checksum: true });
    let size = 0;
    for await (const piece of (await storage.get('big')).stream()) size += piece.byteLength;
    expect(size).toBe(20 * MIB);
    const part = await (await storage.get('big', { range: { suffix: 300_000 } })).bytes();
    expect(part).toEqual(
      new Uint8Array([...chunk, ...chunk, ...chunk, ...chunk, ...chunk]).slice(-300_000),
    );
    await storage.close();
  });

  test('that is replaced while it is read fails and may be read again', async () => {
    const { root } = await inside();
    const provider = providerWith({ root });
    const bytes = new Uint8Array(32 * MIB).fill(1);
    await provider.put('a', toBody(bytes), {});
    const reader = (await provider.get('a', {})).stream().getReader();
    await reader.read();
    await provider.put('a', toBody(bytes.fill(2)), {});
    const rest = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 'whole';
        if (value.includes(2)) return 'mixed';
      }
    })();
    await expect(rest).rejects.toMatchObject({ code: 'conflict', retryable: true });
    const whole = await provider.get('a', {});
    await provider.put('a', toBody(bytes), {});
    await expect(whole.bytes()).rejects.toMatchObject({ code: 'conflict', retryable: true });
    const left = (await provider.get('a', {})).stream();
    await left.cancel();
    await provider.close?.();
  });
});

describe('the way to write', () => {
  test.each([
    ['without a worker', { worker: false } as const],
    [
      'when the worker cannot be made',
      {
        worker: () => {
          throw new Error('a policy forbids it');
        },
      },
    ],
    [
      'when the worker does not start',
      { worker: () => new Worker('data:text/javascript,throw new Error("broken")') },
    ],
  ])('is found %s', async (_, options) => {
    const { root } = await inside();
    const provider = providerWith({ root, ...options });
    await provider.put('a', toBody(new Uint8Array(2 * MIB).fill(3)), {});
    expect((await provider.stat('a', {})).size).toBe(2 * MIB);
    await provider.close?.();
    const old = providerWith({ root, ...options }, { hasWritables: false });
    await expect(putText(old, 'b', 'x')).rejects.toMatchObject({
      code: 'unsupported',
      outcome: 'not-applied',
      hint: expect.stringContaining('worker'),
    });
    await old.close?.();
  });

  test('is the worker alone in browsers without createWritable', async () => {
    const { root } = await inside();
    const provider = providerWith({ root }, { hasWritables: false });
    await putText(provider, 'a', 'text', { metadata: { n: 1 } });
    await putText(provider, 'a', '');
    expect(await textOf(provider, 'a')).toBe('');
    const aborted = new AbortController();
    const content = async function* () {
      yield new Uint8Array(2 * MIB);
      aborted.abort();
      yield new Uint8Array(2 * MIB);
    };
    await expect(
      provider.put('a', toBody(content()), { signal: aborted.signal }),
    ).rejects.toMatchObject({ code: 'aborted' });
    expect(await textOf(provider, 'a')).toBe('');
    await provider.close?.();
  });

  test('is by content again where files cannot be renamed', async () => {
    const { root } = await inside();
    const type = FileSystemFileHandle.prototype as { move?: unknown; createWritable: unknown };
    const { move, createWritable } = type;
    const provider = providerWith({ root, worker: false });
    try {
      type.move = undefined;
      await putText(provider, 'a', 'one', { tags: ['x'] });
      const etag = await putText(provider, 'a', 'two', { tags: ['y'] });
      expect(await provider.stat('a', {})).toMatchObject({ etag, tags: ['y'] });
      type.move = () => Promise.reject(new DOMException('not here', 'NotSupportedError'));
      await putText(provider, 'a', 'three');
      await putText(provider, 'b', 'new');
      expect(await textOf(provider, 'a')).toBe('three');
      expect(await textOf(provider, 'b')).toBe('new');
      type.move = () =>
        Promise.reject(new DOMException('there is one', 'InvalidModificationError'));
      await putText(provider, 'a', 'four');
      expect(await textOf(provider, 'a')).toBe('four');
      await expect(putText(provider, 'c', 'x')).rejects.toMatchObject({ outcome: 'not-applied' });
      type.move = () => {
        type.createWritable = () => Promise.reject(new DOMException('blocked', 'AbortError'));
        return Promise.reject(new DOMException('not here', 'AbortError'));
      };
      await expect(putText(provider, 'd', 'x')).rejects.toMatchObject({ outcome: 'not-applied' });
      type.createWritable = createWritable;
      await expect(putText(provider, 'a', 'x')).rejects.toMatchObject({ outcome: 'not-applied' });
      expect(await keysOf(provider)).toEqual(['a', 'b']);
      expect(await textOf(provider, 'a')).toBe('four');
    } finally {
      Object.assign(type, { move, createWritable });
    }
    await provider.close?.();
  });
});

describe('a worker of the provider', () => {
  test('tells what went wrong', async () => {
    const replies: unknown[] = [];
    const scope = { onmessage: null, postMessage: (reply: unknown) => replies.push(reply) };
    serveFiles(scope);
    const handle = (scope as { onmessage: unknown }).onmessage as (event: unknown) => Promise<void>;
    const calls: string[] = [];
    const file = {
      truncate: (size: number) => calls.push(`truncate ${size}`),
      write: (bytes: Uint8Array) => (bytes.byteLength > 2 ? 2 : bytes.byteLength - 1),
      flush: () => calls.push('flush'),
      close: () => calls.push('close'),
    };
    const ask = (data: object) => handle({ data: { file: 1, ...data } });
    await ask({ id: 1, operation: 'write', bytes: new Uint8Array(1) });
    const opened = { createSyncAccessHandle: async () => file };
    await ask({ id: 2, operation: 'open', handle: opened, keep: false });
    await ask({ id: 3, operation: 'write', bytes: new Uint8Array(5), at: 0 });
    await ask({ id: 4, operation: 'truncate', at: 7 });
    await ask({ id: 5, operation: 'close' });
    expect(replies).toMatchObject([
      { id: 1, error: { name: 'InvalidStateError' } },
      { id: 2 },
      { id: 3, error: { name: 'QuotaExceededError' } },
      { id: 4 },
      { id: 5 },
    ]);
    expect(calls).toEqual(['truncate 0', 'truncate 7', 'flush', 'close']);
  });
});

describe('a browser without Web Locks', () => {
  test('promises no conditions between tabs, and keeps writes of this one apart', async () => {
    const { root } = await inside();
    const provider = providerWith({ root }, { locks: undefined });
    expect(provider.capabilities.createIfAbsent).toBeFalsy();
    await Promise.all(['1', '2', '3'].map((text) => putText(provider, 'a', text)));
    expect(['1', '2', '3']).toContain(await textOf(provider, 'a'));
    await expect(putText(provider, 'a', 'x', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unsupported',
    });
    await provider.close?.();
  });
});

describe('what is left over', () => {
  test('is swept, but not while its writer may live', async () => {
    const { folder, root } = await inside();
    const old = `.granary/temp/${crypto.randomUUID()}.1`;
    await drop(folder, old, 'half');
    const day = 24 * 3_600_000;
    const careful = providerWith({ directory: folder });
    await keysOf(careful);
    expect(await filesIn(folder)).toContain(old);
    const later = providerWith({ directory: folder }, { now: () => Date.now() + 2 * day });
    expect(await (later.native as OPFSNative).sweep()).toEqual({ tempFiles: 0, uploads: 0 });
    expect(await filesIn(folder)).not.toContain(old);
    await drop(folder, old, 'half');
    const own = providerWith({ root });
    await keysOf(own);
    expect(await filesIn(folder)).not.toContain(old);
    for (const each of [careful, later, own]) await each.close?.();
  });

  test('of uploads is swept after a week', async () => {
    const { folder, root } = await inside();
    const provider = providerWith({ root });
    const session = await provider.upload?.('a', {});
    await session?.write(0, new Uint8Array(3));
    await drop(folder, '.granary/uploads/broken/session.json', '{');
    const pending: string[] = [];
    for await (const { key } of provider.uploads?.({}) ?? []) pending.push(key);
    expect(pending).toEqual(['a']);
    const week = 8 * 24 * 3_600_000;
    const later = providerWith({ root }, { now: () => Date.now() + week });
    await keysOf(later);
    expect((await filesIn(folder)).filter((path) => path.includes('uploads'))).toEqual([]);
    await expect(session?.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
    for (const each of [provider, later]) await each.close?.();
  });
});

test('an origin without such a file system is told what to do', async () => {
  const none = providerWith({ root: 'x' }, { getDirectory: undefined });
  await expect(keysOf(none)).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('storage-idb'),
  });
  const failing = (error: unknown) =>
    providerWith({}, { getDirectory: () => Promise.reject(error) });
  await expect(keysOf(failing(new DOMException('', 'SecurityError')))).rejects.toMatchObject({
    code: 'unsupported',
    hint: expect.stringContaining('Private windows'),
  });
  await expect(keysOf(failing(new Error('odd')))).rejects.toMatchObject({ code: 'unknown' });
});

test('providers that open a new folder at once agree on its identity', async () => {
  const { folder, root } = await inside();
  const one = providerWith({ root });
  const other = providerWith({ root });
  await Promise.all([keysOf(one), keysOf(other)]);
  expect(one.storeId).toEqual(expect.any(String));
  expect(other.storeId).toBe(one.storeId);
  const directory = await (one.native as OPFSNative).directory();
  expect(await directory.isSameEntry(folder)).toBe(true);
  for (const each of [one, other]) await each.close?.();
});

test('a provider that is closed while its opening fails opens again', async () => {
  let fail: (error: unknown) => void = () => {};
  const opening = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const { folder } = await inside();
  const directory = vi.fn(async () => folder).mockReturnValueOnce(opening);
  const provider = opfsProvider({ directory });
  const reading = keysOf(provider);
  const closing = provider.close?.();
  fail(new DOMException('not now', 'InvalidStateError'));
  await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
  await closing;
  expect(await keysOf(provider)).toEqual([]);
  await provider.close?.();
});

test('folders that hold nothing are in no key’s way, and those with objects are', async () => {
  const { folder, root } = await inside();
  const provider = providerWith({ root });
  const empty = await folder.getDirectoryHandle('a', { create: true });
  await empty.getDirectoryHandle('b', { create: true });
  await putText(provider, 'a', 'text');
  await expect(putText(provider, 'a/b', 'x')).rejects.toMatchObject({ code: 'conflict' });
  await putText(provider, 'c/d/e', 'x');
  await expect(putText(provider, 'c', 'x')).rejects.toMatchObject({
    code: 'conflict',
    retryable: false,
  });
  expect(await keysOf(provider)).toEqual(['a', 'c/d/e']);
  await provider.close?.();
});

test('a companion that cannot be read fails the read and not the next write', async () => {
  const { folder, root } = await inside();
  const provider = providerWith({ root });
  await putText(provider, 'a', 'text', { tags: ['x'] });
  await drop(folder, 'a.meta.json', '{');
  await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'corrupted' });
  await putText(provider, 'a', 'text', { tags: ['y'] });
  expect((await provider.stat('a', {})).tags).toEqual(['y']);
  await drop(folder, 'a.meta.json', '{"granary":99}');
  await expect(putText(provider, 'a', 'x')).rejects.toMatchObject({ code: 'invalid-data' });
  await provider.close?.();
});

test('a lost observation is told as lost, and a refused one costs nothing', async () => {
  const { root } = await inside();
  let tell: (records: readonly { type: 'errored' | 'unknown' }[]) => void = () => {};
  const disconnect = vi.fn();
  class Observer {
    constructor(callback: typeof tell) {
      tell = callback;
    }
    async observe(): Promise<void> {}
    disconnect = disconnect;
  }
  const provider = providerWith({ root }, { observer: Observer });
  const watcher = (await provider.watch?.({})) ?? expect.unreachable();
  tell([{ type: 'errored' }]);
  for await (const event of watcher) {
    expect(event).toEqual({ type: 'lost' });
    break;
  }
  await expect.poll(() => disconnect.mock.calls.length).toBe(1);
  class Refusing extends Observer {
    override observe(): Promise<void> {
      return Promise.reject(new Error('not here'));
    }
  }
  const other = providerWith({ root }, { observer: Refusing });
  const second = (await other.watch?.({ prefix: 'a' })) ?? expect.unreachable();
  const next = second[Symbol.asyncIterator]().next();
  await putText(other, 'b', 'x');
  await putText(other, 'ab', 'x');
  expect((await next).value).toMatchObject({ type: 'put', key: 'ab', isOwn: true });
  await other.close?.();
  await provider.close?.();
});
