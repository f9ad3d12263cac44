import {
  BatchRequestContent,
  BatchResponseContent,
  type Client,
  FileUpload,
  type GraphError,
  LargeFileUploadTask,
  PageIterator,
} from '@microsoft/microsoft-graph-client';
import type { DriveItem } from '@microsoft/microsoft-graph-types';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { graphClient } from '../src/graph-client.ts';
import { type FakeOneDrive, startFakeOneDrive } from '../src/index.ts';

let fake: FakeOneDrive;
let client: Client;

beforeAll(async () => {
  fake = await startFakeOneDrive();
  client = graphClient(fake.url, () => fake.token());
});

afterAll(() => fake.stop());

const put = (path: string, content: string): Promise<DriveItem> =>
  client.api(`/me/drive/root:/${path}:/content`).header('content-type', 'text/plain').put(content);
const refused = (work: Promise<unknown>): Promise<GraphError> =>
  work.then(
    () => Promise.reject(new Error('this should have been refused')),
    (error: GraphError) => error,
  );

test('writes, reads, lists, moves and deletes', async () => {
  const item = await put('sdk/a%20b%23.txt', 'hello');
  expect(item).toMatchObject({ name: 'a b#.txt', size: 5, file: { mimeType: 'text/plain' } });
  const stream = await client.api('/me/drive/root:/sdk/a%20b%23.txt:/content').getStream();
  expect(await new Response(stream).text()).toBe('hello');
  const again: DriveItem = await client.api(`/me/drive/items/${item.id}`).select('id,cTag').get();
  expect(again.cTag).toBe(item.cTag);
  expect(again.name).toBeUndefined();
  const folder: DriveItem = await client
    .api('/me/drive/root/children')
    .post({ name: 'other', folder: {}, '@microsoft.graph.conflictBehavior': 'fail' });
  await client
    .api(`/me/drive/items/${item.id}`)
    .header('if-match', again.cTag ?? '')
    .patch({ parentReference: { id: folder.id }, name: 'b.txt' });
  const { value } = await client.api(`/me/drive/items/${folder.id}/children`).top(10).get();
  expect((value as DriveItem[]).map(({ name }) => name)).toEqual(['b.txt']);
  await client.api('/me/drive/root:/other/b.txt').delete();
  expect((await refused(client.api('/me/drive/root:/other/b.txt').get())).code).toBe(
    'itemNotFound',
  );
});

test('pages through a folder', async () => {
  for (let n = 0; n < 7; n += 1) await put(`pages/${n}`, 'x');
  const first = await client.api('/me/drive/root:/pages:/children').top(3).get();
  const names: string[] = [];
  // The iterator asks for the link as it is, and the client sends a token to Microsoft alone.
  const page = (link: string | undefined) => link?.replace(fake.url, 'https://graph.microsoft.com');
  for (let one = first; ; ) {
    const iterator = new PageIterator(client, { value: one.value }, (item: DriveItem) => {
      names.push(item.name ?? '');
      return true;
    });
    await iterator.iterate();
    const next = page(one['@odata.nextLink']);
    if (next === undefined) break;
    one = await client.api(next).get();
  }
  expect(names).toEqual(['0', '1', '2', '3', '4', '5', '6']);
});

