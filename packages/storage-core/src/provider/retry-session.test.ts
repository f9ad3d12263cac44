import { describe, expect, test, vi } from 'vitest';
import { countOf, type Fault, retried } from '../../test/retried-provider.ts';
import { type TinyProviderSettings, tinyProvider } from '../../test/tiny-provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { withRetry } from './with-retry.ts';

describe('an upload session', () => {
  async function session(faults: Fault[], settings: TinyProviderSettings = {}, options = {}) {
    const made = retried(faults, {}, settings);
    const opened = (await made.provider.upload?.('u', options)) ?? expect.unreachable();
    return { ...made, opened };
  }

  test('sends a part again, and not the object', async () => {
    const { tiny, opened } = await session([
      { on: 'upload' },
      { on: 'upload.write', after: true, skip: 1 },
      { on: 'upload.status' },
      { on: 'upload.abort' },
    ]);
    await opened.write(0, new Uint8Array([1, 2]));
    await opened.write(2, new Uint8Array([3]));
    expect((await opened.status()).held).toHaveLength(2);
    expect((await opened.complete()).size).toBe(3);
    expect(countOf(tiny.calls, 'upload.write')).toBe(3);
    await opened.abort();
  });

  test('asks what is held before it repeats a part of an ordered upload', async () => {
    const { tiny, opened } = await session([{ on: 'upload.write', after: true }], {
      part: { order: 'sequential' },
    });
    await opened.write(0, new Uint8Array([1, 2]));
    expect(countOf(tiny.calls, 'upload.write')).toBe(1);
    expect(countOf(tiny.calls, 'upload.status')).toBe(1);
  });

  test('sends the rest of a part of which the beginning is held', async () => {
    const written: [number, number][] = [];
    let first = true;
    const below = tinyProvider({ part: { order: 'sequential' } });
    const provider = withRetry(
      {
        ...below,
        async upload(key, options) {
          const inner = await (below.upload ?? expect.unreachable())(key, options);
          return {
            ...inner,
            status: async () => ({ held: [{ offset: 0, length: 3 }] }),
            async write(offset: number, bytes: Uint8Array) {
              written.push([offset, bytes.byteLength]);
              if (first) {
                first = false;
                throw new StorageError('unavailable', 'cut');
              }
            },
          };
        },
      },
      { backoff: 'none' },
    );
    const opened = (await provider.upload?.('u', {})) ?? expect.unreachable();
    await opened.write(0, new Uint8Array(4));
    expect(written).toEqual([
      [0, 4],
      [3, 1],
    ]);
  });

  test('gives complete the time that a part takes, which it may send', async () => {
    vi.useFakeTimers();
    try {
      const below = tinyProvider();
      const provider = withRetry(
        {
          ...below,
          async upload(key, options) {
            const inner = await (below.upload ?? expect.unreachable())(key, options);
            return {
              ...inner,
              async complete(asked) {
                await new Promise((resolve) => setTimeout(resolve, 900));
                return inner.complete(asked);
              },
            };
          },
        },
        { attemptTimeoutMs: 100, backoff: 'none' },
      );
      const opened = (await provider.upload?.('u', {})) ?? expect.unreachable();
      await opened.write(0, new Uint8Array(50_000));
      const completed = opened.complete();
      await vi.advanceTimersByTimeAsync(900);
      expect((await completed).size).toBe(50_000);
    } finally {
      vi.useRealTimers();
    }
  });

  test('settles a completion whose reply was lost', async () => {
    const { tiny, opened } = await session([{ on: 'upload.complete', after: true }]);
    await opened.write(0, new Uint8Array(1));
    expect(await opened.complete({ ifNoneMatch: '*' })).toMatchObject({
      key: 'u',
      writeId: expect.any(String),
    });
    expect(countOf(tiny.calls, 'stat')).toBe(1);
  });

  test('says unknown where it cannot be settled', async () => {
    const none = { capabilities: { writeIds: false } };
    const conditional = await session([{ on: 'upload.complete', after: true }], none);
    await conditional.opened.write(0, new Uint8Array(1));
    await expect(conditional.opened.complete({ ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    const plain = await session([{ on: 'upload.complete', after: true }], none);
    await plain.opened.write(0, new Uint8Array(1));
    await expect(plain.opened.complete()).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'unknown',
    });
  });

  test('that is lost is not completed again', async () => {
    const lost = {
      on: 'upload.complete',
      code: 'conflict',
      fields: { restart: true },
      times: 9,
    } as const;
    const { tiny, opened } = await session([{ ...lost }]);
    await expect(opened.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(countOf(tiny.calls, 'upload.complete')).toBe(1);
  });

  test('of another process carries no new id', async () => {
    const { tiny, provider, opened } = await session([]);
    const upload = vi.spyOn(tiny, 'upload');
    await provider.upload?.('u', { token: opened.token });
    expect(upload.mock.calls[0]?.[1]).not.toHaveProperty('writeId');
  });
});
