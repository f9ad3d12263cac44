import {
  guardProvider,
  type StorageProvider,
  toBody,
  type WatchEvent,
} from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type FakePage, fakeOrigin, storageEvent } from '../test/fake-page.ts';
import { localStorageProvider } from './localstorage-provider.ts';

const raw = (page: FakePage): StorageProvider =>
  guardProvider(localStorageProvider({}, page.globals));

describe('events', () => {
  async function watched(page: FakePage, prefix = '') {
    const provider = raw(page);
    const watcher = await provider.watch?.({ prefix });
    const events: WatchEvent[] = [];
    void (async () => {
      for await (const event of watcher ?? []) events.push(event);
    })();
    return { provider, events, watcher };
  }

  test('tell once of our own changes and of those of other storages and pages', async () => {
    const origin = fakeOrigin();
    const page = origin.page();
    const { provider, events, watcher } = await watched(page, 'a');
    const samePage = raw(page);
    const otherPage = raw(origin.page());
    await provider.put('a', toBody('x'), {});
    await provider.put('b', toBody('x'), {});
    await samePage.put('a', toBody('y'), {});
    await otherPage.put('a', toBody('z'), {});
    await otherPage.delete('a', {});
    expect(events).toEqual([
      { type: 'put', key: 'a', etag: expect.any(String), isOwn: true },
      { type: 'put', key: 'a', etag: expect.any(String), isOwn: false },
      { type: 'put', key: 'a', etag: expect.any(String), isOwn: false },
      { type: 'delete', key: 'a', isOwn: false },
    ]);
    await watcher?.close();
  });

  test('leave out what is not ours', async () => {
    const page = fakeOrigin().page();
    const { provider, events } = await watched(page);
    page.send(storageEvent({}, 'granary:granary/a', 'x'));
    page.send(storageEvent(page.storage, 'theirs', 'x'));
    page.send(new CustomEvent('granary-localstorage', { detail: { lock: 'another' } }));
    page.send(Object.assign(new Event('pageshow'), { persisted: false }));
    page.send(storageEvent(page.storage, 'granary:granary/a', 'garbage'));
    await provider.stat('a', {}).catch(() => {});
    expect(events).toEqual([{ type: 'put', key: 'a', isOwn: false }]);
  });

  test('say that some were lost when the page comes back', async () => {
    const page = fakeOrigin().page();
    const { provider, events } = await watched(page);
    page.send(Object.assign(new Event('pageshow'), { persisted: true }));
    await provider.stat('a', {}).catch(() => {});
    expect(events).toEqual([{ type: 'lost' }]);
  });
});
