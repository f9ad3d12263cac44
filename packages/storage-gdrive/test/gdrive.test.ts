import { startFaultProxy } from '@granary/storage-conformance/fault-proxy';
import { createStorage } from '@granary/storage-core';
import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { FOLDER_TYPE, SHORTCUT_TYPE } from '@granary-tools/fake-gdrive';
import { google } from 'googleapis';
import { describe, expect, test } from 'vitest';
import { createGoogleDrive } from '../src/index.ts';
import { openFake } from './open-fake.ts';

const text = async (provider: StorageProvider, key: string) => (await provider.get(key, {})).text();

async function keysOf(provider: StorageProvider, prefix = ''): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { entries } of provider.list({ prefix })) {
    keys.push(...entries.map(({ key }) => key));
  }
  return keys;
}

describe('sign-in', () => {
  test('goes through the client of googleapis that the app has', async () => {
    const { fake, open } = await openFake();
    const auth = new google.auth.OAuth2();
    auth.setCredentials({ access_token: fake.token() });
    const client = google.drive({ version: 'v3', auth });
    const provider = open({ client });
    await provider.put('a', toBody('content'), {});
    expect(await text(open({ client: auth }), 'a')).toBe('content');
    expect(provider.native).toBe(client);
  });

  test('asks for another token when the last one is refused', async () => {
    const { fake } = await openFake();
    const tokens = [fake.token()];
    const provider = createGoogleDrive.provider({
      endpoint: fake.url,
      retry: false,
      auth: {
        async getToken({ refresh = false }) {
          if (refresh) tokens.push(fake.token());
          return { token: tokens.at(-1) ?? '' };
        },
      },
    });
    await provider.put('a', toBody('x'), {});
    fake.revokeTokens();
    expect(await text(provider, 'a')).toBe('x');
    expect(tokens).toHaveLength(2);
  });
});

describe('names', () => {
  test('are what a person sees in Google Drive, below the root', async () => {
    const { fake, open } = await openFake();
    const provider = open({ root: '/Apps/My Notes/' });
    await provider.put("it's/a\\b: 50%.txt", toBody('x'), {});
    expect(fake.paths()).toContain("Apps/My Notes/it's/a\\b: 50%.txt");
    expect(await keysOf(provider)).toEqual(["it's/a\\b: 50%.txt"]);
    expect(await keysOf(open())).toEqual(["Apps/My Notes/it's/a\\b: 50%.txt"]);
  });

  test('that differ in letter case are two, though the service searches without', async () => {
    const { open } = await openFake();
    const provider = open();
    await provider.put('Folder/A', toBody('big'), {});
    await provider.put('folder/a', toBody('small'), {});
    expect(await text(provider, 'Folder/A')).toBe('big');
    await expect(provider.stat('folder/A', {})).rejects.toMatchObject({ code: 'not-found' });
    expect(await keysOf(provider)).toEqual(['Folder/A', 'folder/a']);
  });

  test('in another folder are never taken for those in the top one', async () => {
    const { open } = await openFake();
    const provider = open();
    await provider.put('x/A/a', toBody('deep'), {});
    for (const key of ['A/a', 'a/A', 'A', 'Á/a']) {
      await expect(provider.stat(key, {})).rejects.toMatchObject({ code: 'not-found' });
    }
  });

  test('that no key has are passed over, and so are shortcuts', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    fake.addFile({ name: 'a/b', content: 'x' });
    fake.addFile({ name: '..', content: 'x' });
    fake.addFile({ name: 'short', mimeType: SHORTCUT_TYPE });
    fake.addFile({ name: 'doc', exports: { 'text/plain': 'x' } });
    expect(await keysOf(provider)).toEqual([]);
    await expect(provider.stat('short', {})).rejects.toMatchObject({ code: 'not-found' });
    await provider.put('doc', toBody('mine'), {});
    expect(await text(provider, 'doc')).toBe('mine');
    expect(fake.paths().filter((path) => path === 'doc')).toHaveLength(2);
  });

  test('more than 100 levels deep are refused with what to do', async () => {
    const { open } = await openFake();
    const key = Array.from({ length: 120 }, () => 'a').join('/');
    await expect(open().put(key, toBody('x'), {})).rejects.toMatchObject({
      code: 'invalid-key',
      hint: expect.stringContaining('fewer slashes'),
    });
  });
});

