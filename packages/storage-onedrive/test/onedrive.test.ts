import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOneDrive, type OneDriveOptions } from '../src/index.ts';
import { freshRoot, optionsFor, rejection } from './open-drive.ts';

let fake: FakeOneDrive;
let personal: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive();
  personal = await startFakeOneDrive({ driveType: 'personal', tellsEtag: false });
});

afterAll(async () => {
  await fake.stop();
  await personal.stop();
});

const open = (options: OneDriveOptions = {}) => createOneDrive(optionsFor(fake, options));
const openProvider = (options: OneDriveOptions = {}, of: FakeOneDrive = fake) =>
  createOneDrive.provider(optionsFor(of, options));

describe('names', () => {
  test('are those of the keys, and what OneDrive cannot hold is escaped', async () => {
    const storage = open({ root: 'names' });
    for (const key of [
      'Notes/Märchen #1 100%.md',
      'a:b?',
      'CON',
      '~$draft',
      'end.',
      'desktop.ini',
    ]) {
      await storage.put(key, key);
      expect(await (await storage.get(key)).text()).toBe(key);
    }
    expect(fake.paths().filter((path) => path.startsWith('names/'))).toEqual([
      'names/',
      'names/%43ON',
      'names/%64esktop.ini',
      'names/%7E$draft',
      'names/a%3Ab%3F',
      'names/end%2E',
      'names/Notes/',
      'names/Notes/Märchen #1 100%.md',
    ]);
  });

  test('that no key has are left out of listings, and so are folders without files', async () => {
    const service = await startFakeOneDrive();
    const put = (path: string) =>
      fetch(`${service.url}/v1.0/me/drive/root:/${path}:/content`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${service.token()}`, 'content-type': 'text/plain' },
        body: 'x',
      });
    await put('%2541bc');
    await put('empty/gone');
    await put('Forms%25-/x');
    const storage = createOneDrive({ auth: () => service.token(), endpoint: service.url });
    await storage.delete('empty/gone');
    await storage.put('forms/x', 'y');
    expect((await storage.list()).map(({ key }) => key)).toEqual(['%41bc', 'forms/x']);
    expect((await storage.list({ delimiter: '/' })).map(({ key }) => key)).toEqual([
      '%41bc',
      'forms/',
    ]);
    await service.stop();
  });

  test('that get too long fail with invalid-key', async () => {
    const error = await rejection(open().put('*'.repeat(200), 'x'));
    expect(error?.code).toBe('invalid-key');
    expect(error?.message).toContain('400');
  });
});

describe('reading', () => {
  test('sends no token to the address of the content', async () => {
    const sent: { url: string; authorization: string | null }[] = [];
    const storage = open({
      fetch: (input, init) => {
        const headers = new Headers(init?.headers);
        sent.push({ url: String(input), authorization: headers.get('authorization') });
        return fetch(input, init);
      },
    });
    await storage.put('a', 'content');
    await (await storage.get('a')).text();
    expect(sent.find(({ url }) => url.includes('/dl/'))?.authorization).toBe(null);
    expect(sent.filter(({ url }) => !url.includes('/dl/')).every((one) => one.authorization)).toBe(
      true,
    );
  });

  test.each([
    ['a work account', () => fake],
    ['a personal account', () => personal],
  ])('of %s fails with conflict when the object is replaced under it', async (_name, service) => {
    let replace: (() => Promise<unknown>) | undefined;
    const root = freshRoot();
    const provider = openProvider(
      {
        root,
        fetch: async (input, init) => {
          const work = String(input).includes('/dl/') ? replace : undefined;
          await work?.();
          return fetch(input, init);
        },
      },
      service(),
    );
    const storage = createOneDrive({
      auth: () => service().token(),
      endpoint: service().url,
      root,
    });
    await storage.put('a', 'one');
    let write = 0;
    replace = async () => {
      write += 1;
      await storage.put('a', `two ${write}`);
    };
    const failed = (work: () => Promise<unknown>) => rejection(work());
    const whole = await failed(async () => (await provider.get('a', {})).text());
    expect([whole?.code, whole?.retryable]).toEqual(['conflict', true]);
    const part = await failed(async () =>
      (await provider.get('a', { range: { offset: 0, length: 2 } })).text(),
    );
    expect([part?.code, part?.retryable]).toEqual(['conflict', true]);
  });

  test('goes on where it was, and fails with conflict when the object was replaced', async () => {
    let cuts = 0;
    let between: (() => Promise<unknown>) | undefined;
    const root = freshRoot();
    const storage = createOneDrive({
      auth: () => fake.token(),
      endpoint: fake.url,
      root,
      retry: { baseDelayMs: 1 },
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (!String(input).includes('/dl/') || cuts === 0) return response;
        cuts -= 1;
        const bytes = new Uint8Array(await response.arrayBuffer()).subarray(0, 1000);
        await between?.();
        let isSent = false;
        const body = new ReadableStream({
          pull(controller) {
            if (isSent) controller.error(new TypeError('terminated'));
            else controller.enqueue(bytes);
            isSent = true;
          },
        });
        return new Response(body, { status: response.status, headers: response.headers });
      },
    });
    const other = createOneDrive({ auth: () => fake.token(), endpoint: fake.url, root });
    const content = crypto.getRandomValues(new Uint8Array(60_000));
    await storage.put('a', content);
    cuts = 1;
    expect(await (await storage.get('a')).bytes()).toEqual(content);
    cuts = 1;
    between = () => other.put('a', 'another');
    expect((await rejection((await storage.get('a')).bytes()))?.code).toBe('conflict');
  });

  test('tells about many objects at once, twenty with a request, each with its own outcome', async () => {
    const root = freshRoot();
    const storage = open({ root });
    const keys = Array.from({ length: 40 }, (_, index) => `many/${index}`);
    for (const [index, key] of keys.entries()) {
      await storage.put(key, key, index === 7 ? { tags: ['seventh'] } : {});
    }
    const provider = openProvider({ root });
    await provider.stat('many/0', {});
    const before = fake.requests();
    const told = (await provider.statMany?.(keys, {})) ?? [];
    expect(fake.requests() - before).toBe(5);
    expect(told.map((one) => one.ok && one.value.size)).toEqual(keys.map(({ length }) => length));
    expect(told.flatMap((one) => (one.ok ? (one.value.tags ?? []) : []))).toEqual(['seventh']);
    const odd = ['many', 'missing', '100%', 'a.meta.json', '*'.repeat(150), 'many/1', 'many/1'];
    await storage.put('100%', 'x');
    const mixed = (await provider.statMany?.(odd, {})) ?? [];
    expect(
      mixed.map((one) => (one.ok ? one.value.key : (one.error as { code?: string }).code)),
    ).toEqual(['not-found', 'not-found', '100%', 'not-found', 'invalid-key', 'many/1', 'many/1']);
    expect(await provider.statMany?.([], {})).toEqual([]);
  });

  test('looks for a companion once, and reads what it says', async () => {
    const storage = open();
    await storage.put('a', 'x', { metadata: { n: 1 } });
    expect((await storage.stat('a')).metadata).toEqual({ n: 1 });
    await storage.put('a', 'y');
    expect((await storage.stat('a')).metadata).toBeUndefined();
    const before = fake.requests();
    await storage.stat('a');
    expect(fake.requests() - before).toBe(1);
  });
});

describe('writing', () => {
  test('says corrupted when the service stored something else, but for documents that it rewrites', async () => {
    const storage = open({
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (init?.method !== 'PUT') return response;
        const item = (await response.json()) as { file: { hashes: object } };
        item.file.hashes = { quickXorHash: 'AAAA' };
        return Response.json(item, { status: response.status });
      },
    });
    const error = await rejection(storage.put('a.txt', 'content'));
    expect([error?.code, error?.outcome]).toEqual(['corrupted', 'unknown']);
    await storage.put('a.docx', 'content');
  });

  test('takes away a folder that was left behind, and none with files', async () => {
    const storage = open();
    await storage.put('a/b/c', 'x');
    await storage.delete('a/b/c');
    await storage.put('a', 'file', { ifNoneMatch: '*' });
    expect(await (await storage.get('a')).text()).toBe('file');
    await storage.put('d/e', 'x');
    const error = await rejection(storage.put('d', 'file'));
    expect([error?.code, error?.retryable]).toEqual(['conflict', false]);
    expect(await (await storage.get('d/e')).text()).toBe('x');
  });

  test('leaves a folder alone in which something is written meanwhile', async () => {
    const root = freshRoot();
    const other = createOneDrive({ auth: () => fake.token(), endpoint: fake.url, root });
    const storage = open({
      root,
      fetch: async (input, init) => {
        if (init?.method === 'PATCH' && String(init.body).includes('granary-empty')) {
          await other.put('a/new', 'kept');
        }
        return fetch(input, init);
      },
    });
    await other.put('a/old', 'x');
    await other.delete('a/old');
    expect((await rejection(storage.put('a', 'file')))?.code).toBe('conflict');
    expect(await (await other.get('a/new')).text()).toBe('kept');
  });

  test('sends parts, keeps the last one until complete, and goes on in another process', async () => {
    const provider = openProvider();
    const { part } = (await provider.upload?.('probe', { totalBytes: 1 })) ?? {};
    const size = part?.minBytes ?? 0;
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const content = new Uint8Array(size + 9);
    for (let at = 0; at < size; at += bytes.length) content.set(bytes.subarray(0, size - at), at);
    const upload = await provider.upload?.('a', { totalBytes: content.length });
    await upload?.write(0, content.subarray(0, size));
    await upload?.write(size, content.subarray(size));
    expect((await upload?.status())?.held).toEqual([{ offset: 0, length: size + 9 }]);
    const again = await provider.upload?.('a', { token: upload?.token ?? '' });
    expect((await again?.status())?.held).toEqual([{ offset: 0, length: size }]);
    await again?.write(0, content.subarray(0, size));
    expect((await rejection(again?.complete() ?? Promise.resolve()))?.code).toBe(
      'invalid-argument',
    );
    await again?.write(size, content.subarray(size));
    expect((await again?.complete())?.size).toBe(content.length);
    const late = await rejection(upload?.complete() ?? Promise.resolve());
    expect([late?.code, late?.restart]).toEqual(['conflict', true]);
  });

  test('says restart for an upload that has expired, and unsupported for one of unknown length', async () => {
    const service = await startFakeOneDrive();
    const auth = () => service.token();
    const provider = createOneDrive.provider({ auth, endpoint: service.url, retry: false });
    const upload = await provider.upload?.('a', { totalBytes: 10 });
    service.advance(8 * 24 * 60 * 60 * 1000);
    const error = await rejection(provider.upload?.('a', { token: upload?.token ?? '' }) as never);
    expect([error?.code, error?.restart, error?.retryable]).toEqual(['conflict', true, false]);
    const unsized = await provider.upload?.('b', {});
    expect((await rejection(unsized?.write(0, new Uint8Array(4)) as never))?.code).toBe(
      'invalid-argument',
    );
    expect((await rejection(unsized?.complete() as never))?.code).toBe('invalid-argument');
    await unsized?.abort();
    await unsized?.abort();
    await service.stop();
  });

  test('moves on the server, and refuses a change of letter case alone', async () => {
    const storage = open();
    await storage.put('from', 'x', { tags: ['t'] });
    await storage.put('deep/er/to', 'old');
    const before = fake.log().length;
    const info = await storage.move('from', 'deep/er/to');
    expect(info.tags).toEqual(['t']);
    expect(
      fake
        .log()
        .slice(before)
        .some(({ path }) => path.includes('/dl/')),
    ).toBe(true);
    expect(await storage.exists('from')).toBe(false);
    const error = await rejection(storage.move('deep/er/to', 'deep/er/TO'));
    expect(error?.code).toBe('unsupported');
    expect((await storage.stat('deep/er/to')).tags).toEqual(['t']);
  });

  test('deletes for good where that is asked for, and never a folder', async () => {
    const storage = open({ trash: false });
    await storage.put('a/b', 'x');
    expect(await storage.delete('a')).toEqual({ existed: false });
    await storage.deleteMany(['a/b', 'missing']);
    expect(fake.log().some(({ path }) => path.endsWith('$batch'))).toBe(true);
    expect(await storage.exists('a/b')).toBe(false);
    await storage.put('c', 'x');
    expect(await storage.delete('c')).toEqual({ existed: true });
    expect(fake.log().some(({ path }) => path.endsWith('/permanentDelete'))).toBe(true);
    expect(storage.getCapabilities().deleteIfMatch).toBeFalsy();
  });
});
