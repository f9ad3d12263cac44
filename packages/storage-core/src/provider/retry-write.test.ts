import { describe, expect, test, vi } from 'vitest';
import { countOf, retried } from '../../test/retried-provider.ts';
import { streamOf } from '../../test/stream-of.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import type { BodyInput } from '../contract/body.ts';
import { StorageError } from '../errors/storage-error.ts';
import { guardProvider } from './guard-provider.ts';
import { withRetry } from './with-retry.ts';

describe('writes', () => {
  test('a put of what can be read again is tried again', async () => {
    for (const input of ['text', new Blob(['text'])]) {
      const { tiny, provider } = retried([{ on: 'put', times: 2, after: true }]);
      expect((await provider.put('a', toBody(input), {})).size).toBe(4);
      expect(countOf(tiny.calls, 'put')).toBe(3);
    }
  });

  const streamed = (): BodyInput => streamOf(new Uint8Array(2), new Uint8Array(1));

  test('a put of a stream that was touched is not', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    await expect(provider.put('a', toBody(streamed()), {})).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(countOf(tiny.calls, 'put')).toBe(1);
  });

  test('a put of a stream that nobody touched is', async () => {
    const { tiny, provider } = retried([{ on: 'put' }]);
    expect((await provider.put('a', toBody(streamed()), {})).size).toBe(3);
    expect(countOf(tiny.calls, 'put')).toBe(2);
  });

  test('a stream that the provider let go of unread is read by the next try', async () => {
    const tiny = tinyProvider();
    let failed = false;
    const provider = withRetry(
      {
        ...tiny,
        async put(key, body, options) {
          if (failed) return tiny.put(key, body, options);
          failed = true;
          await body.cancel();
          throw new StorageError('unavailable', 'x');
        },
      },
      { backoff: 'none' },
    );
    expect((await provider.put('a', toBody(streamed()), {})).size).toBe(3);
    failed = false;
    expect((await provider.put('b', toBody('text'), {})).size).toBe(4);
  });

  test('a stream that the provider let go of in the middle is not', async () => {
    const cancel = vi.fn();
    const source = new ReadableStream<Uint8Array>(
      { pull: (controller) => controller.enqueue(new Uint8Array(1)), cancel },
      { highWaterMark: 0 },
    );
    const provider = withRetry({
      ...tinyProvider(),
      async put(_key, body) {
        await body.stream().getReader().read();
        await body.cancel('enough');
        throw new StorageError('unavailable', 'x');
      },
    });
    await expect(provider.put('a', toBody(source), {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(cancel).toHaveBeenCalledExactlyOnceWith('enough');
  });

  test('the source is cancelled when no try is left', async () => {
    const cancel = vi.fn();
    const { provider } = retried([{ on: 'put', times: 9 }], { attempts: 2 });
    const source = new ReadableStream<Uint8Array>({ cancel });
    await expect(provider.put('a', toBody(source), {})).rejects.toThrow();
    expect(cancel).toHaveBeenCalledTimes(1);
  });

  test('the outcome is unknown once one try may have been applied', async () => {
    const { provider } = retried([
      { on: 'put', after: true },
      { on: 'put', code: 'permission-denied' },
    ]);
    await expect(provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      code: 'permission-denied',
      outcome: 'unknown',
    });
    const refused = retried([{ on: 'put', code: 'rate-limited', times: 9 }]);
    await expect(refused.provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      outcome: 'not-applied',
    });
  });

  test('a delete is tried again, and does not say what it cannot know', async () => {
    const { tiny, provider } = retried([{ on: 'delete', after: true }]);
    await tiny.put('a', toBody('x'), {});
    expect(await provider.delete('a', {})).toEqual({});
    const refused = retried([{ on: 'delete', code: 'rate-limited' }]);
    expect(await refused.provider.delete('a', {})).toEqual({ existed: false });
  });

  test('a copy and a change of attributes are tried again', async () => {
    const { tiny, provider } = retried([
      { on: 'copy', after: true },
      { on: 'setMetadata', after: true },
      { on: 'move', code: 'rate-limited' },
      { on: 'versions.restore', code: 'conflict' },
    ]);
    await tiny.put('a', toBody('x'), {});
    await provider.copy?.('a', 'b', {});
    await provider.setMetadata?.('b', { tags: ['x'] }, {});
    await provider.move?.('b', 'c', {});
    await provider.versions?.restore('c', 'v', {});
    expect([...tiny.objects.keys()].sort()).toEqual(['a', 'c']);
  });

  test.each<[string, (p: ReturnType<typeof retried>['provider']) => Promise<unknown> | undefined]>([
    ['move', (p) => p.move?.('a', 'b', {})],
    ['copy', (p) => p.copy?.('a', 'b', { ifNoneMatch: '*' })],
    ['delete', (p) => p.delete('a', { ifMatch: 'e1' })],
    ['setMetadata', (p) => p.setMetadata?.('a', {}, { ifMatch: 'e1' })],
    ['versions.restore', (p) => p.versions?.restore('a', 'v', {})],
  ])('a %s that may have been applied is not repeated blindly', async (operation, call) => {
    const { tiny, provider } = retried([{ on: operation, after: true }]);
    await tiny.put('a', toBody('x'), {});
    await expect(call(provider)).rejects.toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    expect(countOf(tiny.calls, operation)).toBe(1);
  });
});

