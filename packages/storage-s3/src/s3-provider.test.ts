import { toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { objectHeaders, refused, wire } from '../test/wire.ts';
import { createS3 } from './index.ts';
import { S3_CONDITIONS } from './s3-conditions.ts';
import { s3Provider } from './s3-provider.ts';

const versioning = (status: string) => ({
  body: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
});

describe('s3Provider', () => {
  test('declares at Amazon what Amazon checks', () => {
    const { client, sent } = wire([]);
    const { capabilities, setMetadata, open, native } = s3Provider({
      bucket: 'b',
      client,
      versions: true,
    });
    for (const condition of S3_CONDITIONS) expect(capabilities[condition]).toBe(true);
    expect(capabilities).toMatchObject({
      setMetadata: true,
      setMetadataIfMatch: true,
      versions: true,
    });
    expect(capabilities.presignOptions).toContain('checksum');
    expect(capabilities.presignOptions).toContain('ifNoneMatch');
    expect(setMetadata).toBeTypeOf('function');
    expect(open).toBeUndefined();
    expect(native).toBe(client);
    expect(sent).toEqual([]);
  });

  test('declares of another store only what is named or documented', () => {
    const at = (endpoint: string) =>
      s3Provider({
        bucket: 'b',
        endpoint,
        accessKeyId: 'k',
        secretAccessKey: 's',
        versions: false,
      });
    const unknown = at('https://minio.example');
    for (const condition of S3_CONDITIONS) expect(unknown.capabilities[condition]).toBeUndefined();
    expect(unknown.capabilities.presignOptions).not.toContain('checksum');
    expect(unknown).not.toHaveProperty('setMetadata');
    expect(unknown).not.toHaveProperty('versions');
    expect(at('https://x.r2.cloudflarestorage.com').capabilities).toMatchObject({
      createIfAbsent: true,
      uploadConditions: true,
      objectTags: false,
    });
    const { client } = wire([], { endpoint: 'https://minio.example' });
    expect(s3Provider({ bucket: 'b', client }).capabilities.createIfAbsent).toBeUndefined();
    const named = s3Provider({ bucket: 'b', client, conditions: ['copyIfMatch'], versions: false });
    expect(named.capabilities).toMatchObject({ copyIfMatch: true, setMetadata: true });
  });

  test('believes a client of the application only when no environment sends it elsewhere', async () => {
    const opened = async (endpoint: string | undefined) => {
      const { client, sent } = wire([], { ignoreConfiguredEndpointUrls: false });
      Object.assign(client.config, { serviceConfiguredEndpoint: async () => endpoint });
      const provider = s3Provider({ bucket: 'b', client, versions: false });
      expect(provider.capabilities.createIfAbsent).toBeUndefined();
      const found = await provider.open?.({});
      expect(sent).toEqual([]);
      return found?.createIfAbsent;
    };
    expect(await opened(undefined)).toBe(true);
    expect(await opened('https://minio.example')).toBeUndefined();
    const { client } = wire([], { ignoreConfiguredEndpointUrls: false });
    const named = s3Provider({ bucket: 'b', client, versions: false, conditions: [] });
    expect(named.open).toBeUndefined();
  });

  test('asks once whether the bucket keeps versions', async () => {
    const { client, sent } = wire([versioning('Enabled')]);
    const opened = await s3Provider({ bucket: 'b', client }).open?.({});
    expect(opened?.versions).toBe(true);
    expect(sent.map(({ query }) => query)).toEqual([{ versioning: '' }]);
  });

  test.each([
    ['suspended', versioning('Suspended')],
    ['no right to ask', refused(403, 'AccessDenied')],
    ['unknown to the store', refused(501, 'NotImplemented')],
  ])('declares no versions when they are %s', async (_what, answer) => {
    const { client } = wire([answer]);
    expect(await s3Provider({ bucket: 'b', client }).open?.({})).not.toHaveProperty('versions');
  });

  test('does not open while the service is away', async () => {
    const { client } = wire([refused(503, 'SlowDown')]);
    await expect(s3Provider({ bucket: 'b', client }).open?.({})).rejects.toMatchObject({
      code: 'rate-limited',
    });
  });

  test('has public URLs where the bucket has', () => {
    const { client } = wire([]);
    const provider = s3Provider({ bucket: 'b', client, publicUrl: 'https://cdn.example/files/' });
    expect(provider.capabilities.publicUrl).toBe(true);
    expect(provider.publicUrl?.('a b/ü')).toBe('https://cdn.example/files/a%20b/%C3%BC');
    expect(s3Provider({ bucket: 'b', client })).not.toHaveProperty('publicUrl');
  });

  test('has every operation that it declares, and sends what it is asked to', async () => {
    const { client, sent } = wire(({ method, query }) => {
      const isListing = method === 'GET' && !('tagging' in query) && !('x-id' in query);
      const body = isListing ? '<R><IsTruncated>false</IsTruncated></R>' : undefined;
      const id = '<R><UploadId>u1</UploadId></R>';
      const begins = method === 'POST' && 'uploads' in query;
      const deleted = '<R><Deleted><Key>a</Key></Deleted></R>';
      const answered = begins ? id : method === 'POST' ? deleted : body;
      return { headers: objectHeaders(0), ...(answered !== undefined && { body: answered }) };
    });
    const provider = s3Provider({ bucket: 'b', client, versions: true });
    await provider.get('a', {});
    await provider.put('a', toBody(''), {});
    await provider.stat('a', {});
    await provider.delete('a', {});
    for await (const page of provider.list({})) expect(page).toBeUndefined();
    await provider.deleteMany?.(['a'], {});
    expect(await provider.copy?.('a', 'a', {})).toMatchObject({ key: 'a' });
    await expect(provider.setMetadata?.('a', {}, {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    await provider.upload?.('a', {});
    for await (const one of provider.uploads?.({}) ?? []) expect(one).toBeUndefined();
    expect((await provider.presign?.('a', {}))?.method).toBe('GET');
    for await (const page of provider.versions?.list('a', {}) ?? []) expect(page).toBeUndefined();
    await expect(provider.versions?.restore('a', 'v', {})).rejects.toMatchObject({
      code: 'unavailable',
    });
    expect(await provider.objectTags?.get('a', {})).toEqual({});
    await provider.objectTags?.set('a', {}, {});
    expect(await provider.health?.({})).toMatchObject({ ok: true });
    await provider.close?.();
    expect(sent.length).toBe(17);
  });

  test('refuses options that cannot be right', () => {
    const wrong = [
      { bucket: '' },
      { bucket: 'photos/2026' },
      { bucket: 'photos--use1-az4--x-s3' },
      { bucket: 'b', publicUrl: 'cdn.example' },
      { bucket: 'b', endpoint: 'minio.example' },
    ];
    for (const options of wrong) {
      expect(() => s3Provider(options)).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    }
  });
});

describe('createS3', () => {
  test('tells the region of a bucket that is elsewhere', async () => {
    const elsewhere = refused(301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-central-1' });
    const { client } = wire([elsewhere]);
    const storage = createS3({ bucket: 'b', client, versions: false, retry: false });
    await expect(storage.get('a')).rejects.toMatchObject({
      code: 'invalid-config',
      hint: expect.stringContaining('"eu-central-1"'),
    });
    await storage.close();
  });

  test('shows no secret when it is printed', () => {
    const storage = createS3({ bucket: 'b', accessKeyId: 'AKID', secretAccessKey: 'TOPSECRET' });
    expect(JSON.stringify(storage.getInfo())).not.toContain('TOPSECRET');
  });
});
