import { afterAll, describe, expect, test } from 'vitest';
import { startFakeGcs } from '../src/index.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs({ buckets: ['bucket-one'] });
afterAll(() => fake.stop());
const bucket = fakeClient(fake).bucket('bucket-one');
const token = Object.fromEntries(await fakeClient(fake).authClient.getRequestHeaders());
const send = (method: string, path: string, headers = {}, body?: string) =>
  fetch(fake.url + path, { method, headers: { ...token, ...headers }, ...(body && { body }) });
const sendJson = (method: string, path: string, body: object) =>
  send(method, path, { 'content-type': 'application/json' }, JSON.stringify(body));

const KEY = 'projects/p/locations/l/keyRings/r/cryptoKeys/k';
const BUCKET = '/storage/v1/b/bucket-one';

describe('listings', () => {
  test('go on behind a group, and behind a generation', async () => {
    fake.createBucket('bucket-pages', { versioning: true });
    const pages = fakeClient(fake).bucket('bucket-pages');
    for (const name of ['a/1', 'a/2', 'b', 'b', 'c/1']) {
      await pages.file(name).save('x', { resumable: false });
    }
    const walk = async (query: string) => {
      const found: string[] = [];
      let pageToken = '';
      do {
        const path = `/storage/v1/b/bucket-pages/o?maxResults=1&${query}${pageToken}`;
        const page = (await (await send('GET', path)).json()) as {
          readonly items?: readonly { readonly name: string }[];
          readonly prefixes?: readonly string[];
          readonly nextPageToken?: string;
        };
        found.push(...(page.prefixes ?? []), ...(page.items ?? []).map(({ name }) => name));
        pageToken = page.nextPageToken
          ? `&pageToken=${encodeURIComponent(page.nextPageToken)}`
          : '';
      } while (pageToken !== '');
      return found;
    };
    expect(await walk('delimiter=/')).toEqual(['a/', 'b', 'c/']);
    expect(await walk('versions=true')).toEqual(['a/1', 'a/2', 'b', 'b', 'c/1']);
  });
});

describe('objects written by the XML API', () => {
  test('keep everything that their headers say', async () => {
    const headers = {
      'content-type': 'text/css',
      'content-language': 'de',
      'cache-control': 'no-transform',
      'x-goog-encryption-kms-key-name': KEY,
      'x-goog-hash': 'crc32c=oV/M8w==',
    };
    const wrong = await send('PUT', '/bucket-one/xml', headers, 'content');
    expect(wrong.status).toBe(400);
    const { 'x-goog-hash': _hash, ...right } = headers;
    expect((await send('PUT', '/bucket-one/xml', right, 'content')).status).toBe(200);
    const [metadata] = await bucket.file('xml').getMetadata();
    expect(metadata).toMatchObject({ kmsKeyName: KEY, contentLanguage: 'de' });
    const end = await send('GET', '/bucket-one/xml', { range: 'bytes=-3' });
    expect(await end.text()).toBe('ent');
    expect(end.headers.get('content-language')).toBe('de');
    const begun = await send('POST', '/bucket-one/parts?uploads', right);
    expect(begun.status).toBe(200);
  });

  test('are told by signed HEAD requests', async () => {
    await bucket.file('head').save('x', { resumable: false });
    const [url] = await bucket
      .file('head')
      .getSignedUrl({ version: 'v4', action: 'read', expires: Date.now() + 60_000 });
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
  });
});

describe('copies', () => {
  test('keep what describes the source, and take a key of their own', async () => {
    const source = bucket.file('copied');
    const customTime = '2030-01-01T00:00:00.000Z';
    const metadata = { customTime, temporaryHold: true };
    await source.save('x', { resumable: false, metadata });
    const path = `${BUCKET}/o/copied/copyTo/b/bucket-one/o/copy?destinationKmsKeyName=${KEY}`;
    expect(await (await send('POST', path)).json()).toMatchObject({ customTime, kmsKeyName: KEY });
    const [whole] = await bucket.combine(['copy', 'copy'], 'whole');
    await whole.copy('again');
    expect((await bucket.file('again').getMetadata())[0]).toMatchObject({ componentCount: 2 });
    const upload = `/upload${BUCKET}/o?uploadType=media&name=kms&kmsKeyName=${KEY}`;
    expect(await (await send('POST', upload, {}, 'x')).json()).toMatchObject({ kmsKeyName: KEY });
  });
});

describe('buckets', () => {
  test('need a name, and lose what is set to null', async () => {
    expect((await sendJson('POST', '/storage/v1/b?project=p', {})).status).toBe(400);
    const cors = [{ origin: ['*'], method: ['GET'] }];
    await sendJson('PATCH', BUCKET, { versioning: { enabled: true }, cors });
    const answer = await sendJson('PATCH', BUCKET, { versioning: null, cors: null });
    const left = await answer.json();
    expect(left).not.toHaveProperty('versioning');
    expect(left).not.toHaveProperty('cors');
  });
});

describe('requests that lack something', () => {
  test.each([
    ['POST', '/batch/storage/v1'],
    ['POST', `/upload${BUCKET}/o?uploadType=multipart`],
    ['PATCH', `${BUCKET}/o/a`],
    ['GET', '/bucket-one/a?X-Goog-Signature=00&X-Goog-Algorithm=GOOG4-RSA-SHA256'],
  ])('are refused: %s %s', async (method, path) => {
    const body = method === 'GET' ? undefined : new Uint8Array([123, 125]);
    const response = await fetch(fake.url + path, {
      method,
      headers: token,
      ...(body && { body }),
    });
    expect(response.status).toBe(400);
  });

  test('complete no upload with parts that are not named', async () => {
    const begun = await (await send('POST', '/bucket-one/u?uploads')).text();
    const id = /<UploadId>(.*)<\/UploadId>/.exec(begun)?.[1] ?? '';
    const body = '<CompleteMultipartUpload><Part></Part></CompleteMultipartUpload>';
    expect((await send('POST', `/bucket-one/u?uploadId=${id}`, {}, body)).status).toBe(400);
  });

  test('patch metadata where there was none', async () => {
    await send('POST', `/upload${BUCKET}/o?uploadType=media&name=plain`, {}, 'x');
    const answer = await sendJson('PATCH', `${BUCKET}/o/plain`, { metadata: { a: 'b' } });
    expect(await answer.json()).toMatchObject({ metadata: { a: 'b' } });
    const again = await sendJson('PATCH', `${BUCKET}/o/plain`, { contentType: null });
    expect(await again.json()).not.toHaveProperty('contentType');
  });
});