describe('two things of one name', () => {
  test('are one: folders are merged, and the newest file is the object', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    const old = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    const young = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    fake.addFile({ name: 'a', parent: old, content: 'old' });
    fake.addFile({ name: 'a', parent: young, content: 'newer' });
    fake.addFile({ name: 'b', parent: old, content: 'b' });
    fake.addFile({ name: 'c', parent: young, content: 'c' });
    expect(await keysOf(provider)).toEqual(['f/a', 'f/b', 'f/c']);
    expect(await text(provider, 'f/a')).toBe('newer');
    await provider.put('f/a', toBody('written'), {});
    expect(await text(provider, 'f/a')).toBe('written');
    expect(fake.paths().filter((path) => path === 'f/a')).toHaveLength(2);
    expect(await provider.delete('f/a', {})).toEqual({ existed: true });
    expect(await keysOf(provider)).toEqual(['f/b', 'f/c']);
    await expect(provider.stat('f/a', {})).rejects.toMatchObject({ code: 'not-found' });
  });

  test('that changed at the same moment are told apart by id', async () => {
    const { fake, open } = await openFake();
    const modifiedTime = '2026-01-01T00:00:00.000Z';
    const ids = ['x', 'y', 'z'].map((content) =>
      fake.addFile({ name: 'a', content, modifiedTime }),
    );
    expect((await open().stat('a', {})).id).toBe(ids.toSorted().at(-1));
  });

  test('take new files into the folder that was made first', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    const first = fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    fake.addFile({ name: 'f', mimeType: FOLDER_TYPE });
    await provider.put('f/a', toBody('x'), {});
    const log: string[] = [];
    fake.addFile({ name: 'probe', parent: first });
    log.push(...(await keysOf(provider)));
    expect(log).toEqual(['f/a', 'f/probe']);
    await provider.move?.('f/a', 'f/b', {});
    expect(await keysOf(provider)).toEqual(['f/b', 'f/probe']);
  });

  test('go when one of them is moved or copied over', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    for (const content of ['1', '2']) fake.addFile({ name: 'from', content });
    for (const content of ['3', '4']) fake.addFile({ name: 'to', content });
    await provider.copy?.('from', 'to', {});
    expect(fake.paths()).toEqual(['from', 'from', 'to']);
    await provider.move?.('from', 'to', {});
    expect(fake.paths()).toEqual(['to']);
    expect(await text(provider, 'to')).toBe('2');
  });
});

describe('documents of Google', () => {
  test('are exported where the app asks for it, and never written', async () => {
    const { fake, open } = await openFake();
    const exports = { document: 'text/markdown' };
    const provider = open({ exports }, { scopes: ['drive'] });
    fake.addFile({ name: 'doc', exports: { 'text/markdown': '# Title' } });
    const info = await provider.stat('doc', {});
    expect(info).toMatchObject({ size: 7, contentType: 'text/markdown' });
    expect(await text(provider, 'doc')).toBe('# Title');
    const part = await provider.get('doc', { range: { offset: 2, length: 3 } });
    expect(await part.text()).toBe('Tit');
    await expect(provider.get('doc', { ifNoneMatch: info.etag })).rejects.toMatchObject({
      code: 'not-modified',
    });
    const pages = [];
    for await (const { entries } of provider.list({})) pages.push(...entries);
    expect(pages).toMatchObject([{ key: 'doc', etag: info.etag }]);
    expect(pages[0]).not.toHaveProperty('size');
    const [told] = (await provider.statMany?.(['doc'], {})) ?? [];
    expect(told).toMatchObject({ ok: true, value: { size: 7 } });
    const denied = { code: 'permission-denied', outcome: 'not-applied' };
    await provider.put('other', toBody('x'), {});
    for (const write of [
      () => provider.put('doc', toBody('x'), {}),
      () => provider.delete('doc', {}),
      () => provider.copy?.('other', 'doc', {}),
      () => provider.move?.('doc', 'elsewhere', {}),
      () => provider.setMetadata?.('doc', { metadata: { n: 1 } }, {}),
      () => provider.upload?.('doc', { totalBytes: 1 }),
    ]) {
      await expect(write()).rejects.toMatchObject(denied);
    }
    const [batch] = (await provider.deleteMany?.(['doc'], {})) ?? [];
    expect(batch).toMatchObject({ ok: false, error: { code: 'permission-denied' } });
    expect(fake.paths()).toEqual(['doc', 'other']);
  });
});

