import {
  isStorageError,
  type PendingUpload,
  sha256,
  type UploadSession,
} from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createMemory, type MemoryOptions } from './memory-provider.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);

function storage(options: MemoryOptions = {}) {
  const provider = createMemory.provider(options);
  const { upload, uploads } = provider;
  if (upload === undefined || uploads === undefined) throw new Error('memory has uploads');
  const pending = async (prefix?: string) => {
    const found: PendingUpload[] = [];
    for await (const each of uploads(prefix === undefined ? {} : { prefix })) found.push(each);
    return found;
  };
  const read = async (key: string) => (await provider.get(key, {})).text();
  return { provider, upload, pending, read };
}

const codeOf = (running: Promise<unknown>) =>
  running.then(
    () => 'ok',
    (error: unknown) => (isStorageError(error) ? error.code : error),
  );

const writeAll = async (session: UploadSession, parts: readonly (readonly [number, string])[]) => {
  for (const [offset, text] of parts) await session.write(offset, bytesOf(text));
};

describe('an upload', () => {
  test('makes the object of parts in any order, and no sooner than it is completed', async () => {
    const { provider, upload, read } = storage();
    const session = await upload('a', { attributes: { tags: ['t'] }, writeId: 'w' });
    await writeAll(session, [
      [3, 'def'],
      [0, 'abc'],
    ]);
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    expect(await session.complete()).toMatchObject({ size: 6, tags: ['t'], writeId: 'w' });
    expect(await read('a')).toBe('abcdef');
  });

  test('lets the later of two parts count, where they overlap too', async () => {
    const { upload, read } = storage();
    const session = await upload('a', {});
    await writeAll(session, [
      [0, 'xxx'],
      [3, 'yyy'],
      [0, 'abcd'],
    ]);
    await session.complete();
    expect(await read('a')).toBe('abcdyy');
  });

  test('keeps its own copy of a part', async () => {
    const { upload, read } = storage();
    const session = await upload('a', {});
    const bytes = bytesOf('abc');
    const writing = session.write(0, bytes);
    bytes.fill(0);
    await writing;
    await session.complete();
    expect(await read('a')).toBe('abc');
  });

  test('tells what it holds, joined', async () => {
    const { upload } = storage();
    const session = await upload('a', {});
    expect(await session.status()).toEqual({ held: [] });
    await writeAll(session, [
      [8, 'x'],
      [2, 'abc'],
      [5, 'de'],
    ]);
    expect(await session.status()).toEqual({
      held: [
        { offset: 2, length: 5 },
        { offset: 8, length: 1 },
      ],
    });
  });

  test.each([
    ['a gap', undefined, [[0, 'a'] as const, [2, 'b'] as const]],
    ['the start', undefined, [[1, 'a'] as const]],
    ['the end', 3, [[0, 'ab'] as const]],
    ['everything', 3, []],
  ])('cannot be completed while %s is missing', async (_what, totalBytes, parts) => {
    const { upload } = storage();
    const session = await upload('a', totalBytes === undefined ? {} : { totalBytes });
    await writeAll(session, parts);
    expect(await codeOf(session.complete())).toBe('invalid-argument');
    expect(await codeOf(session.status())).toBe('ok');
  });

  test('makes an empty object of no parts', async () => {
    const { upload, read } = storage();
    await (await upload('a', {})).complete();
    expect(await read('a')).toBe('');
  });

  test('refuses a part behind the end, and one too many', async () => {
    const { upload } = storage();
    const small = await upload('a', { totalBytes: 2 });
    expect(await codeOf(small.write(1, bytesOf('ab')))).toBe('invalid-argument');
    const many = await upload('b', {});
    for (let offset = 0; offset < many.part.maxParts; offset += 1) {
      await many.write(offset, bytesOf('x'));
    }
    expect(await codeOf(many.write(many.part.maxParts, bytesOf('x')))).toBe('invalid-argument');
    expect(await codeOf(many.write(0, bytesOf('y')))).toBe('ok');
  });

  test('keeps the session when a condition fails', async () => {
    const { provider, upload, read } = storage();
    const session = await upload('a', {});
    await session.write(0, bytesOf('new'));
    const other = await upload('a', {});
    await other.write(0, bytesOf('old'));
    const { etag } = await other.complete();
    expect(await codeOf(session.complete({ ifNoneMatch: '*' }))).toBe('precondition-failed');
    await session.complete({ ifMatch: etag });
    expect(await read('a')).toBe('new');
    expect(provider.capabilities.uploadConditions).toBe(true);
  });
});

