import type { ChangeEvent, WatchEvent, Watcher } from '@granary/storage-core/provider';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, test, vi } from 'vitest';
import { changeLog } from './idb-changes.ts';
import { type IdbStore, idbStore } from './idb-store.ts';
import type { HintChannel, WatchPlatform } from './idb-watch.ts';

let stores = 0;

function openStore(indexedDB: IDBFactory): IdbStore {
  stores += 1;
  return idbStore({
    dbName: 'granary',
    appVersion: 1,
    durability: 'relaxed',
    fields: [],
    writer: `writer-${stores}`,
    newStoreId: () => `store-${Math.random()}`,
    indexedDB,
    keyRange: IDBKeyRange,
    blockedTimeoutMs: 1000,
  });
}

type Listener = Parameters<HintChannel['addEventListener']>[1];

/** Listeners by type of event, which a test calls. */
function eventTarget() {
  const listeners = new Map<string, Set<Listener>>();
  return {
    addEventListener(type: string, listener: Listener) {
      listeners.set(type, (listeners.get(type) ?? new Set()).add(listener));
    },
    removeEventListener(type: string, listener: Listener) {
      listeners.get(type)?.delete(listener);
    },
    emit(type: string, event: Parameters<Listener>[0] = {}) {
      for (const listener of listeners.get(type) ?? []) listener(event);
    },
    get count() {
      return [...listeners.values()].reduce((sum, { size }) => sum + size, 0);
    },
  };
}