describe('deleting', () => {
  test('goes to the trash, for good where the app says so, and always in the app folder', async () => {
    const { fake, open, counted } = await openFake();
    const [trash, gone] = [open(), open({ trash: false })];
    for (const [provider, call] of [
      [trash, 'PATCH /drive/v3/files/ID'],
      [gone, 'DELETE /drive/v3/files/ID'],
      [open({ appFolder: true }, { scopes: ['drive.appdata'] }), 'DELETE /drive/v3/files/ID'],
    ] as const) {
      await provider.put('a', toBody('x'), {});
      expect(await counted(() => provider.delete('a', {}))).toEqual(['GET /drive/v3/files', call]);
      expect(await provider.delete('a', {})).toEqual({ existed: false });
    }
    expect(fake.paths()).toEqual([]);
  });
});

describe('content', () => {
  test('is what was stored, or fails', async () => {
    const { open } = await openFake();
    await open().put('a', toBody('content'), {});
    const bent: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      return String(input).includes('alt=media') ? new Response('c0ntent') : response;
    };
    await expect((await open({ fetch: bent }).get('a', {})).text()).rejects.toMatchObject({
      code: 'corrupted',
    });
    const unchecked = await open({ fetch: bent, verify: false }).get('a', {});
    expect(await unchecked.text()).toBe('c0ntent');
  });

  test('is compared when it is stored', async () => {
    const { open } = await openFake();
    const lying: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('/upload/')) return response;
      const file = (await response.json()) as object;
      return Response.json({ ...file, sha256Checksum: '00' });
    };
    const provider = open({ fetch: lying });
    await expect(provider.put('a', toBody('x'), {})).rejects.toMatchObject({
      code: 'corrupted',
      outcome: 'unknown',
    });
    const silent: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('/upload/')) return response;
      const { sha256Checksum: _hash, ...file } = (await response.json()) as Record<string, unknown>;
      return Response.json(file);
    };
    await expect(
      open({ fetch: silent }).put('a', toBody('x'), { checksum: 'sha256' }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    expect(await open({ fetch: silent }).put('a', toBody('x'), {})).toMatchObject({ size: 1 });
  });

  test('is of one write, though the object is replaced while it is read', async () => {
    const { open } = await openFake();
    const provider = open();
    await provider.put('a', toBody('first'), {});
    const reading = await provider.get('a', {});
    await provider.put('a', toBody('second'), {});
    expect(await reading.text()).toBe('first');
  });

  test('that breaks off is continued, and fails with conflict where it was replaced', async () => {
    const { fake, open } = await openFake();
    await using proxy = await startFaultProxy({ target: fake.url });
    const [one, other] = [new Uint8Array(300_000).fill(1), new Uint8Array(300_000).fill(2)];
    const cut = () =>
      proxy.set({
        kind: 'cut-response',
        afterBytes: 100_000,
        times: 1,
        match: ({ path }) => path.includes('alt=media'),
      });
    const writer = open();
    const provider = createGoogleDrive.provider({
      auth: () => fake.accessToken,
      endpoint: proxy.url,
      retry: { sleep: async () => {} },
    });
    await writer.put('a', toBody(one), {});
    cut();
    expect(await (await provider.get('a', {})).bytes()).toEqual(one);
    cut();
    const replacing = createGoogleDrive.provider({
      auth: () => fake.accessToken,
      endpoint: proxy.url,
      retry: {
        async sleep() {
          await writer.put('a', toBody(other), {});
        },
      },
    });
    await expect((await replacing.get('a', {})).bytes()).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('of a file that may only be read comes without its revisions', async () => {
    const { open, counted } = await openFake();
    await open().put('a', toBody('content'), {});
    const readOnly: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('q=')) return response;
      const text = (await response.text()).replace(
        '"canReadRevisions":true',
        '"canReadRevisions":false',
      );
      return new Response(text, response);
    };
    const provider = open({ fetch: readOnly });
    const calls = await counted(async () => {
      expect(await text(provider, 'a')).toBe('content');
    });
    expect(calls).toEqual(['GET /drive/v3/files', 'GET /drive/v3/files/ID']);
  });

  test('that Google holds for malware is refused with why', async () => {
    const { fake, open } = await openFake();
    fake.addFile({ name: 'bad', content: 'x', isAbusive: true });
    const readOnly: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (!String(input).includes('q=')) return response;
      return new Response(
        (await response.text()).replace('"canReadRevisions":true', '"canReadRevisions":false'),
        response,
      );
    };
    await expect(open({ fetch: readOnly }).get('bad', {})).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('malware'),
    });
  });
});

