import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from '../src/description.ts';
import { type FakeOneDrive, startFakeOneDrive } from '../src/index.ts';

let fake: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive({ totalBytes: 400_000 });
});

afterAll(() => fake.stop());

async function send(method: string, path: string, body?: string | object, headers = {}) {
  const isText = typeof body === 'string';
  const response = await fetch(path.startsWith('http') ? path : `${fake.url}/v1.0${path}`, {
    method,
    headers: {
      ...(!path.startsWith('http') && { authorization: `Bearer ${fake.token()}` }),
      ...(body !== undefined && { 'content-type': isText ? 'text/plain' : 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, json: text === '' ? undefined : JSON.parse(text) };
}

test('content is replaced by path and by id, as far as there is room', async () => {
  const { json, status } = await send('PUT', '/me/drive/root:/a:/content', 'one');
  expect(status).toBe(201);
  const second = await send('PUT', '/me/drive/root:/A:/content', 'two!');
  expect([second.status, second.json.id, second.json.name]).toEqual([200, json.id, 'a']);
  expect(second.json.cTag).not.toBe(json.cTag);
  const headers = { 'if-match': '*' };
  const third = await send('PUT', `/me/drive/items/${json.id}/content`, 'three', headers);
  expect([third.status, third.json.size]).toEqual([200, 5]);
  expect((await send('PUT', '/me/drive/root:/b:/content', 'x'.repeat(400_000))).status).toBe(507);
  expect((await send('PUT', '/me/drive/root:/b:/content')).status).toBe(400);
});

test('a session takes the place of an item by its id', async () => {
  const { json } = await send('PUT', '/me/drive/root:/s:/content', 'old');
  const begun = await send('POST', `/me/drive/items/${json.id}/createUploadSession`);
  const range = { 'content-range': 'bytes 0-2/3' };
  const done = await send('PUT', begun.json.uploadUrl, 'new', range);
  expect([done.status, done.json.id]).toEqual([200, json.id]);
  const folder = await send('POST', '/me/drive/root/children', { name: 'p', folder: {} });
  const lost = await send('POST', `/me/drive/items/${folder.json.id}:/x:/createUploadSession`);
  await send('DELETE', '/me/drive/root:/p');
  expect((await send('PUT', lost.json.uploadUrl, 'new', range)).status).toBe(404);
  const taken = { item: { '@microsoft.graph.conflictBehavior': 'replace' } };
  await send('POST', '/me/drive/root/children', { name: 'dir', folder: {} });
  const onFolder = await send('POST', '/me/drive/root:/dir:/createUploadSession', taken);
  expect(onFolder.status).toBe(409);
});

test('a move replaces a file when it is told so, and never a folder', async () => {
  const { json: file } = await send('PUT', '/me/drive/root:/m/from:/content', 'from');
  await send('PUT', '/me/drive/root:/m/to:/content', 'to');
  await send('POST', '/me/drive/root:/m:/children', { name: 'dir', folder: {} });
  const move = (name: string | undefined, behavior: string) =>
    send('PATCH', `/me/drive/items/${file.id}`, {
      ...(name && { name }),
      '@microsoft.graph.conflictBehavior': behavior,
    });
  expect((await move('to', 'fail')).status).toBe(409);
  expect((await move('dir', 'replace')).status).toBe(409);
  expect((await move('to', 'replace')).status).toBe(200);
  expect((await move('TO', 'fail')).status).toBe(200);
  expect((await move(undefined, 'fail')).json.name).toBe('TO');
  const { json: page } = await send('GET', '/me/drive/root:/m:/children');
  expect(page.value.map(({ name }: { name: string }) => name)).toEqual(['dir', 'TO']);
  const again = { name: 'dir', folder: {}, '@microsoft.graph.conflictBehavior': 'replace' };
  expect((await send('POST', '/me/drive/root:/m:/children', again)).status).toBe(200);
  const { json: dir } = await send('GET', '/me/drive/root:/m/dir');
  const onFile = { name: 'TO', '@microsoft.graph.conflictBehavior': 'replace' };
  expect((await send('PATCH', `/me/drive/items/${dir.id}`, onFile)).status).toBe(409);
  expect((await send('GET', '/me/drive/root:/m/dir:/children')).json.value).toEqual([]);
  const away = `/drives/${fake.driveId}/items/${file.id}/permanentDelete`;
  expect((await send('POST', away)).status).toBe(204);
});

test('drives have several addresses, and batches take paths without a slash', async () => {
  expect((await send('GET', '/sites/a-site/drive')).status).toBe(200);
  expect((await send('GET', '/sites/another/drive')).status).toBe(404);
  expect((await send('GET', '/users/somebody/drive')).status).toBe(404);
  expect((await send('GET', '/me/drive/items/root')).json.root).toEqual({});
  const inner = [
    { id: '1', method: 'GET', url: 'me/drive/root' },
    {
      id: '2',
      method: 'POST',
      url: '/me/drive/root/children',
      headers: { 'Content-Type': 'application/json' },
      body: { name: 'batched', folder: {} },
    },
  ];
  const { json } = await send('POST', '/$batch', { requests: inner });
  expect(json.responses.map(({ status }: { status: number }) => status)).toEqual([201, 200]);
  fake.failNext({ status: 500 });
  expect((await send('GET', '/me/drive')).json.error.code).toBe('generalException');
});

test('changes come in pages', async () => {
  const first = await send('GET', '/me/drive/root/delta?$top=2');
  expect(first.json['@odata.deltaLink']).toBeUndefined();
  const link = first.json['@odata.nextLink'].replace(`${fake.url}/v1.0`, '');
  expect((await send('GET', link)).json.value.length).toBeGreaterThan(0);
});

test('the published description is compared with what the fake knows', () => {
  const type = (kind: string, name: string, names: readonly string[], base = '') =>
    `<${kind} Name="${name}"${base && ` BaseType="graph.${base}"`}>${names
      .map((one) => `<Property Name="${one}" Type="Edm.String" />`)
      .join('')}</${kind}>`;
  const all = differences('');
  expect(all).toContain('there is no type driveItem');
  expect(all).toContain('there is no operation delta');
  const some = differences(
    type('EntityType', 'baseItem', ['id', 'name', 'eTag']) +
      type('EntityType', 'driveItem', ['cTag', 'file'], 'baseItem') +
      type('ComplexType', 'quota', ['total', 'used', 'remaining', 'deleted', 'state']) +
      '<Action Name="createUploadSession" />',
  );
  expect(some).toContain('driveItem has no folder');
  expect(some).not.toContain('driveItem has no eTag');
  expect(some.join()).not.toMatch(/quota|createUploadSession|downloadUrl/);
});