test('uploads in parts with the SDK’s own task, and commits when it is told', async () => {
  const content = Buffer.alloc(320 * 1024 * 2 + 10, 'x');
  const session = await LargeFileUploadTask.createUploadSession(
    client,
    '/me/drive/root:/large.bin:/createUploadSession',
    { item: { '@microsoft.graph.conflictBehavior': 'replace', name: 'large.bin' } },
  );
  expect(fake.pendingUploads()).toEqual(['large.bin']);
  // The SDK takes https alone for a whole address.
  const url = session.url.replace(/^http:..[^/]+/, 'https://upload.example');
  const upload = { url, expiry: session.expiry };
  const task = new LargeFileUploadTask(
    client,
    new FileUpload(new Uint8Array(content), 'large.bin', content.length),
    upload,
    { rangeSize: 320 * 1024 },
  );
  const { responseBody } = await task.upload();
  expect(responseBody).toMatchObject({ name: 'large.bin', size: content.length });
  expect(fake.pendingUploads()).toEqual([]);

  const deferred = await client
    .api('/me/drive/root:/deferred:/createUploadSession')
    .post({ item: { fileSize: 3 }, deferCommit: true });
  const send = (method: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(deferred.uploadUrl, { method, headers, ...(body !== undefined && { body }) });
  expect((await send('POST')).status).toBe(400);
  expect((await send('PUT', { 'content-range': 'bytes 0-2/3' }, 'abc')).status).toBe(202);
  expect((await (await send('GET')).json()).nextExpectedRanges).toEqual([]);
  expect((await send('POST')).status).toBe(201);
  expect((await send('GET')).status).toBe(404);
});

test('answers a batch, in another order, and stops what depends on what failed', async () => {
  await put('batch/a', 'x');
  const steps = [
    ['1', '/me/drive/root:/batch/a', undefined],
    ['2', '/me/drive/root:/batch/missing', ['1']],
    ['3', '/me/drive/root:/batch/a', ['2']],
  ] as const;
  const content = new BatchRequestContent(
    steps.map(([id, path, dependsOn]) => ({
      id,
      request: new Request(`https://graph.microsoft.com${path}`),
      ...(dependsOn && { dependsOn: [...dependsOn] }),
    })),
  );
  const answer = await client.api('/$batch').post(await content.getContent());
  const responses = new BatchResponseContent(answer);
  expect(['1', '2', '3'].map((id) => responses.getResponseById(id).status)).toEqual([
    200, 404, 424,
  ]);
  expect(answer.responses[0].id).toBe('3');
  const many = Array.from({ length: 21 }, (_, id) => ({
    id: String(id),
    method: 'GET',
    url: '/me',
  }));
  expect((await refused(client.api('/$batch').post({ requests: many }))).statusCode).toBe(400);
  const twice = [many[0], many[0]];
  expect((await refused(client.api('/$batch').post({ requests: twice }))).statusCode).toBe(400);
});

test('tells changes since a place, with the folders above unless they are left out', async () => {
  const start = await client.api('/me/drive/root/delta?token=latest').get();
  expect(start.value).toEqual([]);
  const link = (page: Record<string, string>) =>
    String(page['@odata.deltaLink']).replace(fake.url, 'https://graph.microsoft.com');
  await put('delta/a', 'x');
  const all = await client.api(link(start)).get();
  expect((all.value as DriveItem[]).map(({ name }) => name)).toEqual(['root', 'delta', 'a']);
  expect(all.value[2].cTag).toBeUndefined();
  expect(all.value[2].parentReference.path).toBeUndefined();
  await client.api('/me/drive/root:/delta/a').delete();
  const next = await client.api(link(all)).header('deltaExcludeParent', 'true').get();
  expect(next.value).toHaveLength(1);
  expect(next.value[0]).toMatchObject({ deleted: { state: 'deleted' } });
  expect(next.value[0].name).toBeUndefined();
  const first = await client.api('/me/drive/root/delta').query({ $select: 'id,name' }).get();
  expect(first.value.length).toBeGreaterThan(1);
  await put('delta/b', 'x');
  fake.forgetChanges();
  const gone = await refused(client.api(link(start)).get());
  expect([gone.statusCode, gone.code]).toEqual([410, 'resyncRequired']);
});

test('tells how full the drive is', async () => {
  const drive = await client.api('/me/drive').get();
  expect(drive).toMatchObject({ id: fake.driveId, driveType: 'business' });
  expect(drive.quota.remaining).toBe(drive.quota.total - drive.quota.used);
});

test('keeps versions, reads old ones and restores them', async () => {
  const file = '/me/drive/root:/history.txt:';
  for (const content of ['one', 'two!']) {
    await client.api(`${file}/content`).header('content-type', 'text/plain').put(content);
  }
  const { id } = await client.api('/me/drive/root:/history.txt').get();
  const versions = `/me/drive/items/${id}/versions`;
  const list = async () => {
    const { value } = (await client.api(versions).get()) as {
      value: { id: string; size: number }[];
    };
    return value.map((version) => [version.id, version.size]);
  };
  expect(await list()).toEqual([
    ['2.0', 4],
    ['1.0', 3],
  ]);
  expect(await client.api(`${versions}/1.0`).get()).toMatchObject({ id: '1.0', size: 3 });
  const old = await client.api(`${versions}/1.0/content`).getStream();
  expect(await new Response(old as ReadableStream).text()).toBe('one');
  await expect(client.api(`${versions}/2.0/content`).get()).rejects.toMatchObject({
    statusCode: 400,
  });
  await client.api(`${versions}/1.0/restoreVersion`).post(undefined);
  expect(await list()).toEqual([
    ['3.0', 3],
    ['2.0', 4],
    ['1.0', 3],
  ]);
  await client.api(`${versions}/2.0`).delete();
  await expect(client.api(`${versions}/3.0`).delete()).rejects.toMatchObject({ statusCode: 400 });
  await expect(client.api(`${versions}/2.0`).get()).rejects.toMatchObject({ statusCode: 404 });
  await expect(client.api(versions).post({})).rejects.toMatchObject({ statusCode: 405 });
  await expect(client.api(`${versions}/1.0/nothing`).get()).rejects.toMatchObject({
    statusCode: 405,
  });
});

test('keeps what a client says of a file', async () => {
  const file = '/me/drive/root:/said.txt';
  await client.api(`${file}:/content`).header('content-type', 'text/plain').put('x');
  const fileSystemInfo = { lastModifiedDateTime: '2020-01-02T03:04:05Z' };
  await client.api(file).patch({ fileSystemInfo });
  expect((await client.api(file).get()).fileSystemInfo).toMatchObject(fileSystemInfo);
  for (const wrong of [
    { description: 'for personal accounts alone' },
    { fileSystemInfo: { lastModifiedDateTime: 'yesterday' } },
    { fileSystemInfo, name: 'two-things.txt' },
  ]) {
    await expect(client.api(file).patch(wrong)).rejects.toMatchObject({ statusCode: 400 });
  }
});