/** One origin: its channels, its localStorage, and timers that a test lets go off. */
function browser() {
  const channels = new Set<ReturnType<typeof eventTarget> & { name: string }>();
  const pages = new Set<ReturnType<typeof eventTarget>>();
  const timers = new Map<number, { readonly run: () => void; readonly ms: number }>();
  let lastTimer = 0;

  class Channel implements HintChannel {
    readonly #target: ReturnType<typeof eventTarget> & { name: string };
    readonly addEventListener: HintChannel['addEventListener'];
    readonly removeEventListener: HintChannel['removeEventListener'];
    constructor(name: string) {
      this.#target = Object.assign(eventTarget(), { name });
      ({ addEventListener: this.addEventListener, removeEventListener: this.removeEventListener } =
        this.#target);
      channels.add(this.#target);
    }
    postMessage(data: unknown) {
      for (const other of channels) {
        if (other !== this.#target && other.name === this.#target.name) {
          queueMicrotask(() => other.emit('message', { data }));
        }
      }
    }
    close() {
      channels.delete(this.#target);
    }
  }

  return {
    channels,
    timers,
    Channel,
    page(has: { readonly channel?: boolean; readonly localStorage?: 'works' | 'refused' }) {
      const target = eventTarget();
      const document = Object.assign(eventTarget(), { visibilityState: 'visible' });
      pages.add(target);
      const platform: WatchPlatform = {
        addEventListener: target.addEventListener,
        removeEventListener: target.removeEventListener,
        document,
        ...(has.channel && { BroadcastChannel: Channel }),
        get localStorage() {
          if (has.localStorage === undefined) throw new DOMException('no', 'SecurityError');
          return {
            setItem(key: string) {
              if (has.localStorage === 'refused') {
                throw new DOMException('full', 'QuotaExceededError');
              }
              for (const page of pages) if (page !== target) page.emit('storage', { key });
            },
          };
        },
        setTimeout(run: () => void, ms: number) {
          lastTimer += 1;
          timers.set(lastTimer, { run, ms });
          return lastTimer;
        },
        clearTimeout: (timer) => void timers.delete(Number(timer)),
      };
      return { platform, target, document };
    },
    /** Lets all timers go off, and tells how long they were. */
    elapse(): readonly number[] {
      const due = [...timers.values()];
      timers.clear();
      for (const { run } of due) run();
      return due.map(({ ms }) => ms);
    },
  };
}

function tab(indexedDB: IDBFactory, platform: WatchPlatform) {
  const store = openStore(indexedDB);
  const log = changeLog(store, { platform });
  return {
    store,
    log,
    async write(...events: readonly ChangeEvent[]) {
      await store.write(['changes'], (tx) => log.record(tx, events));
      log.announce();
    },
  };
}

/** Keys of the events, as they come. */
function listen(watcher: Watcher) {
  const heard: WatchEvent[] = [];
  const ended = (async () => {
    for await (const event of watcher) heard.push(event);
  })();
  ended.catch(() => {});
  return { heard, ended };
}

const put = (key: string): ChangeEvent => ({ type: 'put', key });
const own = (key: string) => ({ type: 'put', key, isOwn: true });
const foreign = (key: string) => ({ type: 'put', key, isOwn: false });

describe('watch', () => {
  test('tells of own changes and of those of other tabs, each once, in one order', async () => {
    const { page } = browser();
    const indexedDB = new IDBFactory();
    const one = tab(indexedDB, page({ channel: true }).platform);
    const two = tab(indexedDB, page({ channel: true }).platform);
    await one.write(put('before'));
    const [first, second] = [
      listen(await one.log.watch({})),
      listen(await two.log.watch({ prefix: 'a/' })),
    ];
    await one.write(put('a/1'), put('b'));
    await two.write({ type: 'delete', key: 'a/2' });
    await one.write({ type: 'subtree', prefix: 'a' }, { type: 'subtree', prefix: 'c' });
    await vi.waitFor(() => expect(first.heard).toHaveLength(5));
    await vi.waitFor(() => expect(second.heard).toHaveLength(3));
    expect(first.heard.slice(0, 3)).toEqual([
      own('a/1'),
      own('b'),
      { type: 'delete', key: 'a/2', isOwn: false },
    ]);
    expect(second.heard).toEqual([
      foreign('a/1'),
      { type: 'delete', key: 'a/2', isOwn: true },
      { type: 'subtree', prefix: 'a', isOwn: false },
    ]);
  });

  test('hears 500 changes of each of two tabs', async () => {
    const { page } = browser();
    const indexedDB = new IDBFactory();
    const tabs = [0, 1].map(() => tab(indexedDB, page({ channel: true }).platform));
    const heard = await Promise.all(tabs.map(async ({ log }) => listen(await log.watch({})).heard));
    await Promise.all(
      tabs.map(async ({ write }, number) => {
        for (let at = 0; at < 500; at += 1) await write(put(`${number}-${at}`));
      }),
    );
    for (const [number, events] of heard.entries()) {
      await vi.waitFor(() => expect(events).toHaveLength(1000));
      const keys = events.map((event) => ('key' in event ? event.key : event.type));
      expect(new Set(keys).size).toBe(1000);
      const mine = events.filter((event) => 'isOwn' in event && event.isOwn);
      expect(mine).toEqual(Array.from({ length: 500 }, (_, at) => own(`${number}-${at}`)));
    }
  });

  test('takes nothing else on the channel for a hint, and no message for a change', async () => {
    const { page, Channel, channels } = browser();
    const indexedDB = new IDBFactory();
    const one = tab(indexedDB, page({ channel: true }).platform);
    const other = openStore(indexedDB);
    const { heard } = listen(await one.log.watch({}));
    const [{ name } = { name: '' }] = channels;
    expect(name).toBe('granary:idb:granary');
    const stranger = new Channel(name);
    await other.write(['changes'], (tx) =>
      tx.table('changes').add({ at: 0, writer: 'other', events: [put('a')] }),
    );
    for (const message of [null, 1, {}, { type: 'put', key: 'forged' }, 'granary:changes']) {
      stranger.postMessage(message);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual([]);
    stranger.postMessage('granary:changed');
    await vi.waitFor(() => expect(heard).toEqual([foreign('a')]));
    stranger.postMessage('granary:changed');
    await one.write(put('b'));
    await vi.waitFor(() => expect(heard).toEqual([foreign('a'), own('b')]));
  });

  test('looks when the page is shown, thaws or comes back, and with a slow timer', async () => {
    const { page, elapse } = browser();
    const indexedDB = new IDBFactory();
    const { platform, target, document } = page({ channel: true });
    const one = tab(indexedDB, platform);
    // Its hints are lost: it is on no channel.
    const silent = tab(indexedDB, {});
    const { heard } = listen(await one.log.watch({}));
    await vi.waitFor(() => expect(elapse()).toEqual([30_000]));
    const hints: readonly (() => void)[] = [
      () => document.emit('visibilitychange'),
      () => document.emit('resume'),
      () => target.emit('pageshow'),
      () => void elapse(),
    ];
    for (const [number, hint] of hints.entries()) {
      await silent.write(put(`${number}`));
      hint();
      await vi.waitFor(() => expect(heard).toHaveLength(number + 1));
    }
    document.visibilityState = 'hidden';
    await silent.write(put('unseen'));
    document.emit('visibilitychange');
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toHaveLength(4);
  });

  test('touches nothing while the page is frozen', async () => {
    const { page } = browser();
    const indexedDB = new IDBFactory();
    const { platform, document } = page({ channel: true });
    const sleeper = tab(indexedDB, platform);
    const writer = tab(indexedDB, page({ channel: true }).platform);
    const { heard } = listen(await sleeper.log.watch({}));
    await writer.write(put('a'));
    await vi.waitFor(() => expect(heard).toEqual([foreign('a')]));
    document.emit('freeze');
    const read = vi.spyOn(sleeper.store, 'read');
    await writer.write(put('b'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(read).not.toHaveBeenCalled();
    document.emit('resume');
    await vi.waitFor(() => expect(heard).toEqual([foreign('a'), foreign('b')]));
  });

  test('hears other pages by storage events where there is no BroadcastChannel', async () => {
    const { page, elapse } = browser();
    const indexedDB = new IDBFactory();
    const one = tab(indexedDB, page({ localStorage: 'works' }).platform);
    const two = tab(indexedDB, page({ localStorage: 'works' }).platform);
    const full = tab(indexedDB, page({ localStorage: 'refused' }).platform);
    const { heard } = listen(await one.log.watch({}));
    await two.write(put('a'));
    await vi.waitFor(() => expect(heard).toEqual([foreign('a')]));
    await full.write(put('b'));
    expect(heard).toEqual([foreign('a')]);
    expect(elapse()).toEqual([500]);
    await vi.waitFor(() => expect(heard).toEqual([foreign('a'), foreign('b')]));
  });

  test('looks twice a second where nothing hints', async () => {
    const { page, elapse } = browser();
    const indexedDB = new IDBFactory();
    const one = tab(indexedDB, page({}).platform);
    const two = tab(indexedDB, page({}).platform);
    const { heard } = listen(await one.log.watch({}));
    await two.write(put('a'));
    await vi.waitFor(() => expect(elapse()).toEqual([500]));
    await vi.waitFor(() => expect(heard).toEqual([foreign('a')]));
  });

  test('says lost when rows that it had not read are gone, and reset for another store', async () => {
    const { page, elapse } = browser();
    const indexedDB = new IDBFactory();
    const one = tab(indexedDB, page({ channel: true }).platform);
    await one.write(put('a'));
    const { heard } = listen(await one.log.watch({}));
    await one.log.withoutRecord(() => one.write({ type: 'delete', key: 'a' }));
    await vi.waitFor(() => expect(heard).toEqual([{ type: 'lost' }]));
    await new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase('granary');
      request.onsuccess = resolve;
      request.onerror = reject;
    });
    elapse();
    await vi.waitFor(() => expect(heard).toEqual([{ type: 'lost' }, { type: 'reset' }]));
    await one.write(put('b'));
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(own('b')));
  });

  test('says lost to a reader that is far too slow', async () => {
    const { page } = browser();
    const one = tab(new IDBFactory(), page({ channel: true }).platform);
    const watcher = await one.log.watch({});
    await one.write(...Array.from({ length: 10_001 }, (_, number) => put(`${number}`)));
    await one.write(put('last'));
    const quick = listen(await one.log.watch({}));
    await one.write(put('after'));
    await vi.waitFor(() => expect(quick.heard).toEqual([own('after')]));
    const { heard } = listen(watcher);
    await vi.waitFor(() => expect(heard.at(-1)).toEqual(own('after')));
    expect(heard[0]).toEqual({ type: 'lost' });
    expect(heard.length).toBeLessThan(10);
  });

  test('holds nothing while nobody watches, and lets go of everything at the end', async () => {
    const { page, channels, timers } = browser();
    const { platform, target, document } = page({ channel: true });
    const one = tab(new IDBFactory(), platform);
    const held = () => timers.size + target.count + document.count + channels.size;
    expect(held()).toBe(0);
    const stop = new AbortController();
    const watchers = [await one.log.watch({}), await one.log.watch({ signal: stop.signal })];
    await vi.waitFor(() => expect(timers.size).toBe(1));
    await watchers[0]?.close();
    expect(timers.size).toBe(1);
    stop.abort();
    await vi.waitFor(() => expect(held()).toBe(0));

    await one.write(put('a'));
    const last = listen(await one.log.watch({}));
    await one.log.close();
    await last.ended;
    expect(held()).toBe(0);
    one.log.announce();
    expect(held()).toBe(0);
  });

  test('fails at once when the store cannot be read, and holds nothing', async () => {
    const { page, channels, timers } = browser();
    const one = tab(new IDBFactory(), page({ channel: true }).platform);
    await one.store.close();
    await expect(one.log.watch({})).rejects.toMatchObject({ code: 'closed' });
    expect(channels.size + timers.size).toBe(0);
  });

  test('fails a watcher of a store that was closed under it, and tries again after what passes', async () => {
    const { page, elapse, timers } = browser();
    const one = tab(new IDBFactory(), page({ channel: true }).platform);
    const { heard, ended } = listen(await one.log.watch({}));
    await vi.waitFor(() => expect(timers.size).toBe(1));
    const { read } = one.store;
    const failing = vi.spyOn(one.store, 'read').mockRejectedValueOnce(new Error('passes'));
    await one.write(put('a'));
    await vi.waitFor(() => expect([...timers.values()].map(({ ms }) => ms)).toEqual([1000]));
    expect(heard).toEqual([]);
    elapse();
    await vi.waitFor(() => expect(heard).toEqual([own('a')]));
    expect(failing).toHaveBeenCalled();
    one.store.read = read;
    await one.store.close();
    elapse();
    await expect(ended).rejects.toMatchObject({ code: 'closed' });
  });

  test('does not hand out a watcher after the end', async () => {
    const { page } = browser();
    const one = tab(new IDBFactory(), page({ channel: true }).platform);
    const pending = one.log.watch({});
    await one.log.close();
    await expect(pending).rejects.toMatchObject({ code: 'closed' });
  });
});
