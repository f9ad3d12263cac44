import { type ChangeEvent, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { type FakeGdrive, FOLDER_TYPE } from '@granary-tools/fake-gdrive';
import { describe, expect, test } from 'vitest';
import { openFake } from './open-fake.ts';

async function now(provider: StorageProvider): Promise<string> {
  let cursor = '';
  for await (const page of provider.changes?.({}) ?? []) cursor = page.cursor;
  return cursor;
}

async function since(provider: StorageProvider, cursor: string): Promise<readonly ChangeEvent[]> {
  const events: ChangeEvent[] = [];
  for await (const page of provider.changes?.({ cursor }) ?? []) events.push(...page.events);
  return events;
}

async function change(
  { url }: FakeGdrive,
  token: string,
  id: string,
  body: object,
  query = '',
): Promise<void> {
  const response = await fetch(`${url}/drive/v3/files/${id}${query}`, {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
}

describe.each([['drive.file'], ['drive']] as const)('with %s', (scope) => {
  test('tells keys of puts, moves and deletes', async () => {
    const { open } = await openFake();
    const provider = open({ root: 'Apps/Notes' }, { scopes: [scope] });
    await provider.put('f/before', toBody('x'), {});
    const cursor = await now(provider);
    const put = await provider.put('f/a', toBody('x'), {});
    await provider.put('gone', toBody('x'), {});
    await provider.delete('gone', {});
    const moved = await provider.move?.('f/before', 'after', {});
    const events = await since(provider, cursor);
    expect(events).toMatchObject([
      { type: 'put', key: 'f/a', id: put.id, etag: put.etag },
      { type: 'delete', key: 'gone' },
      { type: 'put', key: 'after', id: moved?.id },
    ]);
    expect(await since(provider, await now(provider))).toEqual([]);
  });
});

test('tells what is left under a key of which one of two files went away', async () => {
  const { open } = await openFake();
  const provider = open();
  await provider.put('a', toBody('a'), {});
  await provider.put('b', toBody('b'), {});
  const cursor = await now(provider);
  const info = await provider.copy?.('a', 'b', {});
  const events = await since(provider, cursor);
  expect(events.at(-1)).toEqual({ type: 'put', key: 'b', id: info?.id, etag: info?.etag });
});

test('tells of folders as of all that is below them', async () => {
  const { fake, open } = await openFake();
  const token = fake.token({ scopes: ['drive'] });
  const provider = open({ root: 'Apps' }, { scopes: ['drive'] });
  await provider.put('f/a', toBody('x'), {});
  let cursor = await now(provider);
  await provider.put('new/a', toBody('x'), {});
  expect(await since(provider, cursor)).toMatchObject([
    { type: 'subtree', prefix: 'new/' },
    { type: 'put', key: 'new/a' },
  ]);
  const listed = await fetch(`${fake.url}/drive/v3/files?q=name='f'`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { files } = (await listed.json()) as { files: { id: string }[] };
  const id = files[0]?.id ?? '';
  cursor = await now(provider);
  await change(fake, token, id, { name: 'g' });
  expect(await since(provider, cursor)).toEqual([{ type: 'subtree', id }]);
  cursor = await now(provider);
  await change(fake, token, id, { trashed: true });
  expect(await since(provider, cursor)).toEqual([{ type: 'subtree', prefix: 'g/', id }]);
});

test('tells ids alone of what went away for good, and of what is elsewhere now', async () => {
  const { fake, open } = await openFake();
  const token = fake.token({ scopes: ['drive'] });
  const provider = open({ root: 'Apps', trash: false }, { scopes: ['drive'] });
  const gone = await provider.put('gone', toBody('x'), {});
  const left = await provider.put('left', toBody('x'), {});
  const cursor = await now(provider);
  await provider.delete('gone', {});
  const away = fake.addFile({ name: 'away', mimeType: FOLDER_TYPE });
  const parent = (await fetch(`${fake.url}/drive/v3/files/${left.id}?fields=parents`, {
    headers: { authorization: `Bearer ${token}` },
  }).then((response) => response.json())) as { parents: string[] };
  await change(
    fake,
    token,
    left.id ?? '',
    {},
    `?addParents=${away}&removeParents=${parent.parents[0]}`,
  );
  fake.addFile({ name: 'a/b', content: 'no key' });
  const events = await since(provider, cursor);
  expect(events).toContainEqual({ type: 'delete', id: gone.id });
  expect(events).toContainEqual({ type: 'delete', id: left.id });
  expect(events).toContainEqual({ type: 'subtree', id: away });
  expect(events.some((event) => 'key' in event)).toBe(false);
});

test('passes over what is no object, and goes through pages', async () => {
  const { fake, open } = await openFake();
  const paged: typeof fetch = (input, init) =>
    fetch(String(input).replace('pageSize=1000', 'pageSize=1'), init);
  const provider = open({ fetch: paged });
  const cursor = await now(provider);
  fake.addFile({ name: 'doc', exports: { 'text/plain': 'x' } });
  await provider.put('a', toBody('x'), {});
  await provider.put('b', toBody('x'), {});
  expect(await since(provider, cursor)).toMatchObject([
    { type: 'put', key: 'a' },
    { type: 'put', key: 'b' },
  ]);
});

test('follows a shared drive and the app folder', async () => {
  const { fake, open } = await openFake();
  const driveId = fake.addDrive('Team');
  for (const provider of [
    open({ driveId }, { scopes: ['drive'] }),
    open({ appFolder: true }, { scopes: ['drive.appdata'] }),
  ]) {
    const cursor = await now(provider);
    await provider.put('f/a', toBody('x'), {});
    expect((await since(provider, cursor)).at(-1)).toMatchObject({ type: 'put', key: 'f/a' });
  }
});

describe('a cursor', () => {
  test('that is none, or that the service does not know, says so', async () => {
    const { open } = await openFake();
    const provider = open();
    await expect(since(provider, 'nonsense')).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(since(provider, 'gdrive-v3:9999')).rejects.toMatchObject({
      code: 'cursor-expired',
      hint: expect.stringContaining('List everything again'),
    });
    const none = open({ driveId: 'none' }, { scopes: ['drive'] });
    await expect(since(none, 'gdrive-v3:1')).rejects.toMatchObject({ code: 'store-not-found' });
  });

  test('stays good when the service is away', async () => {
    const { fake, open } = await openFake();
    const provider = open();
    const cursor = await now(provider);
    fake.fault('unavailable');
    await expect(since(provider, cursor)).rejects.toMatchObject({ code: 'unavailable' });
    fake.fault(undefined);
    expect(await since(provider, cursor)).toEqual([]);
  });
});

test('passes over other kinds of changes, and folders above that are hidden', async () => {
  const { fake, open } = await openFake();
  const token = fake.token({ scopes: ['drive'] });
  const hidden = fake.addFile({ name: 'theirs', mimeType: FOLDER_TYPE, app: 'app-2' });
  const shown = fake.addFile({ name: 'inner', parent: hidden, mimeType: FOLDER_TYPE });
  const odd: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes('/changes?')) return response;
    const json = (await response.json()) as { changes: object[] };
    return Response.json({ ...json, changes: [{ changeType: 'drive' }, {}, ...json.changes] });
  };
  // The user's own folder is not seen with `drive.file`, and counts as the top.
  const provider = open({ fetch: odd });
  const cursor = await now(provider);
  const id = fake.addFile({ name: 'a', parent: shown, content: 'x' });
  await change(fake, token, shown, { name: 'other' });
  await change(fake, token, id, { name: 'b' });
  expect(await since(provider, cursor)).toMatchObject([
    { type: 'subtree' },
    { type: 'put', key: 'other/b' },
  ]);
});

test('fails when a folder above cannot be asked for', async () => {
  const { open } = await openFake();
  const provider = open();
  const cursor = await now(provider);
  await provider.put('f/a', toBody('x'), {});
  const refusing: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!String(input).includes('/batch/')) return response;
    const text = (await response.text())
      .replaceAll('HTTP/1.1 404 Error', 'HTTP/1.1 429 Error')
      .replaceAll('notFound', 'rateLimitExceeded');
    return new Response(text, { headers: response.headers });
  };
  await expect(since(open({ fetch: refusing }), cursor)).rejects.toMatchObject({
    code: 'rate-limited',
  });
});
