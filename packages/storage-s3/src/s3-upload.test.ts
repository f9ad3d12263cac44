import { encodeToken } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type Answer, objectHeaders, refused, type Script, type Sent, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { listUploads, uploadSession } from './s3-upload.ts';

const MIB = 1024 ** 2;
const STEP = 8 * MIB;

function storeOf(script: Script) {
  const { client, sent } = wire(script);
  return { store: s3Store({ bucket: 'b', client }), sent };
}

interface Part {
  readonly number: number;
  readonly size: number;
}

/** A service that holds these parts and completes them. */
function service(parts: readonly Part[], more: { complete?: Answer; head?: Answer } = {}) {
  return ({ method, query }: Sent): Answer => {
    if (method === 'POST' && 'uploads' in query) {
      return {
        body: '<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>',
      };
    }
    if (method === 'POST') {
      return (
        more.complete ?? {
          body: '<CompleteMultipartUploadResult><ETag>"whole-2"</ETag></CompleteMultipartUploadResult>',
        }
      );
    }
    if (method === 'PUT') return { headers: { etag: '"part"' } };
    if (method === 'DELETE') return { status: 204 };
    if (method === 'HEAD') {
      return more.head ?? { headers: objectHeaders(1, { etag: '"whole-2"' }) };
    }
    const listed = parts.map(
      ({ number, size }) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>"p${number}"</ETag><Size>${size}</Size></Part>`,
    );
    return {
      body: `<ListPartsResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListPartsResult>`,
    };
  };
}

const begin = async (script: Script, options: Parameters<typeof uploadSession>[2] = {}) => {
  const { store, sent } = storeOf(script);
  return { session: await uploadSession(store, 'a', options), sent, store };
};

describe('uploadSession', () => {
  test('fixes attributes, tags and options of the object at the start', async () => {
    const { sent } = await begin(service([]), {
      totalBytes: 1,
      attributes: { contentType: 'text/plain', metadata: { author: 'Ada' } },
      objectTags: { a: 'b' },
      native: { StorageClass: 'GLACIER' },
      writeId: 'w1',
    });
    expect(sent[0]?.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-amz-meta-author': 'Ada',
      'x-amz-tagging': 'a=b',
      'x-amz-storage-class': 'GLACIER',
      'x-amz-checksum-algorithm': 'CRC32',
      'x-amz-checksum-type': 'FULL_OBJECT',
    });
    expect(sent[0]?.headers['x-amz-meta-granary']).toContain('w1');
  });

  test('gives a part the number of its place, in any order', async () => {
    const { session, sent } = await begin(service([]), { totalBytes: STEP * 3 });
    await session.write(STEP, new Uint8Array(STEP * 2));
    await session.write(0, new Uint8Array(STEP));
    expect(sent.slice(1).map(({ query }) => query['partNumber'])).toEqual(['2', '1']);
    expect(sent[1]?.headers['x-amz-checksum-crc32']).toBeTypeOf('string');
  });

  test('refuses parts that are against its rules', async () => {
    const { session, sent } = await begin(service([]), { totalBytes: STEP * 3 });
    await session.write(0, new Uint8Array(STEP));
    const wrong: [number, number][] = [
      [5, 1],
      [STEP, STEP - 1],
      [STEP * 2, STEP + 1],
    ];
    for (const [offset, size] of wrong) {
      await expect(session.write(offset, new Uint8Array(size))).rejects.toMatchObject({
        code: 'invalid-argument',
      });
    }
    await session.write(STEP, new Uint8Array(STEP));
    await expect(session.write(0, new Uint8Array(STEP * 2))).rejects.toThrow(/overlaps/);
    expect(sent.length).toBe(3);
  });

  test('tells what the service holds, joined where it touches', async () => {
    const parts = [
      { number: 1, size: STEP },
      { number: 2, size: STEP },
      { number: 5, size: 3 },
    ];
    const { session } = await begin(service(parts), { totalBytes: STEP * 9 });
    expect((await session.status()).held).toEqual([
      { offset: 0, length: STEP * 2 },
      { offset: STEP * 4, length: 3 },
    ]);
  });

  test.each([
    ['a hole', [{ number: 2, size: STEP }], STEP * 2],
    [
      'parts that overlap',
      [
        { number: 1, size: STEP * 2 },
        { number: 2, size: STEP },
      ],
      STEP * 2,
    ],
    ['a missing end', [{ number: 1, size: STEP }], STEP * 2],
    ['no parts', [], STEP],
  ])('does not complete over %s', async (_what, parts, totalBytes) => {
    const { session, sent } = await begin(service(parts), { totalBytes });
    await expect(session.complete()).rejects.toMatchObject({
      code: 'invalid-argument',
      outcome: 'not-applied',
    });
    expect(sent.some(({ method, query }) => method === 'POST' && 'uploadId' in query)).toBe(false);
  });

  test('completes under conditions, with the etags that the service holds', async () => {
    const { session, sent } = await begin(service([{ number: 1, size: 1 }]), { totalBytes: 1 });
    const { signal } = new AbortController();
    expect((await session.complete({ ifNoneMatch: '*', signal })).etag).toBe('whole-2');
    const complete = sent.find(({ method, query }) => method === 'POST' && 'uploadId' in query);
    expect(complete?.headers['if-none-match']).toBe('*');
    expect(String(complete?.body)).toContain('<ETag>&quot;p1&quot;</ETag>');
  });

  test('tells what is known where another write came since, or nobody may look', async () => {
    const parts = [{ number: 1, size: 7 }];
    const complete = {
      headers: { 'x-amz-version-id': 'v1' },
      body: '<CompleteMultipartUploadResult><ETag>"mine-1"</ETag></CompleteMultipartUploadResult>',
    };
    const raced = await begin(service(parts, { complete }), { totalBytes: 7 });
    expect(await raced.session.complete()).toMatchObject({
      etag: 'mine-1',
      size: 7,
      version: 'v1',
    });
    const blind = await begin(service(parts, { complete, head: refused(503, 'SlowDown') }), {
      totalBytes: 7,
    });
    expect(await blind.session.complete()).toMatchObject({ etag: 'mine-1', size: 7 });
    const silent = {
      body: '<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>',
    };
    const untold = await begin(service(parts, { complete: silent }), { totalBytes: 7 });
    expect(await untold.session.complete()).toMatchObject({ etag: 'whole-2' });
  });

  test.each([
    ['ConditionalRequestConflict', 409, { code: 'conflict', restart: true, retryable: false }],
    ['NoSuchUpload', 404, { code: 'conflict', restart: true, retryable: false }],
    ['NoSuchKey', 404, { code: 'conflict', restart: true, retryable: false }],
    ['PreconditionFailed', 412, { code: 'precondition-failed' }],
  ])('says of %s at the end what to do', async (name, status, expected) => {
    const answers = service([{ number: 1, size: 1 }], { complete: refused(status, name) });
    const { session } = await begin(answers, { totalBytes: 1 });
    await expect(session.complete({ ifNoneMatch: '*' })).rejects.toMatchObject(expected);
  });

  test('takes an error inside an answer of success for one', async () => {
    const complete = { body: '<?xml version="1.0"?><Error><Code>InternalError</Code></Error>' };
    const { session } = await begin(service([{ number: 1, size: 1 }], { complete }), {
      totalBytes: 1,
    });
    await expect(session.complete()).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
    });
  });

  test('makes an empty object of an empty part', async () => {
    const parts: Part[] = [];
    const answers = service(parts);
    const { session } = await begin((sent) => {
      if (sent.method === 'PUT') parts.push({ number: 1, size: 0 });
      return answers(sent);
    });
    await session.complete();
    expect((await session.status()).held).toEqual([]);
  });

  test('goes on with a session of known, of unknown and of untold length', async () => {
    const first = await begin(service([]), { totalBytes: 100 * 1024 ** 3 });
    const { token, part } = first.session;
    const again = await uploadSession(first.store, 'a', { token, totalBytes: 5 });
    expect(again.part).toEqual(part);
    const unknown = await begin(service([]));
    const growing = await uploadSession(unknown.store, 'a', {
      token: unknown.session.token,
      totalBytes: 100 * 1024 ** 3,
    });
    expect(growing.part.minBytes).toBe(STEP);
    const listed = encodeToken('a', { id: 'u1' });
    const orphan = await uploadSession(first.store, 'a', {
      token: listed,
      totalBytes: 100 * 1024 ** 3,
    });
    expect(orphan.part).toEqual(part);
    await orphan.abort();
    expect(first.sent.at(-1)).toMatchObject({ method: 'DELETE', query: { uploadId: 'u1' } });
  });

  test('refuses a token that tells of no upload, and one of an upload that has ended', async () => {
    const { store } = storeOf([refused(404, 'NoSuchUpload')]);
    for (const fields of [{ id: 5 }, null, 'u1']) {
      await expect(
        uploadSession(store, 'a', { token: encodeToken('a', fields) }),
      ).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    const token = encodeToken('a', { id: 'u1' });
    await expect(uploadSession(store, 'a', { token })).rejects.toMatchObject({ restart: true });
  });

  test('forgets an upload that has ended without complaint, and tells of other trouble', async () => {
    const { session } = await begin((sent) =>
      sent.method === 'DELETE' ? refused(404, 'NoSuchUpload') : service([])(sent),
    );
    expect(await session.abort()).toBeUndefined();
    const { session: forbidden } = await begin((sent) =>
      sent.method === 'DELETE' ? refused(403, 'AccessDenied') : service([])(sent),
    );
    await expect(forbidden.abort()).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('refuses answers that are none of S3', async () => {
    const page: Answer = { body: '<html></html>' };
    await expect(begin([page])).rejects.toMatchObject({ code: 'unavailable' });
    const pages = (match: (sent: Sent) => boolean) => (sent: Sent) =>
      match(sent) ? page : service([{ number: 1, size: 1 }])(sent);
    const bad = await begin(
      pages(({ method }) => method === 'PUT' || method === 'GET'),
      { totalBytes: 1 },
    );
    await expect(bad.session.write(0, new Uint8Array(1))).rejects.toMatchObject({
      code: 'unavailable',
    });
    await expect(bad.session.status()).rejects.toMatchObject({ code: 'unavailable' });
    const end = await begin(
      pages(({ query }) => 'uploadId' in query),
      { totalBytes: 1 },
    );
    await expect(end.session.complete()).rejects.toMatchObject({ code: 'unavailable' });
    const complete = await begin(service([{ number: 1, size: 1 }], { complete: page }), {
      totalBytes: 1,
    });
    await expect(complete.session.complete()).rejects.toMatchObject({ code: 'unavailable' });
    for (const inner of [
      '<IsTruncated>true</IsTruncated>',
      '<IsTruncated>false</IsTruncated><Part><Size>1</Size></Part>',
    ]) {
      const { session } = await begin((sent) =>
        sent.method === 'GET'
          ? { body: `<ListPartsResult>${inner}</ListPartsResult>` }
          : service([])(sent),
      );
      await expect(session.status()).rejects.toMatchObject({ code: 'unavailable' });
    }
  });

  test('reads a long list of parts to its end', async () => {
    const page = (number: number, more: string) => ({
      body: `<ListPartsResult>${more}<Part><PartNumber>${number}</PartNumber><ETag>"p"</ETag><Size>${STEP}</Size></Part></ListPartsResult>`,
    });
    let asked = 0;
    const { session, sent } = await begin((one) => {
      if (one.method !== 'GET') return service([])(one);
      asked += 1;
      return asked === 1
        ? page(1, '<IsTruncated>true</IsTruncated><NextPartNumberMarker>1</NextPartNumberMarker>')
        : page(2, '<IsTruncated>false</IsTruncated>');
    });
    expect((await session.status()).held).toEqual([{ offset: 0, length: STEP * 2 }]);
    expect(sent.at(-1)?.query['part-number-marker']).toBe('1');
  });
});

describe('listUploads', () => {
  const upload = (key: string) =>
    `<Upload><Key>${key}</Key><UploadId>u-${key}</UploadId><Initiated>2026-11-21T09:00:00Z</Initiated></Upload>`;

  test('lists uploads over pages, with tokens that open them', async () => {
    const page = (inner: string) => ({
      body: `<ListMultipartUploadsResult>${inner}</ListMultipartUploadsResult>`,
    });
    const { store, sent } = storeOf([
      page(
        `<IsTruncated>true</IsTruncated><NextKeyMarker>x%2Fa</NextKeyMarker><NextUploadIdMarker>u</NextUploadIdMarker>${upload('x%2Fa')}`,
      ),
      page(`<IsTruncated>true</IsTruncated><NextKeyMarker>x%2Fb</NextKeyMarker>${upload('x%2Fb')}`),
      page('<IsTruncated>false</IsTruncated>'),
    ]);
    const found = [];
    for await (const one of listUploads(store, { prefix: 'x/' })) found.push(one);
    expect(found.map(({ key }) => key)).toEqual(['x/a', 'x/b']);
    expect(found[0]?.startedAt).toEqual(new Date('2026-11-21T09:00:00Z'));
    expect(sent[1]?.query).toMatchObject({
      prefix: 'x/',
      'key-marker': 'x/a',
      'upload-id-marker': 'u',
    });
  });

  test('fails on what is no list of uploads', async () => {
    for (const body of [
      '<html></html>',
      '<R><IsTruncated>false</IsTruncated><Upload><Key>a</Key></Upload></R>',
    ]) {
      const { store } = storeOf([{ body }]);
      await expect(listUploads(store, {}).next()).rejects.toMatchObject({ code: 'unavailable' });
    }
  });
});