describe('a checksum', () => {
  const sumOf = (text: string) => sha256(bytesOf(text));

  test('is kept when the upload was begun with it, or is completed with it', async () => {
    const { provider, upload } = storage();
    const asked = await upload('asked', { checksum: 'sha256' });
    await asked.write(0, bytesOf('abc'));
    const again = await upload('asked', { token: asked.token });
    const checksums = { sha256: await sumOf('abc') };
    expect(await again.complete()).toMatchObject({ checksums });
    const given = await upload('given', {});
    await given.write(0, bytesOf('abc'));
    expect(await given.complete({ checksum: checksums.sha256 })).toMatchObject({ checksums });
    expect(await provider.stat('given', {})).toMatchObject({ checksums });
    const plain = await upload('plain', {});
    expect((await plain.complete()).checksums).toBeUndefined();
  });

  test('of other content stores nothing and keeps the session', async () => {
    const { provider, upload, read } = storage();
    const session = await upload('a', {});
    await session.write(0, bytesOf('abc'));
    const wrong = session.complete({ checksum: await sumOf('abd') });
    await expect(wrong).rejects.toMatchObject({ code: 'corrupted', outcome: 'not-applied' });
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
    await session.complete({ checksum: await sumOf('abc') });
    expect(await read('a')).toBe('abc');
  });

  test('is of the parts that were there; a session that ends meanwhile stores nothing', async () => {
    const { provider, upload } = storage();
    const session = await upload('a', { checksum: 'sha256' });
    await session.write(0, bytesOf('abc'));
    const completing = session.complete();
    await session.abort();
    await expect(completing).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(await codeOf(provider.stat('a', {}))).toBe('not-found');
  });
});

describe('a token', () => {
  test('opens the session again with its parts and attributes', async () => {
    const { upload, read } = storage();
    const first = await upload('a', { attributes: { metadata: { n: 1 } } });
    await first.write(0, bytesOf('ab'));
    const again = await upload('a', { token: first.token });
    await again.write(2, bytesOf('c'));
    expect(await again.complete()).toMatchObject({ metadata: { n: 1 } });
    expect(await read('a')).toBe('abc');
  });

  test('opens no session of another key, or of none', async () => {
    const { upload } = storage();
    const { token } = await upload('a', {});
    expect(await codeOf(upload('b', { token }))).toBe('invalid-argument');
    expect(await codeOf(upload('a', { token: `${token}x` }))).toBe('invalid-argument');
  });

  test('is remembered for a while after the end', async () => {
    const { upload } = storage();
    const { token, abort } = await upload('a', {});
    await abort();
    expect(await codeOf(upload('a', { token }))).toBe('conflict');
    for (let index = 0; index < 1000; index += 1) await (await upload('b', {})).abort();
    expect(await codeOf(upload('a', { token }))).toBe('invalid-argument');
  });
});

describe('the end of an upload', () => {
  test('fails everything with conflict but aborting again', async () => {
    const { upload } = storage();
    const session = await upload('a', {});
    await session.write(0, bytesOf('a'));
    await session.abort();
    await session.abort();
    expect(await codeOf(session.write(0, bytesOf('a')))).toBe('conflict');
    expect(await codeOf(session.status())).toBe('conflict');
    await expect(session.complete()).rejects.toMatchObject({ code: 'conflict', retryable: false });
  });

  test('takes it out of the pending ones', async () => {
    const { upload, pending } = storage({ now: () => 5000 });
    const a = await upload('dir/a', {});
    const b = await upload('b', {});
    expect(await pending()).toEqual([
      { key: 'dir/a', token: a.token, startedAt: new Date(5000) },
      { key: 'b', token: b.token, startedAt: new Date(5000) },
    ]);
    expect(await pending('dir/')).toHaveLength(1);
    await a.complete();
    await b.abort();
    expect(await pending()).toEqual([]);
  });

  test('gives back what the parts held', async () => {
    const { provider, upload } = storage({ quotaBytes: 10 });
    const session = await upload('a', {});
    await session.write(0, bytesOf('12345678'));
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 8 });
    expect(await codeOf(session.write(8, bytesOf('123')))).toBe('quota-exceeded');
    expect(await codeOf(session.write(0, bytesOf('1234567890')))).toBe('ok');
    await session.complete();
    expect(await provider.usage?.({})).toMatchObject({ usedBytes: 10 });
    const other = await upload('b', {});
    expect(await codeOf(other.write(0, bytesOf('1')))).toBe('quota-exceeded');
  });
});