describe('writing', () => {
  test('goes where the file is by then, or says that it keeps going away', async () => {
    const { fake, open } = await openFake();
    await open().put('a', toBody('first'), {});
    let losses = 0;
    const losing =
      (most: number): typeof fetch =>
      async (input, init) => {
        if (init?.method === 'PATCH' && losses < most) {
          losses += 1;
          const body = JSON.stringify({ error: { errors: [{ reason: 'notFound' }] } });
          return new Response(body, { status: 404 });
        }
        return fetch(input, init);
      };
    await open({ fetch: losing(1) }).put('a', toBody('second'), {});
    expect(await text(open(), 'a')).toBe('second');
    losses = 0;
    await expect(open({ fetch: losing(9) }).put('a', toBody('third'), {})).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'not-applied',
    });
    expect(fake.paths()).toEqual(['a']);
  });

  test("takes the service's own fields", async () => {
    const { fake, open } = await openFake();
    const provider = open();
    const native = { description: 'words', starred: true, keepRevisionForever: true };
    await provider.put('a', toBody('1'), { native });
    await provider.put('a', toBody('2'), { native });
    const fields = 'files(description,starred)';
    const response = await fetch(`${fake.url}/drive/v3/files?fields=${fields}`, {
      headers: { authorization: `Bearer ${fake.accessToken}` },
    });
    expect(await response.json()).toEqual({ files: [{ description: 'words', starred: true }] });
    await expect(
      createStorage(provider).put('a', 'x', { native: { mood: 1 } }),
    ).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('fails with quota-exceeded when the Drive is full, and says how full it is', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    await provider.put('a', toBody('12345'), {});
    expect(await provider.usage?.({})).toEqual({ usedBytes: 5 });
    fake.setQuota(8);
    await expect(provider.put('b', toBody('12345'), {})).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect(await provider.usage?.({})).toEqual({ usedBytes: 5, totalBytes: 8 });
  });
});

