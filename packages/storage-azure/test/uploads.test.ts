import type { ContainerClient } from '@azure/storage-blob';
import type { StorageProvider, UploadSession } from '@granary/storage-core/provider';
import { sha256, toBody } from '@granary/storage-core/provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAzure } from '../src/index.ts';
import { newContainer } from './new-container.ts';

const encode = (text: string) => new TextEncoder().encode(text);

let provider: StorageProvider;
let client: ContainerClient;
let close: () => Promise<unknown>;

beforeAll(async () => {
  const { options, remove } = await newContainer();
  provider = createAzure.provider(options);
  client = provider.native as ContainerClient;
  close = remove;
});
afterAll(() => close());

async function open(key: string, options = {}): Promise<UploadSession> {
  const session = await provider.upload?.(key, options);
  if (session === undefined) throw new Error('there are uploads');
  return session;
}

async function orphan(key: string): Promise<string> {
  for await (const pending of provider.uploads?.({ prefix: key }) ?? []) return pending.token;
  throw new Error(`no upload of ${key} is pending`);
}

const textOf = async (key: string) => (await provider.get(key, {})).text();

describe('an upload', () => {
  test('hashes what came in any order by reading it back', async () => {
    const session = await open('order', { checksum: 'sha256' });
    await session.write(3, encode('def'));
    await session.write(0, encode('abc'));
    const info = await session.complete();
    expect(info.checksums).toEqual({ sha256: await sha256(encode('abcdef')) });
    expect(info).toEqual(await provider.stat('order', {}));
  });

  test('goes on after another checksum was found, also in another process', async () => {
    const session = await open('other', { totalBytes: 6, attributes: { tags: ['x'] } });
    await session.write(0, encode('abc'));
    await session.write(3, encode('dxf'));
    const checksum = await sha256(encode('abcdef'));
    await expect(session.complete({ checksum })).rejects.toMatchObject({ code: 'corrupted' });
    await expect(provider.stat('other', {})).rejects.toMatchObject({ code: 'not-found' });

    const again = await open('other', { token: session.token });
    expect(await again.status()).toEqual({ held: [{ offset: 0, length: 6 }] });
    await again.write(3, encode('def'));
    expect(await again.complete({ checksum })).toMatchObject({ tags: ['x'], size: 6 });
    expect(await textOf('other')).toBe('abcdef');
  });

  test('is gone on with by whoever finds it, attributes included', async () => {
    const attributes = { contentType: 'text/x-note', expiresAt: new Date(4e12) };
    const session = await open('found', { attributes, objectTags: { project: 'x' } });
    await session.write(0, encode('abc'));
    const again = await open('found', { token: await orphan('found') });
    await again.write(3, encode('def'));
    expect(await again.complete()).toMatchObject(attributes);
    expect(await provider.objectTags?.get('found', {})).toEqual({ project: 'x' });
    await expect(session.status()).rejects.toMatchObject({ code: 'conflict', restart: true });
    // The emulator takes a part of a blob that is gone; it never becomes an object.
    await session.write(6, encode('g')).catch(() => undefined);
    await expect(session.complete()).rejects.toMatchObject({ code: 'conflict', restart: true });
    expect(await textOf('found')).toBe('abcdef');
  });

  test('is lost for who has no token of its beginning, once its parts became a blob', async () => {
    const session = await open('half');
    await session.write(0, encode('abc'));
    const checksum = await sha256(encode('other'));
    await expect(session.complete({ checksum })).rejects.toMatchObject({ code: 'corrupted' });
    const found = open('half', { token: await orphan('half') });
    await expect(found).rejects.toMatchObject({ code: 'conflict', restart: true });
    await session.abort();
    await expect(open('half', { token: session.token })).rejects.toMatchObject({ restart: true });
  });

  test('does not mind what others write to its key meanwhile', async () => {
    const session = await open('shared');
    await session.write(0, encode('parts'));
    await provider.put('shared', toBody('put'), {});
    const other = await open('shared');
    await other.write(0, encode('other'));
    await other.complete();
    await session.complete();
    expect(await textOf('shared')).toBe('parts');
  });

  test('takes the last of parts that overlap', async () => {
    const session = await open('overlap', { totalBytes: 4 });
    await session.write(0, encode('abcd'));
    await session.write(0, encode('AB'));
    expect(await session.status()).toEqual({ held: [{ offset: 0, length: 2 }] });
    await expect(session.complete()).rejects.toMatchObject({ code: 'invalid-argument' });
    await session.write(2, encode('CD'));
    await session.complete();
    expect(await textOf('overlap')).toBe('ABCD');
  });

  test('can be aborted, and gone on with, when its beginning was cut short', async () => {
    const session = await open('cut', { attributes: { tags: ['x'] } });
    const { id } = JSON.parse(atob(await orphan('cut')))[2] as { id: string };
    const blob = client.getBlockBlobClient(`\u201bgranary/uploads/${id}`);
    await blob.getBlobLeaseClient(id).releaseLease();
    const again = await open('cut', { token: await orphan('cut') });
    await again.write(0, encode('abc'));
    expect(await again.complete()).toMatchObject({ tags: ['x'], size: 3 });
    await session.abort();
    await expect(orphan('cut')).rejects.toThrow(/no upload/);
  });

  test('shows no token when it is printed', async () => {
    const session = await open('secret');
    expect(JSON.stringify(session)).not.toContain(session.token);
    await session.abort();
  });
});
