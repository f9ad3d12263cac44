import { StorageClient } from '@supabase/storage-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeSupabase, startFakeSupabase } from '../src/index.ts';

let fake: FakeSupabase;

beforeEach(async () => {
  fake = await startFakeSupabase();
});

afterEach(() => fake.stop());

const DAY_MS = 24 * 60 * 60 * 1000;

interface Sent {
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

function ask(method: string, url: string, { token, headers, body }: Sent = {}): Promise<Response> {
  return fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token ?? fake.serviceKey}`,
      'tus-resumable': '1.0.0',
      ...headers,
    },
    ...(body && { body }),
  });
}

const base = () => `${fake.url}/storage/v1/upload/resumable`;

function metadata(fields: Readonly<Record<string, string>>): string {
  return Object.entries({ bucketName: 'photos', objectName: 'a', ...fields })
    .map(([name, value]) => `${name} ${btoa(value)}`)
    .join(',');
}

async function begin(
  headers: Readonly<Record<string, string>> = { 'upload-length': '6' },
  fields: Readonly<Record<string, string>> = {},
): Promise<string> {
  const answer = await ask('POST', base(), {
    headers: { 'x-upsert': 'true', 'upload-metadata': metadata(fields), ...headers },
  });
  expect(answer.status).toBe(201);
  expect(answer.headers.get('upload-expires')).not.toBeNull();
  return answer.headers.get('location') ?? '';
}

const patch = (url: string, offset: number, text: string, headers = {}) =>
  ask('PATCH', url, {
    headers: {
      'x-upsert': 'true',
      'content-type': 'application/offset+octet-stream',
      'upload-offset': String(offset),
      ...headers,
    },
    body: new TextEncoder().encode(text),
  });

const info = async (name = 'a') =>
  (
    await new StorageClient(`${fake.url}/storage/v1`, {
      authorization: `Bearer ${fake.serviceKey}`,
    })
      .from('photos')
      .info(name)
  ).data;

describe('resumable uploads', () => {
  test('make the object with the last byte', async () => {
    const fields = { contentType: 'image/png', cacheControl: '60', metadata: '{"n":1}' };
    const url = await begin({ 'upload-length': '6' }, fields);
    expect((await patch(url, 0, 'abc')).headers.get('upload-offset')).toBe('3');
    expect(fake.pendingUploads()).toEqual(['a']);
    const head = await ask('HEAD', url);
    expect(head.headers.get('upload-offset')).toBe('3');
    expect(head.headers.get('upload-length')).toBe('6');
    expect(await info()).toBeNull();
    expect((await patch(url, 3, 'def')).status).toBe(204);
    expect(await info()).toMatchObject({
      size: 6,
      contentType: 'image/png',
      cacheControl: 'max-age=60',
      metadata: { n: 1 },
    });
    expect(fake.pendingUploads()).toEqual([]);
    expect((await ask('DELETE', url, { headers: { 'x-upsert': 'true' } })).status).toBe(400);
  });

  test('are told their length at the end, or are empty', async () => {
    const url = await begin({ 'upload-defer-length': '1' });
    await patch(url, 0, 'abc');
    expect((await ask('HEAD', url)).headers.get('upload-defer-length')).toBe('1');
    expect((await patch(url, 3, '', { 'upload-length': '2' })).status).toBe(400);
    expect((await patch(url, 3, '', { 'upload-length': '3' })).status).toBe(204);
    expect(await info()).toMatchObject({ size: 3, cacheControl: 'no-cache' });
    expect((await patch(url, 3, '', { 'upload-length': '3' })).status).toBe(400);
    await begin({ 'upload-length': '0' }, { objectName: 'empty' });
    expect(await info('empty')).toMatchObject({ size: 0 });
  });

  test('keep metadata of the object before when they have none', async () => {
    await patch(await begin({ 'upload-length': '1' }, { metadata: '{"n":1}' }), 0, 'x');
    await patch(await begin({ 'upload-length': '1' }), 0, 'y');
    expect((await info())?.metadata).toEqual({ n: 1 });
  });

  test('refuse another offset, more than their length, and two requests at once', async () => {
    const url = await begin();
    expect((await patch(url, 1, 'x')).status).toBe(409);
    expect((await patch(url, 0, 'abcdefg')).status).toBe(413);
    const one = await begin({ 'upload-length': '8' }, { objectName: 'b' });
    let more: (() => void) | undefined;
    const slow = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('abcd'));
        more = () => {
          controller.enqueue(new TextEncoder().encode('efgh'));
          controller.close();
        };
      },
    });
    const first = fetch(one, {
      method: 'PATCH',
      headers: {
        authorization: `Bearer ${fake.serviceKey}`,
        'tus-resumable': '1.0.0',
        'x-upsert': 'true',
        'content-type': 'application/offset+octet-stream',
        'upload-offset': '0',
      },
      body: slow,
      duplex: 'half',
    } as RequestInit);
    await expect.poll(async () => (await patch(one, 0, 'x')).status).toBe(423);
    more?.();
    expect((await first).status).toBe(204);
  });

  test('end with termination, and a day later', async () => {
    const url = await begin();
    expect((await ask('DELETE', url, { headers: { 'x-upsert': 'true' } })).status).toBe(204);
    expect((await ask('HEAD', url)).status).toBe(404);
    const late = await begin();
    fake.advance(DAY_MS + 1000);
    expect((await ask('HEAD', late)).status).toBe(410);
  });

  test('want the right to write, or a signed token', async () => {
    const url = await begin();
    const token = fake.userToken('me');
    const headers = { 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' };
    const body = new Uint8Array(1);
    expect((await ask('PATCH', url, { token, headers, body })).status).toBe(403);
    const create = { 'upload-length': '1', 'upload-metadata': metadata({ objectName: 'b' }) };
    expect((await ask('POST', base(), { token, headers: create })).status).toBe(403);
    const signer = new StorageClient(`${fake.url}/storage/v1`, {
      authorization: `Bearer ${fake.serviceKey}`,
    });
    const signed = await signer.from('photos').createSignedUploadUrl('b');
    const signature = { 'x-signature': signed.data?.token ?? '' };
    const answer = await ask('POST', `${base()}/sign`, {
      token,
      headers: { ...create, ...signature },
    });
    expect(answer.status).toBe(201);
    const location = answer.headers.get('location') ?? '';
    expect(location).toContain('/upload/resumable/sign/');
    expect(
      (await ask('PATCH', location, { token, headers: { ...headers, ...signature }, body })).status,
    ).toBe(204);
    expect(await info('b')).toMatchObject({ size: 1 });
  });

  test('refuse what is not of the protocol', async () => {
    const post = async (headers: Readonly<Record<string, string>>) =>
      (await ask('POST', base(), { headers })).status;
    expect(await post({ 'upload-metadata': metadata({}) })).toBe(400);
    expect(await post({ 'upload-length': '1' })).toBe(400);
    expect(await post({ 'upload-length': '1', 'upload-metadata': 'odd x' })).toBe(400);
    expect(
      await post({ 'upload-length': '1', 'upload-metadata': metadata({ bucketName: 'no' }) }),
    ).toBe(404);
    expect(
      await post({ 'upload-length': '1', 'upload-metadata': metadata({ objectName: '#' }) }),
    ).toBe(400);
    expect((await fetch(base(), { method: 'POST' })).status).toBe(412);
    expect((await ask('OPTIONS', base())).headers.get('tus-extension')).toContain('termination');
    const url = await begin();
    expect((await ask('PUT', url)).status).toBe(405);
    expect((await ask('PATCH', url)).status).toBe(403);
    const typed = { 'content-type': 'application/offset+octet-stream' };
    expect((await ask('PATCH', url, { headers: { ...typed, 'x-upsert': 'true' } })).status).toBe(
      403,
    );
    const client = new StorageClient(`${fake.url}/storage/v1`, {
      authorization: `Bearer ${fake.serviceKey}`,
    });
    await client.updateBucket('photos', { public: false, fileSizeLimit: 2 });
    expect(await post({ 'upload-length': '3', 'upload-metadata': metadata({}) })).toBe(413);
  });
});
