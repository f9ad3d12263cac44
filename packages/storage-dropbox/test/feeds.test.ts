import { encodeCursor, type ListEntry, type WatchEvent } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import { refused } from './hooked-fetch.ts';
import { openHooked } from './open-hooked.ts';

type Opened = Awaited<ReturnType<typeof openHooked>>;

const namesOf = (entries: readonly ListEntry[]) => entries.map(({ key }) => key).toSorted();

async function listed({ provider }: Opened, options: Parameters<Opened['provider']['list']>[0]) {
  const entries: ListEntry[] = [];
  let cursor: string | undefined;
  for await (const page of provider.list(options)) {
    entries.push(...page.entries);
    cursor = page.cursor;
  }
  return { names: namesOf(entries), cursor };
}

/** Makes every page of a listing small, as if the tree were large. */
function smallPages({ hook, fake }: Opened, limit = 3): void {
  hook(async ({ route, arg, headers }) => {
    if (route !== 'files/list_folder') return undefined as never;
    const body = JSON.stringify({ ...arg, limit });
    return fetch(`${fake.url}/2/${route}`, { method: 'POST', headers, body });
  });
}

describe('list', () => {
  test('takes one request for a tree that fits a page', async () => {
    const opened = await openHooked();
    for (const key of ['a', 'b/1', 'b/2', 'b/c/3', 'bb']) await opened.storage.put(key, key);
    const asked = opened.routes.length;
    expect((await listed(opened, { delimiter: '/' })).names).toEqual(['a', 'b/', 'bb']);
    expect((await listed(opened, { prefix: 'b' })).names).toEqual(['b/1', 'b/2', 'b/c/3', 'bb']);
    expect((await listed(opened, { prefix: 'b/', delimiter: '/' })).names).toEqual([
      'b/1',
      'b/2',
      'b/c/',
    ]);
    expect(opened.routes.length - asked).toBe(3);
  });

  test('goes by folders through a large tree, and shows no empty ones', async () => {
    const opened = await openHooked();
    const long = 'l'.repeat(300);
    const keys = ['a', 'b/1', 'b/2', 'b/c/3', 'bb', 'empty/x', 'full/deep/y', `${long}/z`, 'zz'];
    for (const key of keys) await opened.storage.put(key, key);
    await opened.storage.delete('empty/x');
    smallPages(opened);
    const all = keys.filter((key) => key !== 'empty/x').toSorted();
    expect((await listed(opened, {})).names).toEqual(all);
    expect((await listed(opened, { delimiter: '/' })).names).toEqual(
      ['a', 'b/', 'bb', 'full/', `${long}/`, 'zz'].toSorted(),
    );
    expect((await listed(opened, { prefix: 'b' })).names).toEqual(['b/1', 'b/2', 'b/c/3', 'bb']);
    expect((await listed(opened, { prefix: 'l' })).names).toEqual([`${long}/z`]);
    expect((await listed(opened, { prefix: 'none/' })).names).toEqual([]);
    expect((await listed(opened, { prefix: 'a/' })).names).toEqual([]);
    for (const delimiter of [undefined, '/']) {
      const steps: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await listed(opened, {
          limit: 2,
          ...(delimiter && { delimiter }),
          ...(cursor && { cursor }),
        });
        steps.push(...page.names);
        ({ cursor } = page);
      } while (cursor !== undefined);
      expect(steps.toSorted()).toEqual(
        (await listed(opened, delimiter ? { delimiter } : {})).names,
      );
    }
  });

  test('finds what is left of a page, also when it went elsewhere or away', async () => {
    const opened = await openHooked();
    const keys = Array.from({ length: 8 }, (_, index) => `k${index}/x`);
    for (const key of keys) await opened.storage.put(key, key);
    const first = await listed(opened, { delimiter: '/', limit: 2 });
    expect(first.names).toEqual(['k0/', 'k1/']);
    await opened.storage.delete('k2/x');
    opened.hook(({ route, arg }) =>
      route === 'files/list_folder' && arg['path'] === ''
        ? Response.json({ entries: [], cursor: 'x', has_more: false })
        : undefined,
    );
    const rest = await listed(opened, { delimiter: '/', cursor: first.cursor ?? '' });
    expect(rest.names).toEqual(['k3/', 'k4/', 'k5/', 'k6/', 'k7/']);
    opened.hook(undefined);
    const flat = await listed(opened, { prefix: 'k', limit: 3 });
    await opened.storage.delete('k4/x');
    opened.hook(({ route, arg }) =>
      route === 'files/list_folder' && arg['path'] === ''
        ? Response.json({ entries: [], cursor: 'x', has_more: false })
        : undefined,
    );
    const others = await listed(opened, { prefix: 'k', cursor: flat.cursor ?? '' });
    expect([...flat.names, ...others.names].toSorted()).toEqual(
      keys.filter((key) => !['k2/x', 'k4/x'].includes(key)),
    );
  });

  test('looks for files in a folder on every page of it', async () => {
    const opened = await openHooked();
    for (const key of ['f/1/x', 'f/2/y', 'g']) await opened.storage.put(key, key);
    opened.hook(({ route, arg, headers }) => {
      if (route !== 'files/list_folder' || arg['recursive'] !== true) return undefined;
      const body = JSON.stringify({ ...arg, limit: 1 });
      return fetch(`${opened.fake.url}/2/${route}`, { method: 'POST', headers, body });
    });
    expect((await listed(opened, { delimiter: '/' })).names).toEqual(['f/', 'g']);
    await opened.storage.delete('f/1/x');
    await opened.storage.delete('f/2/y');
    expect((await listed(opened, { delimiter: '/' })).names).toEqual(['g']);
  });

  test('looks into no more folders than a page needs', async () => {
    const opened = await openHooked();
    const keys = Array.from({ length: 60 }, (_, index) => `k${String(index).padStart(2, '0')}/x`);
    for (const key of keys) await opened.storage.put(key, key);
    let probes = 0;
    opened.hook(({ route, arg, headers }) => {
      if (route !== 'files/list_folder') return undefined;
      if (arg['path'] !== '') probes += 1;
      const isTree = arg['recursive'] === true;
      const body = JSON.stringify({ ...arg, ...(isTree && { limit: 1 }) });
      return fetch(`${opened.fake.url}/2/${route}`, { method: 'POST', headers, body });
    });
    const first = await listed(opened, { delimiter: '/', limit: 3 });
    expect(first.names).toEqual(['k00/', 'k01/', 'k02/']);
    expect(probes).toBeLessThanOrEqual(8);
    const second = await listed(opened, {
      delimiter: '/',
      limit: 3,
      cursor: first.cursor ?? '',
    });
    expect(second.names).toEqual(['k03/', 'k04/', 'k05/']);
    expect(probes).toBeLessThanOrEqual(16);
  });

  test('writes folders as they are named, however paths of files are written', async () => {
    const opened = await openHooked();
    await opened.storage.put('Photos/A/1', 'x');
    opened.hook(async ({ send }) => {
      const page = (await (await send()).json()) as { entries: { path_display: string }[] };
      const entries = page.entries.map((entry) => {
        const cut = entry.path_display.lastIndexOf('/');
        const path = entry.path_display;
        return { ...entry, path_display: path.slice(0, cut).toLowerCase() + path.slice(cut) };
      });
      return Response.json({ ...page, entries });
    });
    expect((await listed(opened, {})).names).toEqual(['Photos/A/1']);
    expect((await listed(opened, { prefix: 'PHOTOS/' })).names).toEqual(['PHOTOS/A/1']);
  });

  test('leaves out names that no key has, and what has no path', async () => {
    const opened = await openHooked();
    await opened.storage.put('a', 'x');
    opened.hook(async ({ send }) => {
      const page = (await (await send()).json()) as { entries: object[] };
      const [entry] = page.entries;
      const odd = [
        { ...entry, path_lower: '/~$x', path_display: '/~$x', name: '~$x' },
        { ...entry, path_lower: null, path_display: null },
        { '.tag': 'deleted', name: 'b', path_lower: '/b', path_display: '/b' },
      ];
      return Response.json({ ...page, entries: [...page.entries, ...odd] });
    });
    expect((await listed(opened, {})).names).toEqual(['a']);
  });

  test('tells every file once, also those that change meanwhile', async () => {
    const opened = await openHooked();
    const keys = Array.from({ length: 9 }, (_, index) => `k${index}`);
    for (const key of keys) await opened.storage.put(key, key);
    smallPages(opened);
    const seen: string[] = [];
    for await (const page of opened.provider.list({})) {
      seen.push(...page.entries.map(({ key }) => key));
      await opened.other.put(String(seen[0]), `changed ${seen.length}`);
    }
    expect(seen.toSorted()).toEqual(keys);
  });

  test('takes no cursor that leads elsewhere, and says when one is too old', async () => {
    const opened = await openHooked({ root: 'mine' });
    for (const key of ['a', 'b', 'c']) await opened.storage.put(key, key);
    const positions = [
      'x',
      [],
      [[['/other', true, 1, '']], null],
      [[['/mine', 'yes', 1, '']], null],
      [[['/mine', true, '1', '']], null],
      [['/mine'], null],
      [[], [['/mine', true, 1, ''], 'a']],
    ];
    for (const position of positions) {
      const cursor = encodeCursor({}, position);
      await expect(listed(opened, { cursor })).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    expect((await listed(opened, { cursor: encodeCursor({}, [[], null]) })).names).toEqual([]);
    smallPages(opened, 1);
    const { cursor } = await listed(opened, { limit: 1 });
    opened.fake.expireCursors();
    await expect(listed(opened, { cursor: cursor ?? '' })).rejects.toMatchObject({
      code: 'cursor-expired',
    });
    opened.hook(() => refused('path', 'malformed_path'));
    await expect(listed(opened, {})).rejects.toMatchObject({ code: 'invalid-key' });
  });
});

