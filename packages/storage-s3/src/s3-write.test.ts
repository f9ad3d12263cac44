import { type StorageError, sha256, toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { objectHeaders, refused, type Script, wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { writeObject } from './s3-write.ts';

const MIB = 1024 ** 2;
const stored = { headers: { etag: '"e"', 'x-amz-version-id': 'v1' } };

function storeOf(
  script: Script,
  options: { readonly checksums?: boolean; readonly streams?: boolean } = {},
) {
  const { streams = true, ...own } = options;
  const { client, sent } = wire(script, { streams });
  return { store: s3Store({ bucket: 'b', client, ...own }), sent };
}

/** A stream of so many bytes, in pieces, which may break. */
function streamOf(size: number, error?: Error): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const bytes = Math.min(left, 256 * 1024);
      if (bytes > 0) controller.enqueue(new Uint8Array(bytes));
      left -= bytes;
      if (left > 0) return;
      if (error) controller.error(error);
      else controller.close();
    },
  });
}

async function drained(body: unknown): Promise<number> {
  let size = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) size += chunk.byteLength;
  return size;
}

describe('writeObject', () => {
  test('sends attributes, tags, native options and conditions, and tells what it knows', async () => {
    const { store, sent } = storeOf([stored]);
    const info = await writeObject(store, 'a', toBody('content'), {
      contentType: 'text/plain',
      metadata: { author: 'Ada' },
      ifMatch: 'old',
      writeId: 'w1',
      objectTags: { 'cost center': 'a+b' },
      native: { StorageClass: 'GLACIER' },
    });
    expect(sent[0]).toMatchObject({ method: 'PUT', path: '/b/a' });
    expect(sent[0]?.headers).toMatchObject({
      'content-type': 'text/plain',
      'x-amz-meta-author': 'Ada',
      'if-match': '"old"',
      'x-amz-tagging': 'cost%20center=a%2Bb',
      'x-amz-storage-class': 'GLACIER',
      'content-length': '7',
    });
    expect(info).toEqual({
      key: 'a',
      size: 7,
      etag: 'e',
      modifiedAt: new Date('2026-11-21T10:00:00Z'),
      contentType: 'text/plain',
      metadata: { author: 'Ada' },
      writeId: 'w1',
      version: 'v1',
    });
  });

  test('has the service check and keep a SHA-256', async () => {
    const expected = await sha256(new TextEncoder().encode('content'));
    const headers = { ...stored.headers, 'x-amz-checksum-sha256': expected.slice(7) };
    const { store, sent } = storeOf([{ headers }]);
    const info = await writeObject(store, 'a', toBody('content'), { checksum: 'sha256' });
    expect(sent[0]?.headers['x-amz-checksum-sha256']).toBe(expected.slice(7));
    expect(info.checksums).toEqual({ sha256: expected });
  });

  test('sends the SHA-256 of a stream behind it', async () => {
    const { store, sent } = storeOf(async ({ body }) => {
      await drained(body);
      return stored;
    });
    const body = toBody(streamOf(2 * MIB), { size: 2 * MIB });
    await writeObject(store, 'a', body, { checksum: 'sha256' });
    expect(sent[0]?.headers).toMatchObject({
      'x-amz-trailer': 'x-amz-checksum-sha256',
      'x-amz-decoded-content-length': String(2 * MIB),
    });
  });

  test('keeps a SHA-256 in the metadata of a store that keeps none', async () => {
    for (const body of [
      toBody('abc'),
      toBody(new Blob(['abc'])),
      toBody(streamOf(3), { size: 3 }),
    ]) {
      const { store, sent } = storeOf([stored], { checksums: false });
      const { checksums } = await writeObject(store, 'a', body, { checksum: 'sha256' });
      expect(checksums?.['sha256']).toMatch(/^sha256-/);
      expect(sent[0]?.headers['x-amz-meta-granary']).toContain(checksums?.['sha256'] ?? '?');
    }
    const { store } = storeOf([stored], { checksums: false });
    const long = toBody(streamOf(17 * MIB), { size: 17 * MIB });
    await expect(writeObject(store, 'a', long, { checksum: 'sha256' })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  test('streams what is long, and asks first where a condition may refuse it', async () => {
    const { store, sent } = storeOf(
      async ({ body }) => ({
        headers: { ...stored.headers, 'x-size': String(await drained(body)) },
      }),
      { checksums: false },
    );
    const body = () => toBody(streamOf(3 * MIB), { size: 3 * MIB });
    expect((await writeObject(store, 'a', body(), {})).size).toBe(3 * MIB);
    await writeObject(store, 'a', body(), { ifNoneMatch: '*' });
    expect(sent[0]?.headers['Expect']).toBeUndefined();
    expect(sent[1]?.headers).toMatchObject({ Expect: '100-continue', 'if-none-match': '*' });
    expect(sent[0]?.body).not.toBeInstanceOf(Uint8Array);
  });

  test('sends bytes where requests cannot stream', async () => {
    const { store, sent } = storeOf([stored], { streams: false, checksums: false });
    await writeObject(store, 'a', toBody(streamOf(2 * MIB), { size: 2 * MIB }), {});
    expect(sent[0]?.body).toHaveProperty('byteLength', 2 * MIB);
  });

  test('surfaces the error of the source, and not what it does to the request', async () => {
    const { store } = storeOf(async ({ body }, signal) => {
      await Promise.race([
        drained(body),
        new Promise((resolve) => signal.addEventListener('abort', resolve)),
      ]);
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    });
    const broken = new Error('the disk is gone');
    const body = toBody(streamOf(2 * MIB, broken), { size: 3 * MIB });
    await expect(writeObject(store, 'a', body, {})).rejects.toMatchObject({
      cause: broken,
      outcome: 'not-applied',
    });
  });

  test('ends with its signal, also while the source is silent', async () => {
    const silent = () =>
      toBody(new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) }));
    const { store } = storeOf([]);
    const controller = new AbortController();
    const pending = writeObject(store, 'a', silent(), { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(pending).rejects.toThrow('enough');
    await expect(
      writeObject(store, 'a', silent(), { signal: AbortSignal.abort(new Error('before')) }),
    ).rejects.toThrow('before');
    const long = toBody(streamOf(2 * MIB), { size: 2 * MIB });
    await expect(
      writeObject(storeOf([{ error: new Error('x') }]).store, 'a', long, {
        signal: AbortSignal.abort(new Error('before')),
      }),
    ).rejects.toBeDefined();
  });

  test('refuses what is long and of unknown length, and lets go of it', async () => {
    const { store, sent } = storeOf([]);
    await expect(writeObject(store, 'a', toBody(streamOf(17 * MIB)), {})).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect(sent).toEqual([]);
  });

  test('asks for the date of what took long to write', async () => {
    const size = 65 * MIB;
    const body = () => ({ ...toBody(streamOf(size), { size }), replayable: false });
    const head = objectHeaders(size, { etag: '"e"', 'x-amz-version-id': 'v1' });
    const asked = storeOf([stored, { headers: head }], { checksums: false });
    const info = await writeObject(asked.store, 'a', body(), {});
    expect(info.modifiedAt).toEqual(new Date('2026-11-21T09:00:00Z'));
    expect(asked.sent[1]).toMatchObject({ method: 'HEAD', query: { versionId: 'v1' } });
    const { headers } = { headers: { etag: '"e"' } };
    const refusedHead = storeOf([{ headers }, refused(403, ''), refused(403, 'AccessDenied')], {
      checksums: false,
    });
    const { signal } = new AbortController();
    const known = await writeObject(refusedHead.store, 'a', body(), { signal });
    expect(known.modifiedAt).toEqual(new Date('2026-11-21T10:00:00Z'));
  });

  test('refuses an answer that is none of S3', async () => {
    for (const answer of [{ body: '<html></html>' }, { headers: { etag: '"e"', date: '' } }]) {
      const error = await writeObject(storeOf([answer]).store, 'a', toBody('x'), {}).catch(
        (e: StorageError) => e,
      );
      expect(error).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    }
  });
});