describe('a conditional put whose reply was lost', () => {
  test('is settled by the id that it carried', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    const info = await provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    expect(info).toMatchObject({
      key: 'a',
      etag: 'e1',
      writeId: expect.stringMatching(/^[\w-]{36}$/),
    });
    expect(tiny.calls).toEqual(['put a', 'put a', 'stat a']);
  });

  test('is settled when a replaced object was meant', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true, skip: 1 }]);
    await tiny.put('a', toBody('old'), {});
    expect(await provider.put('a', toBody('new'), { ifMatch: 'e1' })).toMatchObject({ etag: 'e2' });
  });

  test('fails with an unknown outcome when somebody else wrote meanwhile', async () => {
    const { tiny, provider } = retried([{ on: 'put', after: true }]);
    const racing = provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    await vi.waitFor(() => expect(tiny.objects.has('a')).toBe(true));
    tiny.objects.clear();
    await tiny.put('a', toBody('other'), { writeId: 'other' });
    await expect(racing).rejects.toMatchObject({ code: 'precondition-failed', outcome: 'unknown' });
  });

  test('fails with the plain condition when no try was in doubt', async () => {
    const { tiny, provider } = retried([{ on: 'put', code: 'rate-limited', skip: 1 }]);
    await tiny.put('a', toBody('x'), {});
    await expect(provider.put('a', toBody('y'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
      outcome: 'not-applied',
    });
    expect(countOf(tiny.calls, 'stat')).toBe(0);
  });

  test('is not tried again where ids cannot be kept', async () => {
    const { tiny, provider } = retried(
      [{ on: 'put', after: true }],
      {},
      { capabilities: { writeIds: false } },
    );
    await expect(provider.put('a', toBody('x'), { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
    expect(countOf(tiny.calls, 'put')).toBe(1);
    const refused = retried(
      [{ on: 'put', code: 'rate-limited' }],
      {},
      { capabilities: { writeIds: false } },
    );
    expect(await refused.provider.put('a', toBody('x'), { ifNoneMatch: '*' })).toMatchObject({
      key: 'a',
    });
  });

  test('is settled by a later try when asking failed too', async () => {
    const { provider } = retried([{ on: 'put', after: true }, { on: 'stat' }]);
    expect(await provider.put('a', toBody('x'), { ifNoneMatch: '*' })).toMatchObject({
      etag: 'e1',
    });
  });

  test('keeps an id that the caller gave', async () => {
    const { provider } = retried();
    const info = await provider.put('a', toBody('x'), { ifNoneMatch: '*', writeId: 'mine' });
    expect(info.writeId).toBe('mine');
    expect((await provider.put('b', toBody('x'), {})).writeId).toBeUndefined();
  });

  test('uses ids that opening brought', async () => {
    const tiny = tinyProvider({ capabilities: { writeIds: false } });
    const put = vi.fn(tiny.put);
    const provider = guardProvider(
      withRetry({ ...tiny, put, open: async () => ({ writeIds: true }) }),
    );
    await provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    expect(put.mock.calls[0]?.[2].writeId).toBeTypeOf('string');
  });

  test('says unknown when the object is gone since', async () => {
    const { tiny, provider } = retried([
      { on: 'put', after: true },
      { on: 'put', code: 'precondition-failed' },
    ]);
    const racing = provider.put('a', toBody('x'), { ifNoneMatch: '*' });
    await vi.waitFor(() => expect(tiny.objects.has('a')).toBe(true));
    tiny.objects.clear();
    await expect(racing).rejects.toMatchObject({ code: 'precondition-failed', outcome: 'unknown' });
  });
});
