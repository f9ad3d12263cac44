import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeToken } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { refused } from './hooked-fetch.ts';
import { openHooked } from './open-hooked.ts';

const MIB = 1024 * 1024;

describe('get and stat', () => {
  test('hold conditions before ranges', async () => {
    const { storage } = await openHooked();
    const { etag } = await storage.put('a', 'abc');
    const range = { offset: 9 };
    await expect(storage.get('a', { range, ifMatch: 'x' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    await expect(storage.get('a', { range, ifNoneMatch: etag })).rejects.toMatchObject({
      code: 'not-modified',
    });
    await expect(storage.get('a', { range })).rejects.toMatchObject({
      code: 'range-not-satisfiable',
      status: 416,
    });
  });

  test('trust no answer that is not what was asked for', async () => {
    const { storage, hook } = await openHooked();
    await storage.put('a', 'abcdef');
    const changed = (status: number, headers: Record<string, string>) =>
      hook(async ({ send }) => {
        const response = await send();
        const own = new Headers(response.headers);
        for (const [name, value] of Object.entries(headers)) own.set(name, value);
        return new Response(response.body, { status, headers: own });
      });
    const range = { offset: 1, length: 2 };
    changed(206, { 'content-range': 'bytes 2-3/6' });
    await expect(storage.get('a', { range })).rejects.toMatchObject({ code: 'unavailable' });
    changed(200, {});
    await expect(storage.get('a', { range })).rejects.toMatchObject({ code: 'unavailable' });
    changed(206, { 'content-range': '' });
    expect(await (await storage.get('a', { range })).text()).toBe('bc');
    changed(200, { 'dropbox-api-result': 'nonsense' });
    await expect(storage.get('a')).rejects.toMatchObject({ code: 'unavailable' });
    hook(async ({ send }) => {
      const { headers } = await send();
      return new Response('ABCDEF', { headers });
    });
    await expect((await storage.get('a')).text()).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('keep content that nobody has begun to read while memory is cleaned up', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const { storage } = await openHooked();
    await storage.put('a', 'content');
    const objects = await Promise.all(Array.from({ length: 20 }, () => storage.get('a')));
    for (let turn = 0; turn < 5; turn += 1) {
      collect();
      await new Promise((resolve) => setImmediate(resolve));
    }
    const texts = await Promise.all(objects.map((object) => object.text()));
    expect(texts).toEqual(objects.map(() => 'content'));
  });

  test('tell documents that have to be exported apart, and list none', async () => {
    const { storage, fake } = await openHooked();
    await storage.put('doc.paper', 'x');
    fake.makeDocument('/doc.paper');
    await expect(storage.stat('doc.paper')).rejects.toMatchObject({ code: 'unsupported' });
    await expect(storage.get('doc.paper')).rejects.toMatchObject({ code: 'unsupported' });
    expect(await storage.list()).toEqual([]);
  });

  test('take no folder for an object', async () => {
    const { storage } = await openHooked();
    await storage.put('folder/a', 'x');
    await expect(storage.stat('folder')).rejects.toMatchObject({ code: 'not-found' });
    await expect(storage.get('folder')).rejects.toMatchObject({ code: 'not-found' });
    expect(await storage.delete('folder')).toEqual({ existed: false });
    expect(await storage.exists('folder/a')).toBe(true);
  });
});

describe('put', () => {
  test('sends nothing where the same bytes are there already', async () => {
    const { storage, routes } = await openHooked();
    const { etag } = await storage.put('a', 'same');
    expect(await storage.put('a', 'same', { ifMatch: etag })).toMatchObject({ etag });
    expect(routes).toEqual(['files/upload', 'files/get_metadata']);
  });

  test('asks again when others are faster, and gives up in the end', async () => {
    const { storage, other, hook } = await openHooked();
    const { etag } = await storage.put('a', 'one');
    let turn = 0;
    hook(({ route, send }) => {
      if (route !== 'files/upload') return undefined;
      turn += 1;
      return other
        .put('a', `other ${turn}`)
        .then(() => other.put('a', 'one'))
        .then(send);
    });
    await expect(storage.put('a', 'two', { ifMatch: etag })).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'not-applied',
    });
    expect(turn).toBe(3);
    hook(({ route, send }) =>
      route === 'files/upload' ? other.put('a', 'x').then(send) : undefined,
    );
    await expect(storage.put('a', 'two', { ifMatch: etag })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    hook(({ route }) =>
      route === 'files/upload' ? refused('path', 'insufficient_space') : undefined,
    );
    const { etag: now } = await other.stat('a');
    await expect(storage.put('a', 'two', { ifMatch: now })).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
  });

  test('is refused above the size of one request', async () => {
    const { provider } = await openHooked();
    const bytes = new Uint8Array(48 * MIB + 1);
    const body = {
      size: undefined,
      replayable: false,
      bytes: async () => bytes,
      stream: () => new Blob([bytes]).stream(),
      cancel: async () => {},
    };
    await expect(provider.put('a', body, {})).rejects.toMatchObject({ code: 'too-large' });
  });

  test('takes the name of a folder that nothing is left in', async () => {
    const { storage, routes } = await openHooked({ root: 'deep/root' });
    await storage.put('x/y/z', 'old');
    await storage.delete('x/y/z');
    await storage.put('x', 'new');
    expect(await (await storage.get('x')).text()).toBe('new');
    expect(routes).toContain('files/move_v2');
    await storage.put('f/a', 'x');
    await expect(storage.put('f', 'y')).rejects.toMatchObject({
      code: 'conflict',
      retryable: false,
    });
  });

  test('brings back what comes into a folder while it is cleared away', async () => {
    const { storage, other, hook, fake } = await openHooked();
    await storage.put('x/a', 'old');
    await storage.delete('x/a');
    let isLate = true;
    hook(({ route, send }) => {
      if (route !== 'files/move_v2' || !isLate) return undefined;
      isLate = false;
      return other.put('x/b', 'late').then(send);
    });
    await expect(storage.put('x', 'new')).rejects.toMatchObject({ code: 'conflict' });
    expect(await (await other.get('x/b')).text()).toBe('late');
    expect(fake.calls().filter((name) => name === 'files/move_v2')).toHaveLength(2);
  });
});

describe('delete', () => {
  test('deletes the write that it has seen, and asks again for a newer one', async () => {
    const { storage, other, hook } = await openHooked();
    await storage.put('a', 'one');
    let turn = 0;
    hook(({ route, send }) => {
      if (route !== 'files/delete_v2') return undefined;
      turn += 1;
      return turn > 1 ? undefined : other.put('a', 'two').then(send);
    });
    expect(await storage.delete('a')).toEqual({ existed: true });
    expect(turn).toBe(2);
    await other.put('a', 'x');
    turn = 0;
    hook(({ route, send }) => {
      if (route !== 'files/delete_v2') return undefined;
      turn += 1;
      return other.put('a', `again ${turn}`).then(send);
    });
    await expect(storage.delete('a')).rejects.toMatchObject({ code: 'precondition-failed' });
    hook(({ route, send }) =>
      route === 'files/delete_v2' ? other.delete('a').then(send) : undefined,
    );
    expect(await storage.delete('a')).toEqual({ existed: false });
    const { etag } = await other.put('a', 'last');
    await expect(storage.delete('a', { ifMatch: etag })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    await expect(storage.delete('a', { version: '5f0c1b2a000001' })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('goes past the trash in teams alone', async () => {
    const single = await openHooked({ trash: false, auth: () => single.fake.issueToken(SCOPES) });
    await single.storage.put('a', 'x');
    await expect(single.storage.delete('a')).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('"trash"'),
    });
    const team = await openHooked(
      { trash: false, auth: () => team.fake.issueToken(SCOPES) },
      { isTeam: true },
    );
    for (const key of ['a', 'b', 'c']) await team.storage.put(key, key);
    await team.storage.delete('a');
    team.hook(({ arg, send }) =>
      arg['path'] === '/c' && 'parent_rev' in arg
        ? team.other.put('c', 'new').then(send)
        : undefined,
    );
    const results = await team.storage.deleteMany(['a', 'b', 'c']);
    expect(results.map((result) => (result.ok ? result.value : result.error))).toMatchObject([
      { existed: false },
      { existed: true },
      { code: 'precondition-failed' },
    ]);
    expect(team.routes).toContain('files/permanently_delete');
  });
});

const SCOPES = [
  'files.metadata.read',
  'files.content.read',
  'files.content.write',
  'files.permanent_delete',
];

describe('deleteMany', () => {
  test('deletes files of many folders, in any case and language, and no folder', async () => {
    const { storage, other, routes } = await openHooked({}, { syncDeletes: 1000 });
    const keys = ['a', 'b', 'x/Ä', 'x/ß', 'x/İ', 'y/one'];
    for (const key of keys) await storage.put(key, key);
    const asked = [...keys, 'x', 'none', 'x/ö', 'A'];
    const results = await storage.deleteMany(asked);
    expect(results.map((result) => result.ok && result.value.existed)).toEqual([
      ...[true, true, true, true, true, true, false, false, false],
      // The same file by another name.
      false,
    ]);
    expect(await other.list()).toEqual([]);
    expect(routes.filter((route) => route === 'files/delete_batch')).toHaveLength(1);
  });

  test('tells of items that changed, of jobs that fail and of jobs that take long', async () => {
    const { storage, other, hook } = await openHooked();
    await storage.put('a', 'x');
    await storage.put('b', 'x');
    const codes = async () =>
      (await storage.deleteMany(['a', 'b'])).map((result) =>
        result.ok ? result.value.existed : (result.error as { code?: string }).code,
      );
    hook(({ route, send }) =>
      route === 'files/delete_batch' ? other.put('a', 'new').then(send) : undefined,
    );
    expect(await codes()).toEqual(['conflict', true]);
    await other.put('b', 'x');
    const checked = (answer: () => Response) =>
      hook(({ route }) => (route === 'files/delete_batch/check' ? answer() : undefined));
    checked(() => Response.json({ '.tag': 'in_progress' }));
    expect(await codes()).toEqual(['unavailable', 'unavailable']);
    checked(() =>
      Response.json({ '.tag': 'failed', failed: { '.tag': 'too_many_write_operations' } }),
    );
    expect(await codes()).toEqual(['rate-limited', 'rate-limited']);
    checked(() => refused('internal_error'));
    expect(await codes()).toEqual(['unavailable', 'unavailable']);
    checked(() => Response.json({ '.tag': 'complete', entries: [{ '.tag': 'success' }] }));
    expect(await codes()).toEqual([true, 'unavailable']);
    checked(() => {
      const failure = { '.tag': 'path_lookup', path_lookup: { '.tag': 'not_found' } };
      const locked = { '.tag': 'path_write', path_write: { '.tag': 'no_write_permission' } };
      const entries = [failure, locked].map((inner) => ({ '.tag': 'failure', failure: inner }));
      return Response.json({ '.tag': 'complete', entries });
    });
    expect(await codes()).toEqual([false, 'permission-denied']);
    hook(({ route }) =>
      route === 'files/list_folder' ? new Response('', { status: 503 }) : undefined,
    );
    expect(await codes()).toEqual(['unavailable', 'unavailable']);
  });

  test('reads a large folder no further than asking for each would take', async () => {
    const { storage, hook, routes } = await openHooked({}, { syncDeletes: 10 });
    for (const key of ['a', 'b', 'c']) await storage.put(key, key);
    hook(({ route }) =>
      route.startsWith('files/list_folder')
        ? Response.json({ entries: [], cursor: 'more', has_more: true })
        : undefined,
    );
    const results = await storage.deleteMany(['a', 'b', 'c']);
    expect(results.every(({ ok }) => ok)).toBe(true);
    const asked = routes.slice(3);
    expect(asked.filter((route) => route.startsWith('files/list_folder'))).toHaveLength(2);
    expect(asked.filter((route) => route === 'files/get_metadata')).toHaveLength(3);
  });
});

describe('copy and move', () => {
  test('over an existing object send content up again, in parts', async () => {
    const { storage, routes } = await openHooked();
    const large = new Uint8Array(9 * MIB).fill(7, 5, 8 * MIB + 9);
    await storage.put('large', large);
    await storage.put('target', 'old');
    expect(await storage.copy('large', 'target')).toMatchObject({ key: 'target', size: 9 * MIB });
    const copied = await (await storage.get('target')).bytes();
    expect(Buffer.compare(copied, large)).toBe(0);
    expect(routes).toContain('files/upload_session/finish');
    await storage.put('small', 'x');
    await storage.move('small', 'target');
    expect(await storage.exists('small')).toBe(false);
    await expect(storage.copy('large', 'target', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });

  test('change nothing where source and target differ in letter case alone', async () => {
    const { provider, other } = await openHooked();
    await other.put('Name', 'x');
    expect(await provider.move?.('Name', 'nAME', {})).toMatchObject({ key: 'nAME', size: 1 });
    await expect(provider.copy?.('Name', 'nAME', { ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    await expect(
      provider.copy?.('Name', 'b', { attributes: { tags: ['t'] } }),
    ).rejects.toMatchObject({ code: 'unsupported' });
    expect(await other.list()).toHaveLength(1);
  });

  test('keep a source that is written meanwhile, and notice a copy that is none', async () => {
    const { storage, other, hook } = await openHooked();
    await storage.put('a', 'one');
    await storage.put('b', 'two');
    hook(({ route, send }) =>
      route === 'files/delete_v2' ? other.put('a', 'new').then(send) : undefined,
    );
    await expect(storage.move('a', 'b')).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'unknown',
    });
    expect(await (await other.get('a')).text()).toBe('new');
    hook(({ route, send }) =>
      route === 'files/delete_v2' ? other.delete('a').then(send) : undefined,
    );
    await storage.move('a', 'b');
    await other.put('a', 'again');
    hook(({ route }) =>
      route === 'files/delete_v2' ? refused('path_write', 'no_write_permission') : undefined,
    );
    await expect(storage.move('a', 'b')).rejects.toMatchObject({ code: 'permission-denied' });
    await other.put('a', 'once more');
    hook(async ({ route, send }) => {
      const response = await send();
      if (route !== 'files/upload') return response;
      return Response.json({
        ...((await response.json()) as object),
        content_hash: '0'.repeat(64),
      });
    });
    await expect(storage.copy('a', 'b')).rejects.toMatchObject({ code: 'corrupted' });
    await other.put('b', 'old');
    hook(({ route }) => (route === 'files/download' ? new Response('x') : undefined));
    await expect(storage.copy('a', 'b')).rejects.toMatchObject({ code: 'unavailable' });
    hook(({ route }) =>
      route === 'files/move_v2' ? refused('from_lookup', 'not_found') : undefined,
    );
    await expect(storage.move('a', 'new')).rejects.toMatchObject({
      code: 'conflict',
      retryable: true,
      outcome: 'not-applied',
    });
    hook(({ route }) => (route === 'files/copy_v2' ? Response.json({}) : undefined));
    await expect(storage.copy('a', 'c')).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('upload', () => {
  const STEP = 4 * MIB;
  const begin = async (totalBytes?: number) => {
    const opened = await openHooked();
    const session = await opened.provider.upload?.(
      'a',
      totalBytes === undefined ? {} : { totalBytes },
    );
    if (session === undefined) throw new Error('there is no session');
    return { ...opened, session };
  };

  test('finds out where the service stands after a lost answer', async () => {
    const { session, hook, other, provider } = await begin(STEP + 3);
    hook(({ route, send }) => {
      if (!route.endsWith('append_v2')) return undefined;
      hook(undefined);
      return send().then(() => Promise.reject(new TypeError('lost')));
    });
    const part = new Uint8Array(STEP).fill(7);
    await expect(session.write(0, part)).rejects.toMatchObject({ code: 'unavailable' });
    await session.write(0, part);
    await expect(session.write(0, new Uint8Array(STEP))).rejects.toMatchObject({
      message: expect.stringContaining('other content'),
    });
    const again = await provider.upload?.('a', { token: session.token });
    expect(await again?.status()).toEqual({ held: [{ offset: 0, length: STEP }] });
    await again?.write(0, part);
    await again?.write(STEP, Uint8Array.of(1, 2, 3));
    await expect(session.write(2 * STEP, part)).rejects.toMatchObject({ code: 'invalid-argument' });
    expect(await again?.complete()).toMatchObject({ key: 'a', size: STEP + 3 });
    expect((await other.stat('a')).size).toBe(STEP + 3);
    await expect(again?.complete()).rejects.toMatchObject({ restart: true });
    await expect(again?.write(0, part)).rejects.toMatchObject({ restart: true });
    await expect(again?.status()).rejects.toMatchObject({ restart: true });
    await expect(session.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
  });

  test('knows its own file when the answer to complete was lost', async () => {
    const { session, hook } = await begin();
    await session.write(0, Uint8Array.of(1, 2));
    const losing = () =>
      hook(({ route, send }) => {
        if (!route.endsWith('finish')) return undefined;
        hook(undefined);
        return send().then(() => Promise.reject(new TypeError('lost')));
      });
    losing();
    await expect(session.complete()).rejects.toMatchObject({ outcome: 'unknown' });
    await expect(session.complete({ ifNoneMatch: '*' })).rejects.toMatchObject({ restart: true });
    expect(await session.complete()).toMatchObject({ key: 'a', size: 2 });
  });

  test('sends its last part with the request that makes the file, and once', async () => {
    const { session, routes, other, hook } = await begin(STEP + 3);
    const sent: unknown[] = [];
    hook(({ route, arg }) => {
      if (route.endsWith('finish')) sent.push(arg['cursor']);
      return undefined;
    });
    await session.write(0, new Uint8Array(STEP));
    await session.write(STEP, Uint8Array.of(9, 9, 9));
    await session.write(STEP, Uint8Array.of(1, 2, 3));
    await other.put('a', 'old');
    expect(routes).toHaveLength(2);
    await expect(session.complete({ ifNoneMatch: '*' })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    // What was sent is there already, so it can't become something else.
    await expect(session.write(STEP, Uint8Array.of(9, 9, 9))).rejects.toThrow('other content');
    expect(await session.complete()).toMatchObject({ key: 'a', size: STEP + 3 });
    const content = await (await other.get('a')).bytes();
    expect(content.subarray(STEP)).toEqual(Uint8Array.of(1, 2, 3));
    expect(sent).toMatchObject([{ offset: STEP }, { offset: STEP + 3 }]);
  });

  test('does not send its last part again when a folder was in the way', async () => {
    const { session, routes, other } = await begin(STEP + 1);
    await other.put('a/b', 'x');
    await other.delete('a/b');
    await session.write(0, new Uint8Array(STEP));
    await session.write(STEP, Uint8Array.of(1));
    expect(await session.complete()).toMatchObject({ size: STEP + 1 });
    expect(routes.filter((route) => route.endsWith('finish'))).toHaveLength(2);
    expect(routes.filter((route) => route.endsWith('append_v2'))).toHaveLength(1);
  });

  test('finds out where the service stands when the request that makes the file broke', async () => {
    const { session, routes, hook } = await begin(STEP + 3);
    await session.write(0, new Uint8Array(STEP));
    await session.write(STEP, Uint8Array.of(1, 2, 3));
    hook(({ route }) => {
      if (!route.endsWith('finish')) return undefined;
      hook(undefined);
      return Promise.reject(new TypeError('cut'));
    });
    await expect(session.complete()).rejects.toMatchObject({ code: 'unavailable' });
    expect(await session.complete()).toMatchObject({ size: STEP + 3 });
    expect(routes.slice(-2)).toEqual([
      'files/upload_session/append_v2',
      'files/upload_session/finish',
    ]);
  });

  test('does not take the file of another for its own', async () => {
    const { session, hook, other } = await begin();
    await session.write(0, Uint8Array.of(1, 2));
    hook(({ route, send }) => {
      if (!route.endsWith('finish')) return undefined;
      hook(undefined);
      return send()
        .then(() => other.put('a', 'other'))
        .then(() => Promise.reject(new TypeError('lost')));
    });
    await expect(session.complete()).rejects.toMatchObject({ outcome: 'unknown' });
    await expect(session.complete()).rejects.toMatchObject({ restart: true });
  });

  test('is missing bytes, is too old, or was ended', async () => {
    const { session, fake, provider } = await begin(10);
    await session.write(0, new Uint8Array(4));
    await expect(session.complete()).rejects.toMatchObject({ code: 'invalid-argument' });
    await session.abort();
    await session.abort();
    await expect(session.status()).rejects.toMatchObject({ restart: true });
    await expect(provider.upload?.('a', { token: session.token })).rejects.toMatchObject({
      restart: true,
    });
    const late = await provider.upload?.('b', {});
    fake.advance(8 * 24 * 60 * 60 * 1000);
    await expect(provider.upload?.('b', { token: late?.token ?? '' })).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });

  test('that is gone after a week says so, and lets itself be aborted', async () => {
    const { fake, provider } = await openHooked({ auth: () => fake.issueToken() });
    const session = await provider.upload?.('a', {});
    fake.advance(8 * 24 * 60 * 60 * 1000);
    await expect(session?.write(0, new Uint8Array(4))).rejects.toMatchObject({ restart: true });
    await session?.abort();
    const offline = await provider.upload?.('a', {});
    await fake.stop().catch(() => {});
    await expect(offline?.abort()).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('shows its token to nobody, and takes none that is not one', async () => {
    const { session, provider } = await begin();
    expect(JSON.stringify(session)).not.toContain(session.token);
    for (const fields of [{}, null, { id: 'x', expiresAt: 1, totalBytes: 'all' }]) {
      const token = encodeToken('a', fields);
      await expect(provider.upload?.('a', { token })).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
  });
});
