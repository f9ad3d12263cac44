import { Storage } from '@google-cloud/storage';
import { describe, expect, test } from 'vitest';
import { createGcs } from './index.ts';

const fromConfig = (config: Readonly<Record<string, unknown>>) =>
  createGcs.backend.fromConfig?.({ config });
const fromUrl = (query: Readonly<Record<string, string>>, path = '') =>
  createGcs.backend.fromConfig?.({ url: { scheme: 'gs', host: 'bucket', path, query } });

describe('createGcs', () => {
  test.each(['', 'gs://bucket', 'Bucket', 'a', 'bucket/photos', '-bucket'])(
    'refuses %j as the name of a bucket',
    (bucket) => {
      expect(() => createGcs({ bucket })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    },
  );

  test('refuses to send credentials without encryption', () => {
    const endpoint = 'http://storage.example';
    expect(() => createGcs({ bucket: 'bucket', endpoint })).toThrow(/without encryption/);
    expect(() => createGcs({ bucket: 'bucket', endpoint, allowInsecure: true })).not.toThrow();
    expect(() => createGcs({ bucket: 'bucket', endpoint: 'http://127.0.0.1:1' })).not.toThrow();
  });

  test('refuses what a client has already', () => {
    const client = new Storage({ projectId: 'p' });
    const both = { bucket: 'bucket', client, keyFilename: 'key.json' };
    expect(() => createGcs(both)).toThrow(/"keyFilename"/);
    const endpoint = 'https://storage.example';
    expect(() => createGcs({ bucket: 'bucket', client, endpoint })).toThrow(/"endpoint"/);
  });

  test('tells public URLs only where there are any', () => {
    const { provider } = createGcs;
    const bucket = 'bucket';
    expect(provider({ bucket }).publicUrl).toBeUndefined();
    expect(provider({ bucket, public: true }).publicUrl?.('a b/ä')).toBe(
      'https://storage.googleapis.com/bucket/a%20b/%C3%A4',
    );
    const cdn = provider({ bucket, publicUrl: 'https://cdn.example/x/' });
    expect(cdn.publicUrl?.('a')).toBe('https://cdn.example/x/a');
    expect(() => createGcs({ bucket, publicUrl: 'cdn.example' })).toThrow(/no URL/);
  });

  test('gives the client that it was given, or one of its own', () => {
    const client = new Storage({ projectId: 'p' });
    expect(createGcs({ bucket: 'bucket', client }).native).toBe(client);
    const own = createGcs({ bucket: 'bucket', endpoint: 'https://storage.example' }).native;
    expect((own as Storage).apiEndpoint).toBe('https://storage.example');
  });

  test('closes without ever having been used', async () => {
    await createGcs({ bucket: 'bucket' }).close();
  });
});

describe('fromConfig', () => {
  test('reads a URL', () => {
    expect(fromUrl({ projectId: 'p', keyFilename: 'k.json' }, '/photos')).toEqual({
      bucket: 'bucket',
      prefix: '/photos',
      projectId: 'p',
      keyFilename: 'k.json',
    });
    expect(createGcs.backend.schemes).toContain('gs');
  });

  test('reads a config, also with the names of others', () => {
    const credentials = { client_email: 'a@b', private_key: 'k' };
    const config = {
      bucket: 'b',
      project_id: 'p',
      key_file: 'k.json',
      credentials,
      versions: true,
    };
    expect(fromConfig(config)).toEqual({
      bucket: 'b',
      projectId: 'p',
      keyFilename: 'k.json',
      credentials,
      versions: true,
    });
  });

  test('refuses options that are missing or unknown', () => {
    expect(() => fromConfig({})).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    expect(() => fromConfig({ bucket: 'b', region: 'x' })).toThrow(/no option "region"/);
  });
});