describe('health', () => {
  test.each([
    [{ status: 403, reason: 'accessNotConfigured' }, 'invalid-config'],
    [{ status: 403, reason: 'insufficientPermissions' }, 'permission-denied'],
    [{ status: 403, reason: 'dailyLimitExceeded' }, 'rate-limited'],
    [{ status: 429, reason: 'rateLimitExceeded', retryAfter: '3' }, 'rate-limited'],
    [{ status: 500, reason: 'backendError' }, 'unavailable'],
  ])('tells %o as %s', async (answer, code) => {
    const { fake, open } = await openFake();
    const provider = open();
    expect(await provider.health?.({})).toMatchObject({ ok: true });
    fake.refuse(answer);
    expect(await provider.health?.({})).toMatchObject({ ok: false, error: { code } });
  });

  test('tells a sign-in that has ended, a missing scope and a missing drive', async () => {
    const { fake, open } = await openFake();
    const ended = open();
    const error = async (provider: StorageProvider) => (await provider.health?.({}))?.error;
    expect(await error(open({ appFolder: true }))).toMatchObject({ code: 'permission-denied' });
    expect(await error(open({ driveId: 'none' }))).toMatchObject({ code: 'store-not-found' });
    fake.revokeTokens();
    expect(await error(ended)).toMatchObject({ code: 'unauthenticated' });
  });
});

describe('many keys at once', () => {
  test('are looked for folder by folder where their names make a search too long', async () => {
    const { open, counted } = await openFake();
    const provider = open();
    const keys = Array.from({ length: 90 }, (_, n) => `f${n % 3}/${'ä'.repeat(40)}-${n}`);
    for (const key of keys.slice(0, 60)) await provider.put(key, toBody(key), {});
    const calls = await counted(async () => {
      const results = (await provider.statMany?.([...keys, 'none/at/all'], {})) ?? [];
      expect(results.filter(({ ok }) => ok)).toHaveLength(60);
      expect(results.at(-1)).toMatchObject({ ok: false, error: { code: 'not-found' } });
    });
    expect(calls.length).toBeLessThan(20);
  });

  test('have errors of their own where one of them is a document that is not exported', async () => {
    const { fake, open } = await openFake();
    const provider = open({ exports: { document: 'application/pdf' } });
    fake.addFile({ name: 'doc', exports: { 'text/plain': 'x' } });
    await provider.put('a', toBody('x'), {});
    const { signal } = new AbortController();
    expect(await provider.statMany?.(['doc', 'a'], { signal })).toMatchObject([
      { ok: false, error: { code: 'invalid-argument' } },
      { ok: true },
    ]);
    await expect(provider.stat('doc', { signal })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});

describe('a copy or a move', () => {
  test('onto itself changes attributes alone, if any', async () => {
    const { open, counted } = await openFake();
    const provider = open();
    const { signal } = new AbortController();
    await provider.put('f/a', toBody('x'), { metadata: { n: 1 } });
    const attributes = { contentType: 'image/webp', metadata: { n: 2 } };
    expect(await provider.copy?.('f/a', 'f/a', { signal })).toMatchObject({ metadata: { n: 1 } });
    expect(await provider.move?.('f/a', 'f/a', { attributes })).toMatchObject(attributes);
    expect(
      await provider.copy?.('f/a', 'b', { attributes: { metadata: null } }),
    ).not.toHaveProperty('metadata');
    await expect(provider.move?.('none', 'f/a', {})).rejects.toMatchObject({ code: 'not-found' });
    await expect(provider.setMetadata?.('none', {}, {})).rejects.toMatchObject({
      code: 'not-found',
    });
    const calls = await counted(() => provider.move?.('f/a', 'f/b', {}) ?? Promise.resolve());
    expect(calls).toEqual(['GET /drive/v3/files', 'PATCH /drive/v3/files/ID']);
  });
});

test('a listing below a folder that is not there is empty', async () => {
  const { open } = await openFake();
  expect(await keysOf(open({ root: 'none/there' }), 'f/')).toEqual([]);
});

test('an abort ends the reading of what is put, and of what is got', async () => {
  const { fake, open } = await openFake();
  const provider = open();
  const controller = new AbortController();
  const endless = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  const putting = provider.put('a', toBody(endless, { size: 9 }), { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(putting).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
  await expect(
    provider.put('a', toBody(new Blob(['x']).stream(), { size: 2 }), {
      signal: new AbortController().signal,
    }),
  ).rejects.toMatchObject({ code: 'invalid-argument' });
  expect(fake.paths()).toEqual([]);
});
