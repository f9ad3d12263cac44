import { expect, test, vi } from 'vitest';
import { countOf, retried } from '../../test/retried-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import { StorageError } from '../errors/storage-error.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from './guard-provider.ts';
import { withRetry } from './with-retry.ts';

test('tries the other operations again, except a check of health', async () => {
  const { provider, tiny } = retried([
    { on: 'presign' },
    { on: 'usage' },
    { on: 'watch' },
    { on: 'health' },
  ]);
  expect(await provider.presign?.('a', {})).toMatchObject({ method: 'GET' });
  expect(await provider.usage?.({})).toEqual({ objects: 0 });
  await (await provider.watch?.({}))?.close();
  await expect(provider.health?.({})).rejects.toMatchObject({ code: 'unavailable' });
  expect(countOf(tiny.calls, 'health')).toBe(1);
  expect(provider.publicUrl?.('a')).toBe('https://tiny/a');
});

test('opens again after a failure, and closes', async () => {
  const open = vi
    .fn(async (): Promise<undefined> => undefined)
    .mockRejectedValueOnce(new StorageError('unavailable', 'x'));
  const close = vi.fn(async () => {});
  const provider = guardProvider(
    withRetry({ ...tinyProvider(), open, close }, { backoff: 'none' }),
  );
  await provider.put('a', toBody('x'), {});
  expect(open).toHaveBeenCalledTimes(2);
  await provider.close?.();
  expect(close).toHaveBeenCalledTimes(1);
});

test('closes a watcher that came too late', async () => {
  vi.useFakeTimers();
  try {
    const { watcher } = eventChannel();
    const close = vi.spyOn(watcher, 'close');
    const watch = () =>
      new Promise<typeof watcher>((resolve) => setTimeout(() => resolve(watcher), 20));
    const provider = withRetry({ ...tinyProvider(), watch }, { attempts: 1, attemptTimeoutMs: 10 });
    const failed = expect(provider.watch?.({})).rejects.toMatchObject({ code: 'timeout' });
    await vi.advanceTimersByTimeAsync(20);
    await failed;
    expect(close).toHaveBeenCalledTimes(1);
  } finally {
    vi.useRealTimers();
  }
});