async function changesSince({ provider }: Opened, cursor: string) {
  const pages = [];
  for await (const page of provider.changes?.({ cursor }) ?? []) pages.push(page);
  return pages;
}

async function cursorOf({ provider }: Opened): Promise<string> {
  for await (const page of provider.changes?.({}) ?? []) return page.cursor;
  throw new Error('there is no page');
}

describe('changes', () => {
  test('begin before their folder is there, and tell of folders that go', async () => {
    const opened = await openHooked({ root: 'up/mine' });
    const start = await cursorOf(opened);
    await opened.storage.put('a', 'x');
    await opened.storage.put('d/b', 'x');
    const [page] = await changesSince(opened, start);
    expect(page?.events.map((event) => 'key' in event && event.key).toSorted()).toEqual([
      'a',
      'd/b',
    ]);
    const { native } = opened.provider;
    expect(native).toBeUndefined();
    await remove(opened, '/up/mine/d');
    const later = await changesSince(opened, page?.cursor ?? '');
    expect(later.flatMap(({ events }) => events)).toEqual([
      { type: 'delete', key: 'd' },
      { type: 'subtree', prefix: 'd/' },
    ]);
    await remove(opened, '/up');
    const last = await changesSince(opened, later.at(-1)?.cursor ?? '');
    expect(last.flatMap(({ events }) => events)).toEqual([{ type: 'subtree' }]);
  });

  test('are reset by a stale cursor, and by a root that is gone', async () => {
    const opened = await openHooked({ root: 'mine' });
    await opened.storage.put('a', 'x');
    const start = await cursorOf(opened);
    await remove(opened, '/mine');
    expect((await changesSince(opened, start)).flatMap(({ events }) => events)).toEqual([
      { type: 'reset' },
    ]);
    const next = await cursorOf(opened);
    opened.fake.expireCursors();
    expect((await changesSince(opened, next)).flatMap(({ events }) => events)).toEqual([
      { type: 'reset' },
    ]);
    opened.hook(({ route }) => (route.endsWith('continue') ? refused('other') : undefined));
    await expect(changesSince(opened, next)).rejects.toMatchObject({ code: 'unknown' });
    opened.hook(() => refused('path', 'restricted_content'));
    await expect(cursorOf(opened)).rejects.toMatchObject({ code: 'permission-denied' });
    const foreign = encodeCursor({ prefix: '/mine' }, [7]);
    await expect(changesSince(opened, foreign)).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('come in pages until all is told', async () => {
    const opened = await openHooked();
    const start = await cursorOf(opened);
    await opened.storage.put('a', 'x');
    let pages = 0;
    opened.hook(async ({ send }) => {
      pages += 1;
      const page = (await (await send()).json()) as object;
      return Response.json({ ...page, has_more: pages < 3 });
    });
    const told = await changesSince(opened, start);
    expect(told.map(({ events }) => events.length)).toEqual([1, 0, 0]);
  });

  test('take what may be the beginning of a long name for anything, and names of no key for nothing', async () => {
    const opened = await openHooked();
    const start = await cursorOf(opened);
    const gone = (name: string) => ({
      '.tag': 'deleted',
      name,
      path_lower: `/${name}`,
      path_display: `/${name}`,
    });
    const file = {
      '.tag': 'file',
      name: '~$x',
      path_lower: '/~$x',
      path_display: '/~$x',
      id: 'id:x',
      rev: '1',
      size: 1,
    };
    opened.hook(() =>
      Response.json({
        entries: [gone('l%-'), file, { ...gone(''), path_lower: null, path_display: null }],
        cursor: 'x',
        has_more: false,
      }),
    );
    const events = (await changesSince(opened, start)).flatMap((page) => page.events);
    expect(events).toEqual([{ type: 'subtree' }, { type: 'subtree' }]);
  });
});

/** Deletes a folder, as a person does. */
async function remove({ fake }: Opened, path: string): Promise<void> {
  await fetch(`${fake.url}/2/files/delete_v2`, {
    method: 'POST',
    headers: { authorization: `Bearer ${fake.accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ path }),
  });
}

describe('watch', () => {
  async function watching(opened: Opened, prefix = '') {
    const watcher = await opened.provider.watch?.({ prefix });
    if (watcher === undefined) throw new Error('nothing is watched');
    const events: WatchEvent[] = [];
    const ended = (async () => {
      for await (const event of watcher) events.push(event);
    })();
    ended.catch(() => {});
    return { watcher, events, ended };
  }
  const until = (condition: () => boolean) =>
    vi.waitFor(() => expect(condition()).toBe(true), 5000);

  test('says that something was lost when its cursor is stale, and goes on', async () => {
    const opened = await openHooked();
    const { watcher, events } = await watching(opened, 'a');
    await until(() => opened.routes.includes('files/list_folder/longpoll'));
    opened.fake.expireCursors();
    await opened.other.put('a1', 'x');
    await until(() => events.some(({ type }) => type === 'lost'));
    await opened.other.put('a2', 'x');
    await opened.other.put('b', 'x');
    await opened.other.delete('a2');
    await until(() => events.some((event) => event.type === 'delete'));
    expect(events.filter((event) => 'key' in event && event.key === 'b')).toEqual([]);
    await watcher.close();
  });

  test('pauses as long as the service asks for, and while it cannot be reached', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const opened = await openHooked();
      let polls = 0;
      opened.hook(({ route }) => {
        if (!route.endsWith('longpoll')) return undefined;
        polls += 1;
        if (polls === 1) return Response.json({ changes: false, backoff: 60 });
        if (polls < 4) return new Response('', { status: 503 });
        return refused('other');
      });
      const { ended } = await watching(opened);
      await vi.advanceTimersByTimeAsync(59_000);
      expect(polls).toBe(1);
      await vi.advanceTimersByTimeAsync(1000);
      await vi.advanceTimersByTimeAsync(1000);
      await vi.advanceTimersByTimeAsync(2000);
      await expect(ended).rejects.toMatchObject({ code: 'unknown' });
      expect(polls).toBe(4);
    } finally {
      vi.useRealTimers();
    }
  });

  test('ends in a pause, and lets go of the request that waits', async () => {
    const opened = await openHooked();
    const idle = await watching(opened);
    await until(() => opened.fake.waiting() === 1);
    await idle.watcher.close();
    await idle.ended;
    await until(() => opened.fake.waiting() === 0);
    opened.hook(({ route }) =>
      route.endsWith('longpoll') ? Response.json({ changes: false, backoff: 600 }) : undefined,
    );
    const pausing = await watching(opened);
    await until(() => opened.routes.filter((route) => route.endsWith('longpoll')).length === 2);
    await pausing.watcher.close();
    await pausing.ended;
  });
});

describe('versions', () => {
  test('of another object, and what is none, are not found', async () => {
    const { storage } = await openHooked();
    const { version = '' } = await storage.put('a', 'one');
    await storage.put('b', 'two');
    expect(await (await storage.get('a', { version })).text()).toBe('one');
    for (const wrong of [version, 'nonsense', '5f0c1b2a999999']) {
      const missing = { code: 'not-found' };
      await expect(storage.get('b', { version: wrong })).rejects.toMatchObject(missing);
      await expect(storage.stat('b', { version: wrong })).rejects.toMatchObject(missing);
    }
    await expect(storage.versions.restore('b', version)).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('of what never was, and of a folder, are none', async () => {
    const { storage, hook } = await openHooked();
    await storage.put('folder/a', 'one');
    const all = async (key: string) => {
      const infos = [];
      for await (const info of storage.versions.list(key)) infos.push(info);
      return infos;
    };
    expect(await all('none')).toEqual([]);
    expect(await all('folder')).toEqual([]);
    await expect(storage.versions.restore('folder/a', 'nonsense')).rejects.toMatchObject({
      code: 'not-found',
    });
    hook(() => refused('path', 'restricted_content'));
    await expect(all('folder/a')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('come in pages of a hundred', async () => {
    const { storage, routes } = await openHooked();
    for (let turn = 0; turn < 103; turn += 1) await storage.put('a', `turn ${turn}`);
    let count = 0;
    for await (const { version } of storage.versions.list('a'))
      count += version === undefined ? 0 : 1;
    expect(count).toBe(103);
    expect(routes.filter((route) => route === 'files/list_revisions')).toHaveLength(2);
  });
});

describe('usage and health', () => {
  test('tell how full the account of a person, a team and a member is', async () => {
    const single = await openHooked();
    await single.storage.put('a', 'four');
    expect(await single.storage.usage()).toEqual({ usedBytes: 4, totalBytes: 2_000_000_000 });
    const team = await openHooked({}, { isTeam: true, capacityBytes: 1000 });
    await team.storage.put('a', 'four');
    expect(await team.storage.usage()).toEqual({ usedBytes: 8, totalBytes: 1000 });
    const allocation = {
      '.tag': 'team',
      used: 50,
      allocated: 99,
      user_within_team_space_allocated: 20,
    };
    team.hook(() => Response.json({ used: 7, allocation }));
    expect(await team.storage.usage()).toEqual({ usedBytes: 7, totalBytes: 20 });
    team.hook(() =>
      Response.json({
        used: 7,
        allocation: { ...allocation, user_within_team_space_used_cached: 6 },
      }),
    );
    expect(await team.storage.usage()).toEqual({ usedBytes: 6, totalBytes: 20 });
    team.hook(() => Response.json({ used: 7, allocation: { '.tag': 'other' } }));
    expect(await team.storage.usage()).toEqual({ usedBytes: 7 });
  });

  test('tell tokens, scopes and the network apart', async () => {
    const opened = await openHooked({ root: 'not/yet' });
    expect(await opened.storage.health()).toMatchObject({ ok: true });
    const narrow = await openHooked({
      auth: () => narrow.fake.issueToken(['files.metadata.read']),
    });
    expect(await narrow.storage.health()).toMatchObject({
      ok: false,
      error: { code: 'permission-denied', hint: expect.stringContaining('files.content.read') },
    });
    opened.fake.revokeTokens();
    expect(await opened.storage.health()).toMatchObject({
      ok: false,
      error: { code: 'unauthenticated' },
    });
    opened.fake.fault('unavailable');
    expect(await opened.storage.health()).toMatchObject({
      ok: false,
      error: { code: 'unavailable' },
    });
  });
});
