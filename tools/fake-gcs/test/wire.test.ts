import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { startFakeGcs } from '../src/index.ts';
import { fakeClient } from './fake-client.ts';

const fake = await startFakeGcs({ buckets: ['bucket-one'] });
afterAll(() => fake.stop());
const token = Object.fromEntries(await fakeClient(fake).authClient.getRequestHeaders());
const CHUNK = 256 * 1024;
const MIB = 1024 * 1024;

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly anonymous?: boolean;
}

async function send(method: string, path: string, { headers, body, anonymous }: Sent = {}) {
  const url = path.startsWith('http') ? path : fake.url + path;
  const response = await fetch(url, {
    method,
    headers: { ...(!anonymous && token), ...headers },
    ...(body !== undefined && { body: body as BodyInit }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const reasonOf = (text: string) =>
  (JSON.parse(text) as { error: { errors: { reason: string }[] } }).error.errors[0]?.reason;
const OBJECTS = '/storage/v1/b/bucket-one/o';
const UPLOAD = '/upload/storage/v1/b/bucket-one/o';
const JSON_TYPE = { 'content-type': 'application/json' };

async function put(name: string, content: string | Uint8Array = 'x', query = '') {
  const path = `${UPLOAD}?uploadType=media&name=${encodeURIComponent(name)}${query}`;
  return send('POST', path, { body: content, headers: { 'content-type': 'text/plain' } });
}

const related = (parts: readonly string[], boundary = 'b') =>
  `--${boundary}\r\n${parts.join(`\r\n--${boundary}\r\n`)}\r\n--${boundary}--\r\n`;
const part = (type: string, content: string) => `content-type: ${type}\r\n\r\n${content}`;

describe('the JSON API refuses', () => {
  test.each<[string, string, string, number, string, Sent?]>([
    ['an unknown path', 'GET', '/storage/v1/x', 404, 'notFound'],
    ['a wrong method', 'PUT', '/storage/v1/b', 405, 'methodNotAllowed'],
    ['an unknown parameter', 'GET', `${OBJECTS}?limit=1`, 400, 'invalidParameter'],
    ['a parameter given twice', 'GET', `${OBJECTS}?prefix=a&prefix=b`, 400, 'invalid'],
    ['no token', 'GET', OBJECTS, 401, 'required', { anonymous: true }],
    ['a missing bucket', 'GET', '/storage/v1/b/nowhere', 404, 'notFound'],
    ['a bad page size', 'GET', `${OBJECTS}?maxResults=0`, 400, 'invalid'],
    ['a bad page token', 'GET', `${OBJECTS}?pageToken=x`, 400, 'invalid'],
    ['what it does not have', 'GET', `${OBJECTS}?matchGlob=*`, 501, 'notImplemented'],
    ['a bad selection', 'GET', `${OBJECTS}?fields=items(name`, 400, 'invalid'],
    ['an empty selection', 'GET', `${OBJECTS}?fields=`, 400, 'invalid'],
    ['a selection with a rest', 'GET', `${OBJECTS}?fields=kind)`, 400, 'invalid'],
    ['a generation that is none', 'GET', `${OBJECTS}/a?generation=x`, 400, 'invalid'],
    ['a path that is not UTF-8', 'GET', `${OBJECTS}/%ff`, 400, 'invalid'],
    ['buckets of no project', 'GET', '/storage/v1/b', 400, 'required'],
    ['a bucket of no project', 'POST', '/storage/v1/b', 400, 'required'],
    [
      'no permissions to test',
      'GET',
      '/storage/v1/b/bucket-one/iam/testPermissions',
      400,
      'required',
    ],
    [
      'an unknown field of a bucket',
      'POST',
      '/storage/v1/b?project=p',
      400,
      'invalid',
      { headers: JSON_TYPE, body: '{"colour":"red"}' },
    ],
    [
      'another content type',
      'POST',
      '/storage/v1/b?project=p',
      400,
      'unsupportedMediaType',
      { headers: { 'content-type': 'text/plain' }, body: '{}' },
    ],
    [
      'what is no JSON',
      'POST',
      '/storage/v1/b?project=p',
      400,
      'parseError',
      { headers: JSON_TYPE, body: '{' },
    ],
    [
      'what is no JSON object',
      'POST',
      '/storage/v1/b?project=p',
      400,
      'parseError',
      { headers: JSON_TYPE, body: '7' },
    ],
    ['an upload of no kind', 'POST', `${UPLOAD}?name=a`, 400, 'badRequest', { body: 'x' }],
    [
      'an upload without a name',
      'POST',
      `${UPLOAD}?uploadType=media`,
      400,
      'required',
      { body: 'x' },
    ],
    ['a session that is none', 'PUT', `${UPLOAD}?upload_id=x`, 404, 'notFound'],
    ['a batch of nothing', 'POST', '/batch/storage/v1', 400, 'badRequest', { body: 'x' }],
  ])('%s', async (_what, method, path, status, reason, sent) => {
    const answer = await send(method, path, sent);
    expect([answer.status, reasonOf(answer.text)]).toEqual([status, reason]);
  });

  test.each([
    ['\n', 400],
    ['.', 400],
    ['..', 400],
    ['.well-known/acme-challenge/x', 400],
    ['ä'.repeat(513), 400],
    ['ä'.repeat(512), 200],
  ])('names that are none: %j', async (name, status) => {
    expect((await put(name)).status).toBe(status);
  });

  test.each([
    ['{"colour":"red"}'],
    ['{"contentType":7}'],
    ['{"contentType":"a\\nb"}'],
    ['{"metadata":7}'],
    ['{"metadata":{"a":7}}'],
    [`{"metadata":{"a":"${'x'.repeat(8192)}"}}`],
    ['{"storageClass":"COLD"}'],
    ['{"storageClass":"ARCHIVE"}'],
    ['{"customTime":"soon"}'],
    ['{"temporaryHold":"yes"}'],
    ['[]'],
  ])('a resource that is none: %.40s', async (body) => {
    await put('patched');
    const answer = await send('PATCH', `${OBJECTS}/patched`, { headers: JSON_TYPE, body });
    expect(answer.status).toBe(400);
  });

  test('multipart bodies that are none', async () => {
    const post = (body: string, type = 'multipart/related; boundary=b') =>
      send('POST', `${UPLOAD}?uploadType=multipart`, { headers: { 'content-type': type }, body });
    const description = part('application/json', '{"name":"m"}');
    const content = part('text/plain', 'x');
    expect((await post(related([description, content]))).status).toBe(200);
    const quoted = related([description, content], 'a b');
    expect((await post(quoted, 'multipart/related; boundary="a b"')).status).toBe(200);
    expect((await post(related([description, content]), 'text/plain')).status).toBe(400);
    expect((await post(related([description]))).status).toBe(400);
    expect((await post(related([content, content]))).status).toBe(400);
    expect((await post(related([description, 'no headers']))).status).toBe(400);
    expect((await post(related([part('application/json', '{'), content]))).status).toBe(400);
    const other = `${UPLOAD}?uploadType=multipart&name=other`;
    const headers = { 'content-type': 'multipart/related; boundary=b' };
    const body = related([description, content]);
    expect((await send('POST', other, { headers, body })).status).toBe(400);
  });

  test('content that does not have the hashes sent, and keys that are none', async () => {
    const post = (fields: object, query = '') =>
      send('POST', `${UPLOAD}?uploadType=multipart${query}`, {
        headers: { 'content-type': 'multipart/related; boundary=b' },
        body: related([
          part('application/json', JSON.stringify({ name: 'h', ...fields })),
          part('text/plain', 'x'),
        ]),
      });
    expect((await post({ md5Hash: 'AAAA' })).status).toBe(400);
    expect((await post({ crc32c: 'AAAA' })).status).toBe(400);
    expect((await post({}, '&kmsKeyName=k')).status).toBe(400);
    expect((await post({}, '&contentEncoding=br')).text).toContain('"contentEncoding":"br"');
  });

  test('rewrites that do not fit', async () => {
    await put('source', new Uint8Array(2 * MIB));
    const path = `${OBJECTS}/source/rewriteTo/b/bucket-one/o/target`;
    const post = (query: string) => send('POST', path + query);
    expect((await post('?maxBytesRewrittenPerCall=7')).status).toBe(400);
    const first = JSON.parse((await post(`?maxBytesRewrittenPerCall=${MIB}`)).text);
    expect(first).toMatchObject({ done: false, totalBytesRewritten: String(MIB) });
    expect((await post('?rewriteToken=x')).status).toBe(400);
    const next = `?rewriteToken=${encodeURIComponent(first.rewriteToken)}`;
    const other = { headers: JSON_TYPE, body: '{"contentType":"text/css"}' };
    expect((await send('POST', path + next, other)).status).toBe(400);
    expect((await send('POST', `${path}2${next}`)).status).toBe(400);
    const rest = await post(next);
    expect(JSON.parse(rest.text)).toMatchObject({ done: true });
    expect((await post('?ifSourceGenerationMatch=7')).status).toBe(412);
    expect((await post('?ifGenerationMatch=0')).status).toBe(412);
    const copy = `${OBJECTS}/source/copyTo/b/bucket-one/o/copied`;
    expect((await send('POST', copy)).status).toBe(200);
  });

  test('compositions that do not fit', async () => {
    await put('part');
    const post = (body: object) =>
      send('POST', `${OBJECTS}/whole/compose`, { headers: JSON_TYPE, body: JSON.stringify(body) });
    const source = { name: 'part' };
    expect((await post({ sourceObjects: [] })).status).toBe(400);
    expect((await post({ sourceObjects: Array(33).fill(source) })).status).toBe(400);
    expect((await post({ sourceObjects: [{}] })).status).toBe(400);
    expect((await post({ sourceObjects: [source], colour: 'red' })).status).toBe(400);
    const wrong = { ...source, objectPreconditions: { ifGenerationMatch: 7 } };
    expect((await post({ sourceObjects: [wrong] })).status).toBe(412);
    expect((await post({ sourceObjects: [source, source] })).status).toBe(200);
  });
});

describe('reads', () => {
  test('are answered 304 where the caller has the object', async () => {
    const { generation } = JSON.parse((await put('read')).text);
    const path = `${OBJECTS}/read?ifGenerationNotMatch=${generation}`;
    expect(await send('GET', path)).toMatchObject({ status: 304, text: '' });
    expect((await send('DELETE', path)).status).toBe(412);
    const bucket = '/storage/v1/b/bucket-one';
    expect((await send('GET', `${bucket}?ifMetagenerationNotMatch=1`)).status).toBe(304);
    expect((await send('GET', `${bucket}?ifMetagenerationMatch=7`)).status).toBe(412);
    const patch = { headers: JSON_TYPE, body: '{}' };
    expect((await send('PATCH', `${bucket}?ifMetagenerationMatch=7`, patch)).status).toBe(412);
  });

  test('are answered with the fields that were asked for', async () => {
    await put('fields/a', 'x', '&fields=name');
    const list = await send('GET', `${OBJECTS}?prefix=fields/&fields=items(name,size),kind`);
    expect(JSON.parse(list.text)).toEqual({
      kind: 'storage#objects',
      items: [{ name: 'fields/a', size: '1' }],
    });
    const one = await send('GET', `${OBJECTS}?prefix=fields/&fields=items/name`);
    expect(JSON.parse(one.text)).toEqual({ items: [{ name: 'fields/a' }] });
    const all = await send('GET', `${OBJECTS}?prefix=fields/&fields=*`);
    expect(JSON.parse(all.text)).toHaveProperty('kind');
    const media = await send('GET', `/download${OBJECTS}/fields%2Fa`);
    expect(media.text).toBe('x');
  });

  test('find groups with their own name only where that is asked for', async () => {
    await put('g/');
    await put('g/a');
    const list = async (query: string) =>
      JSON.parse((await send('GET', `${OBJECTS}?prefix=g&delimiter=/${query}`)).text);
    expect(await list('')).toMatchObject({ prefixes: ['g/'] });
    expect((await list('')).items).toBeUndefined();
    expect((await list('&includeTrailingDelimiter=true')).items).toHaveLength(1);
  });
});

describe('an update', () => {
  test('replaces everything but the custom time', async () => {
    await put('u');
    const update = (body: object) =>
      send('PUT', `${OBJECTS}/u`, { headers: JSON_TYPE, body: JSON.stringify(body) });
    const answer = JSON.parse((await update({ metadata: { a: 'b' } })).text);
    expect(answer).toMatchObject({ metadata: { a: 'b' }, metageneration: '2' });
    expect(answer.contentType).toBeUndefined();
    const customTime = '2030-01-01T00:00:00.000Z';
    expect((await update({ customTime })).status).toBe(200);
    expect((await update({})).status).toBe(400);
    const patch = { headers: JSON_TYPE, body: '{"metadata":null}' };
    expect((await send('PATCH', `${OBJECTS}/u`, patch)).text).not.toContain('"metadata"');
  });
});

describe('a resumable upload', () => {
  const begin = async (query = '', headers = {}, body = '') => {
    const path = `${UPLOAD}?uploadType=resumable&name=r${query}`;
    const sent = { headers: { ...JSON_TYPE, ...headers }, ...(body !== '' && { body }) };
    const answer = await send('POST', path, sent);
    return { answer, uri: answer.headers.get('location') ?? '' };
  };
  const chunk = (uri: string, range: string, body?: Uint8Array, headers = {}) =>
    send('PUT', uri, {
      anonymous: true,
      headers: { 'content-range': range, ...headers },
      ...(body && { body }),
    });

  test('goes chunk by chunk, tells what it holds, and ends once', async () => {
    const total = CHUNK * 2 + 5;
    const { uri } = await begin('', { 'x-upload-content-length': String(total) }, '{}');
    expect((await chunk(uri, `bytes */${total}`)).headers.get('range')).toBeNull();
    const first = await chunk(uri, `bytes 0-${CHUNK - 1}/*`, new Uint8Array(CHUNK));
    expect([first.status, first.headers.get('range')]).toEqual([308, `bytes=0-${CHUNK - 1}`]);
    const again = await chunk(uri, `bytes 0-${CHUNK * 2 - 1}/${total}`, new Uint8Array(CHUNK * 2));
    expect(again.headers.get('range')).toBe(`bytes=0-${CHUNK * 2 - 1}`);
    expect((await chunk(uri, 'bytes */*')).status).toBe(308);
    const content = new Uint8Array(total);
    const md5 = createHash('md5').update(content).digest('base64');
    const rest = `bytes ${CHUNK * 2}-${total - 1}/${total}`;
    const last = await chunk(uri, rest, new Uint8Array(5), { 'x-goog-hash': `md5=${md5}` });
    expect(JSON.parse(last.text)).toMatchObject({ size: String(total), md5Hash: md5 });
    expect((await chunk(uri, `bytes */${total}`)).status).toBe(200);
    expect((await send('DELETE', uri)).status).toBe(499);
  });

  test('ends with a status check where everything is there', async () => {
    const { uri } = await begin();
    await chunk(uri, `bytes 0-${CHUNK - 1}/*`, new Uint8Array(CHUNK));
    expect((await chunk(uri, `bytes */${CHUNK}`)).status).toBe(200);
  });

  test('goes in one request', async () => {
    const { uri } = await begin('', { 'x-upload-content-type': 'image/png' });
    const answer = await send('PUT', uri, { body: 'whole', anonymous: true });
    expect(JSON.parse(answer.text)).toMatchObject({ size: '5', contentType: 'image/png' });
  });

  test('refuses what does not fit', async () => {
    const { uri } = await begin('', { 'x-upload-content-length': String(CHUNK) });
    const one = Uint8Array.of(1);
    expect((await chunk(uri, 'bytes x', one)).status).toBe(400);
    expect((await chunk(uri, `bytes */${CHUNK}`, one)).status).toBe(400);
    expect((await chunk(uri, `bytes 0-1/${CHUNK}`, one)).status).toBe(400);
    expect((await chunk(uri, `bytes 0-0/${CHUNK}`, one)).status).toBe(400);
    expect((await chunk(uri, 'bytes 7-7/8', one)).status).toBe(503);
    const long = new Uint8Array(CHUNK * 2);
    expect((await chunk(uri, `bytes 0-${CHUNK * 2 - 1}/*`, long)).status).toBe(400);
    expect((await chunk(uri, 'bytes 0-0/1', one)).status).toBe(400);
    const hash = { 'x-goog-hash': 'crc32c=AAAA' };
    const { uri: other } = await begin();
    expect((await chunk(other, 'bytes 0-0/1', one, hash)).status).toBe(400);
  });

  test('can be given up, and ends after a week', async () => {
    const { uri } = await begin();
    expect((await send('DELETE', uri)).status).toBe(499);
    expect((await chunk(uri, 'bytes 0-0/1', Uint8Array.of(1))).status).toBe(499);
    const { uri: late } = await begin();
    fake.advance(8 * 86_400_000);
    expect((await chunk(late, 'bytes */*')).status).toBe(410);
    fake.advance(-8 * 86_400_000);
  });

  test('is held to its conditions when it begins and when it ends', async () => {
    await put('r');
    expect((await begin('&ifGenerationMatch=0')).answer.status).toBe(412);
    await send('DELETE', `${OBJECTS}/r`);
    const { uri } = await begin('&ifGenerationMatch=0');
    await put('r');
    expect((await send('PUT', uri, { body: 'x', anonymous: true })).status).toBe(412);
  });
});

describe('a batch', () => {
  const post = (parts: readonly string[]) =>
    send('POST', '/batch/storage/v1', {
      headers: { 'content-type': 'multipart/mixed; boundary=b' },
      body: related(parts),
    });
  const call = (id: number, line: string) =>
    `content-type: application/http\r\ncontent-id: <${id}>\r\n\r\n${line}\r\nx-a: b\r\n\r\n`;

  test('has an answer for each call', async () => {
    await put('b1');
    const answer = await post([
      call(1, `DELETE ${OBJECTS}/b1 HTTP/1.1`),
      call(2, `DELETE ${OBJECTS}/b2?ifGenerationMatch=7 HTTP/1.1`),
    ]);
    expect(answer.text).toMatch(/response-1>.*HTTP\/1\.1 204.*response-2>.*HTTP\/1\.1 412/s);
  });

  test.each([
    ['nothing', []],
    ['more than a hundred calls', Array(101).fill(call(1, `GET ${OBJECTS} HTTP/1.1`))],
    ['what is no call', ['content-type: text/plain\r\n\r\nx']],
    ['a call without a request line', [call(1, 'hello')]],
  ])('refuses %s', async (_what, parts) => {
    expect((await post(parts)).status).toBe(400);
  });
});

describe('the XML API', () => {
  const PATH = '/bucket-one/x/y';
  const begin = async (path = PATH) => {
    const { text } = await send('POST', `${path}?uploads`, { headers: { 'x-goog-meta-a': 'b' } });
    return /<UploadId>(.*)<\/UploadId>/.exec(text)?.[1] ?? '';
  };
  const putPart = (id: string, number: number, body: Uint8Array, headers = {}) =>
    send('PUT', `${PATH}?partNumber=${number}&uploadId=${id}`, { body, headers });
  const complete = (id: string, parts: readonly (readonly [number, string])[]) =>
    send('POST', `${PATH}?uploadId=${id}`, {
      body: `<CompleteMultipartUpload>${parts
        .map(
          ([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`,
        )
        .join('')}</CompleteMultipartUpload>`,
    });

  test('writes, reads and deletes objects under conditions', async () => {
    const create = { 'x-goog-if-generation-match': '0', 'content-md5': 'gAGdXxQKfAdGFBj1qAtaNQ==' };
    const wrong = await send('PUT', PATH, { body: 'x', headers: create });
    expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining('BadDigest') });
    const condition = { 'x-goog-if-generation-match': '0' };
    expect((await send('PUT', PATH, { body: 'x', headers: condition })).status).toBe(200);
    expect((await send('PUT', PATH, { body: 'x', headers: condition })).status).toBe(412);
    const read = await send('GET', PATH);
    const etag = read.headers.get('etag') ?? '';
    expect((await send('GET', PATH, { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await send('GET', PATH, { headers: { 'if-match': '"x"' } })).status).toBe(412);
    expect((await send('HEAD', PATH)).headers.get('x-goog-stored-content-length')).toBe('1');
    expect((await send('GET', PATH, { headers: { range: 'bytes=0-' } })).status).toBe(206);
    expect((await send('GET', PATH, { headers: { range: 'pages=1' } })).status).toBe(200);
    expect((await send('DELETE', PATH)).status).toBe(204);
    const gone = await send('GET', PATH);
    expect(gone).toMatchObject({ status: 404, text: expect.stringContaining('NoSuchKey') });
    const nowhere = await send('GET', '/nowhere/a');
    expect(nowhere.text).toContain('NoSuchBucket');
  });

  test.each<[string, string, number, Sent?]>([
    ['GET', '/bucket-one', 501],
    ['PATCH', PATH, 405],
    ['POST', PATH, 405],
    ['GET', `${PATH}?acl`, 400],
    ['GET', PATH, 400, { headers: { 'x-goog-colour': 'red' } }],
    ['GET', PATH, 401, { anonymous: true }],
    ['PUT', `${PATH}?uploadId=x&partNumber=1`, 404],
    ['POST', `${PATH}?uploads`, 400, { body: 'x' }],
    ['POST', `${PATH}?uploads`, 400, { headers: { 'x-goog-if-generation-match': '0' } }],
    ['GET', `${PATH}?X-Goog-Signature=00`, 400],
  ])('refuses %s %s with %d', async (method, path, status, sent) => {
    expect((await send(method, path, sent)).status).toBe(status);
  });

  test('takes parts in any order and puts them together', async () => {
    const id = await begin();
    const five = new Uint8Array(5 * MIB).fill(1);
    const second = await putPart(id, 2, Uint8Array.of(2));
    const first = await putPart(id, 1, five, {
      'x-goog-hash': `md5=${createHash('md5').update(five).digest('base64')}`,
    });
    const etags = [first, second].map(({ headers }) => headers.get('etag') ?? '');
    const [one = '', two = ''] = etags;
    const page = await send('GET', `${PATH}?uploadId=${id}&max-parts=1`);
    expect(page.text).toContain('<NextPartNumberMarker>1<');
    const rest = await send('GET', `${PATH}?uploadId=${id}&part-number-marker=1`);
    expect(rest.text).toMatch(/<IsTruncated>false<.*<PartNumber>2</s);
    expect(
      (
        await complete(id, [
          [2, two],
          [1, one],
        ])
      ).status,
    ).toBe(400);
    expect((await complete(id, [[1, '"x"']])).status).toBe(400);
    expect((await complete(id, [])).status).toBe(400);
    expect((await send('POST', `${PATH}?uploadId=${id}`, { body: '<x>' })).status).toBe(400);
    expect(
      (
        await complete(id, [
          [1, one],
          [2, two],
        ])
      ).status,
    ).toBe(200);
    expect(
      (
        await complete(id, [
          [1, one],
          [2, two],
        ])
      ).status,
    ).toBe(404);
    const read = await send('HEAD', PATH);
    expect(read.headers.get('x-goog-stored-content-length')).toBe(String(5 * MIB + 1));
    expect(read.headers.get('x-goog-meta-a')).toBe('b');
    expect(read.headers.get('x-goog-hash')).not.toContain('md5');
  });

  test('refuses parts that are too small, and numbers that are none', async () => {
    const id = await begin();
    const etag = async (number: number) =>
      (await putPart(id, number, Uint8Array.of(1))).headers.get('etag') ?? '';
    const parts = [[1, await etag(1)] as const, [2, await etag(2)] as const];
    const answer = await complete(id, parts);
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('EntityTooSmall') });
    expect((await putPart(id, 10_001, Uint8Array.of(1))).status).toBe(400);
    expect((await send('DELETE', `${PATH}?uploadId=${id}`)).status).toBe(204);
    expect((await send('DELETE', `${PATH}?uploadId=${id}`)).status).toBe(404);
  });

  test('lists uploads in pages', async () => {
    for (const name of ['p/1', 'p/2', 'p/<3>']) await begin(`/bucket-one/${encodeURI(name)}`);
    const list = (query: string) => send('GET', `/bucket-one?uploads&prefix=p/${query}`);
    const page = await list('&max-uploads=2&encoding-type=url');
    expect(page.text).toContain('<NextKeyMarker>p/2<');
    const [, marker] = /<NextUploadIdMarker>(.*?)</.exec(page.text) ?? [];
    const rest = await list(`&key-marker=p/2&upload-id-marker=${marker}`);
    expect(rest.text).toContain('<Key>p/&#60;3&#62;</Key>');
    expect(rest.text).not.toContain('<Key>p/2</Key>');
  });
});

describe('signed URLs', () => {
  test.each([
    ['X-Goog-Algorithm', 'GOOG4-HMAC-SHA256'],
    ['X-Goog-Date', 'today'],
    ['X-Goog-Date', '20990101T000000Z'],
    ['X-Goog-Expires', '0'],
    ['X-Goog-Expires', '604801'],
    ['X-Goog-Credential', 'somebody'],
  ])('are refused with another %s', async (name, value) => {
    const [signed] = await fakeClient(fake)
      .bucket('bucket-one')
      .file('a')
      .getSignedUrl({ version: 'v4', action: 'read', expires: Date.now() + 60_000 });
    const url = new URL(signed);
    url.searchParams.set(name, value);
    expect((await send('GET', url.href, { anonymous: true })).status).toBe(400);
  });

  test('are refused with a range of lengths that is none', async () => {
    const headers = { 'x-goog-content-length-range': 'short' };
    const [signed] = await fakeClient(fake)
      .bucket('bucket-one')
      .file('a')
      .getSignedUrl({
        version: 'v4',
        action: 'write',
        expires: Date.now() + 60_000,
        extensionHeaders: headers,
      });
    expect((await send('PUT', signed, { anonymous: true, headers, body: 'x' })).status).toBe(400);
  });
});

describe('other origins', () => {
  const origin = 'https://app.example';
  const preflight = (path: string, method: string) =>
    send('OPTIONS', path, {
      anonymous: true,
      headers: { origin, 'access-control-request-method': method },
    });

  test('may do what the rules of the bucket say', async () => {
    fake.createBucket('bucket-cors', {
      cors: [
        { origin: [origin], method: ['GET', 'PUT'], responseHeader: ['Content-Type'] },
        { origin: ['*'], method: ['*'], maxAgeSeconds: 5 },
      ],
    });
    const allowed = await preflight('/bucket-cors/a', 'PUT');
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'Content-Type',
      'access-control-max-age': '3600',
    });
    const any = await preflight('/storage/v1/b/bucket-cors/o', 'DELETE');
    expect(any.headers.get('access-control-allow-origin')).toBe('*');
    const read = await send('GET', '/bucket-cors/a', { headers: { origin } });
    expect(read.headers.get('access-control-expose-headers')).toBe('Content-Type');
    const described = await send('GET', '/storage/v1/b/bucket-cors');
    expect(described.text).toContain('"cors"');
  });

  test('may do nothing where there are none', async () => {
    const answer = await preflight('/bucket-one/a', 'GET');
    expect(answer.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the token endpoint', () => {
  const post = (body: object, type = 'application/json') =>
    send('POST', '/token', {
      anonymous: true,
      headers: { 'content-type': type },
      body:
        type === 'application/json'
          ? JSON.stringify(body)
          : new URLSearchParams(body as Record<string, string>).toString(),
    });
  const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('refuses what is no signed JWT', async () => {
    expect((await send('GET', '/token')).status).toBe(405);
    expect((await post({ grant_type: 'password' })).text).toContain('unsupported_grant_type');
    expect((await post({ grant_type, assertion: 'x.y.z' })).status).toBe(400);
    const none = `${encode({ alg: 'none' })}.${encode({})}.`;
    const form = 'application/x-www-form-urlencoded';
    expect((await post({ grant_type, assertion: none }, form)).text).toContain('algorithm');
  });

  test.each([
    ['audience', { aud: 'https://elsewhere.example' }],
    ['scope', { scope: 'https://www.googleapis.com/auth/drive' }],
    ['scope', { scope: undefined }],
    ['short-lived', { exp: 9_999_999_999 }],
  ])('refuses a JWT with another %s', async (word, changes) => {
    const { createSign } = await import('node:crypto');
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: fake.credentials.client_email,
      aud: 'https://oauth2.googleapis.com/token',
      scope: 'https://www.googleapis.com/auth/devstorage.read_write',
      iat: now,
      exp: now + 3600,
      ...changes,
    };
    const head = `${encode({ alg: 'RS256' })}.${encode(claims)}`;
    const signature = createSign('RSA-SHA256').update(head).sign(fake.credentials.private_key);
    const answer = await post({
      grant_type,
      assertion: `${head}.${signature.toString('base64url')}`,
    });
    expect(answer.text).toContain(word);
  });
});
