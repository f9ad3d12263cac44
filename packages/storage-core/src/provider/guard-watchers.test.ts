import { describe, expect, test } from 'vitest';
import { drain } from '../../test/drain.ts';
import { guarded } from '../../test/guarded-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { eventChannel } from '../events/event-channel.ts';
import { guardProvider } from './guard-provider.ts';

describe('a watcher through the guard', () => {
  test('hands on events and lets go', async () => {
    const { provider } = guarded();
    const watcher = (await provider.watch?.({ prefix: 'p/' })) ?? expect.unreachable();
    for await (const event of watcher) {
      expect(event).toEqual({ type: 'put', key: 'p/x' });
      break;
    }
    await watcher.close();
    await watcher[Symbol.asyncDispose]();
  });

  test('labels its errors', async () => {
    const channel = eventChannel({ onClose: () => Promise.reject(new Error('stuck')) });
    const provider = guardProvider({ ...tinyProvider(), watch: async () => channel.watcher });
    const watcher = (await provider.watch?.({})) ?? expect.unreachable();
    channel.fail(new Error('cut'));
    await expect(drain(watcher)).rejects.toMatchObject({ operation: 'watch', provider: 'tiny' });
    await expect(watcher.close()).rejects.toMatchObject({ operation: 'watch' });
  });
});
