import { describe, expect, test, vi } from 'vitest';
import type { WatchEvent } from '../contract/events.ts';
import { eventChannel } from './event-channel.ts';

const put = (key: string): WatchEvent => ({ type: 'put', key });

describe('eventChannel', () => {
  test('hands on events in order, before and after they are asked for', async () => {
    const { watcher, push } = eventChannel();
    push(put('a'));
    const events = watcher[Symbol.asyncIterator]();
    const first = events.next();
    const second = events.next();
    push(put('b'));
    expect([await first, await second].map((step) => step.value)).toEqual([put('a'), put('b')]);
    await watcher.close();
  });

  test('says lost in the place of what a slow reader missed', async () => {
    const { watcher, push } = eventChannel({ maxBuffered: 2 });
    for (const key of ['a', 'b', 'c']) push(put(key));
    const events = watcher[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual({ type: 'lost' });
    expect((await events.next()).value).toEqual(put('c'));
    await watcher.close();
  });

  test('ends its readers and lets go once when it is closed', async () => {
    const onClose = vi.fn();
    const { watcher, push, fail } = eventChannel({ onClose });
    push(put('a'));
    await watcher.close();
    await watcher.close();
    await watcher[Symbol.asyncDispose]();
    push(put('b'));
    fail(new Error('late'));
    expect(await Array.fromAsync(watcher)).toEqual([]);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  test('ends a reader that waits', async () => {
    const { watcher } = eventChannel();
    const all = Array.fromAsync(watcher);
    await watcher.close();
    expect(await all).toEqual([]);
  });

  test('lets go when the reader breaks out', async () => {
    const onClose = vi.fn();
    const { watcher, push } = eventChannel({ onClose });
    push(put('a'));
    for await (const _event of watcher) break;
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  test('fails behind the events that came before', async () => {
    const onClose = vi.fn();
    const { watcher, push, fail } = eventChannel({ onClose });
    push(put('a'));
    fail(new Error('the disk is gone'));
    const events = watcher[Symbol.asyncIterator]();
    expect((await events.next()).value).toEqual(put('a'));
    await expect(events.next()).rejects.toThrow('the disk is gone');
    expect((await events.next()).done).toBe(true);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  test('fails one reader that waits and ends the others', async () => {
    const { watcher, fail } = eventChannel();
    const events = watcher[Symbol.asyncIterator]();
    const both = Promise.allSettled([events.next(), events.next()]);
    fail(new Error('the disk is gone'));
    expect((await both).map((result) => result.status)).toEqual(['rejected', 'fulfilled']);
  });

  test('ends with the signal, and leaves no listener on it', async () => {
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const { watcher, push } = eventChannel({ signal: controller.signal });
    push(put('a'));
    controller.abort('why');
    await expect(Array.fromAsync(watcher)).rejects.toMatchObject({ code: 'aborted', cause: 'why' });
    const closed = eventChannel({ signal: new AbortController().signal });
    await closed.watcher.close();
    expect(removed).toHaveBeenCalled();
  });

  test('is ended from the start by a signal that is aborted', async () => {
    const { watcher } = eventChannel({ signal: AbortSignal.abort('early') });
    await expect(Array.fromAsync(watcher)).rejects.toMatchObject({ code: 'aborted' });
  });

  test('tells whoever closes it that letting go failed', async () => {
    const onClose = () => Promise.reject(new Error('no'));
    await expect(eventChannel({ onClose }).watcher.close()).rejects.toThrow('no');
    eventChannel({ onClose }).fail(new Error('first'));
  });
});
