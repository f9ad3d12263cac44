import { describe, expect, test } from 'vitest';
import { wire } from '../test/wire.ts';
import { s3Store } from './s3-client.ts';
import { presignOptions, presignRequest } from './s3-presign.ts';

function signing() {
  const { client, sent } = wire([]);
  return { store: s3Store({ bucket: 'photos', client }), sent };
}

const signedOf = (url: string) => new URL(url).searchParams.get('X-Amz-SignedHeaders')?.split(';');

describe('presignRequest', () => {
  test('signs a GET for an hour, without a request', async () => {
    const { store, sent } = signing();
    const { url, method, headers, expiresAt } = await presignRequest(store, 'a b/ü', {
      responseContentType: 'text/plain',
      responseDisposition: 'attachment',
    });
    const { host, pathname, searchParams } = new URL(url);
    expect([host, pathname]).toEqual(['photos.s3.eu-west-1.amazonaws.com', '/a%20b/%C3%BC']);
    expect(searchParams.get('X-Amz-Expires')).toBe('3600');
    expect(searchParams.get('response-content-type')).toBe('text/plain');
    expect(searchParams.get('response-content-disposition')).toBe('attachment');
    expect([method, headers]).toEqual(['GET', {}]);
    expect(Math.abs(expiresAt.getTime() - Date.now() - 3_600_000)).toBeLessThan(2000);
    expect(sent).toEqual([]);
  });

  test('binds type, length, checksum and condition of a PUT as headers', async () => {
    const { url, headers } = await presignRequest(signing().store, 'a', {
      method: 'PUT',
      contentType: 'image/png',
      contentLength: 3,
      checksum: 'sha256-AAAA',
      ifNoneMatch: '*',
      expiresInMs: 1500,
    });
    expect(signedOf(url)).toEqual([
      'content-length',
      'content-type',
      'host',
      'if-none-match',
      'x-amz-checksum-sha256',
    ]);
    expect(headers).toEqual({
      'content-type': 'image/png',
      'if-none-match': '*',
      'x-amz-checksum-sha256': 'AAAA',
    });
    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('2');
    expect(url).not.toContain('x-amz-checksum-crc32');
  });

  test('binds no type and no checksum of its own', async () => {
    const { url } = await presignRequest(signing().store, 'a', { method: 'PUT' });
    expect(signedOf(url)).toEqual(['host']);
    expect(url).not.toMatch(/checksum/i);
  });

  test('refuses more than seven days', async () => {
    const { store } = signing();
    const week = 7 * 24 * 3_600_000;
    await presignRequest(store, 'a', { expiresInMs: week });
    await expect(presignRequest(store, 'a', { expiresInMs: week + 1 })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('says when there are no credentials', async () => {
    const credentials = async () => {
      throw Object.assign(new Error('none'), { name: 'CredentialsProviderError' });
    };
    const store = s3Store({ bucket: 'photos', region: 'x', credentials });
    await expect(presignRequest(store, 'a', {})).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

test('binds what the store is known to check', () => {
  expect(presignOptions(false, [])).not.toContain('checksum');
  expect(presignOptions(true, ['createIfAbsent'])).toContain('ifNoneMatch');
});
