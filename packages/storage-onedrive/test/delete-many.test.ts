import {
  type BatchResult,
  type DeleteResult,
  isStorageError,
} from '@granary/storage-core/provider';
import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOneDrive } from '../src/onedrive-client.ts';
import { deleteObjects } from '../src/onedrive-delete.ts';
import { createOneDrive } from '../src/onedrive-provider.ts';
import { optionsFor } from './open-drive.ts';

let fake: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive();
});

afterAll(() => fake.stop());

/** More keys of one folder than go in one batch. */
const KEYS = Array.from({ length: 25 }, (_, index) => `dir/n${index}`);

/** A storage without companions, and its provider whose requests a test sees before they go. */
function openBoth(
  see: (path: string, method: string) => Promise<unknown> | undefined = () => undefined,
) {
  const options = { ...optionsFor(fake, {}), attributes: 'none' as const };
  const paths: string[] = [];
  const provider = createOneDrive.provider({
    ...options,
    async fetch(input, init) {
      const path = new URL(String(input)).pathname;
      paths.push(path);
      await see(path, init?.method ?? 'GET');
      return fetch(input, init);
    },
  });
  const removed = async (keys: readonly string[]) => (await provider.deleteMany?.(keys, {})) ?? [];
  return { other: createOneDrive(options), removed, paths };
}

const existed = (results: readonly BatchResult<DeleteResult>[]) =>
  results.map((result) => {
    if (result.ok) return result.value.existed;
    return isStorageError(result.error) ? result.error.code : result.error;
  });

test('reads the list of a folder once, and deletes what is in it as the write that it tells', async () => {
  const { other, removed, paths } = openBoth();
  await other.saveMany(KEYS.map((key) => ({ key, value: 1 })));
  await other.put('dir/n25/inside', 'stays');
  await other.put('dir/Ünder', 'x');
  await other.put('dir/Upper', 'x');
  const keys = [...KEYS, 'dir/n25', 'dir/missing', 'dir/Ünder', 'dir/upper', 'elsewhere', 'dir/ñ'];
  expect(existed(await removed(keys))).toEqual([
    ...KEYS.map(() => true),
    ...[false, false, true, true, false, false],
  ]);
  // The list, one batch for what it cannot tell (letter case, letters beyond ASCII, another folder), two that delete.
  expect(paths.filter((path) => path.endsWith(':/children'))).toHaveLength(1);
  expect(paths).toHaveLength(4);
  expect((await other.list()).map(({ key }) => key)).toEqual(['dir/n25/inside']);
});

test('takes nothing away that was written since it was listed', async () => {
  const { other, removed } = openBoth((path) =>
    path.endsWith('$batch') ? other.put('dir/n3', 'newer') : undefined,
  );
  await other.saveMany(KEYS.map((key) => ({ key, value: 1 })));
  const results = existed(await removed(KEYS));
  expect(results[3]).toBe('conflict');
  expect(results.filter((one) => one === true)).toHaveLength(24);
  expect(await (await other.get('dir/n3')).text()).toBe('newer');
});

test('asks for each where there is no list, and where one goes on for too long', async () => {
  const { removed, other, paths } = openBoth();
  await other.put('dir', 'a file has the name of the folder');
  expect(existed(await removed(KEYS))).toEqual(KEYS.map(() => false));
  expect(paths.some((path) => path.endsWith('$batch'))).toBe(false);

  const asked: string[] = [];
  const endless = openOneDrive({
    auth: 'token',
    async fetch(input, init) {
      const url = String(input);
      asked.push(url);
      if (!url.endsWith('$batch')) {
        return Response.json({ value: [], '@odata.nextLink': `${url}&$skiptoken=x` });
      }
      const { requests } = JSON.parse(String(init?.body)) as { requests: { id: string }[] };
      const body = { error: { code: 'itemNotFound' } };
      return Response.json({ responses: requests.map(({ id }) => ({ id, status: 404, body })) });
    },
  });
  expect(existed(await deleteObjects(endless, KEYS, {}, true))).toEqual(KEYS.map(() => false));
  expect(asked.map((url) => url.endsWith('$batch'))).toEqual([false, false, true, true]);

  const refusing = openOneDrive({
    auth: 'token',
    fetch: async () => Response.json({ error: { code: 'accessDenied' } }, { status: 403 }),
  });
  await expect(deleteObjects(refusing, KEYS, {}, true)).rejects.toMatchObject({
    code: 'permission-denied',
  });
});
