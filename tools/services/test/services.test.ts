import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startAzure, startS3 } from '../src/index.ts';
import { makeBucket } from '../src/make-bucket.ts';
import { makeContainer } from '../src/make-container.ts';

/** The environment without the variables that name running servers, with temporary files in `folder`. */
async function ownEnvironment(): Promise<{ env: NodeJS.ProcessEnv; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { folder, env: { PATH: process.env['PATH'], TMPDIR: folder } };
}

describe('startS3', () => {
  test('starts a server that takes requests, and leaves nothing when it stops', async () => {
    const { env, folder } = await ownEnvironment();
    const service = await startS3({ env });
    expect(service.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    await makeBucket(service, 'photos');
    const url = `${service.endpoint}/photos`;
    expect((await fetch(url)).status).toBe(403);
    await service.stop();
    await service.stop();
    await expect(fetch(url)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  test('refuses credentials that it has not given out', async () => {
    const { env } = await ownEnvironment();
    const service = await startS3({ env });
    onTestFinished(() => service.stop());
    const wrong = { ...service, secretAccessKey: 'wrong' };
    await expect(makeBucket(wrong, 'photos')).rejects.toThrow('403');
  });

  test('names what is missing and the packages that bring it', async () => {
    const { env } = await ownEnvironment();
    await expect(startS3({ env: { ...env, PATH: '/nowhere' } })).rejects.toThrow(
      'apt-get install -y --no-install-recommends radosgw ceph-mon ceph-osd ceph-common',
    );
  });

  test('uses the server that the variables name, and leaves it running', async () => {
    const env = {
      GRANARY_S3_ENDPOINT: 'http://127.0.0.1:1',
      GRANARY_S3_ACCESS_KEY_ID: 'id',
      GRANARY_S3_SECRET_ACCESS_KEY: 'secret',
    };
    const service = await startS3({ env });
    expect(service).toMatchObject({
      endpoint: 'http://127.0.0.1:1',
      region: 'us-east-1',
      accessKeyId: 'id',
      secretAccessKey: 'secret',
    });
    await expect(service.stop()).resolves.toBeUndefined();
    const elsewhere = await startS3({ env: { ...env, GRANARY_S3_REGION: 'eu-west-1' } });
    expect(elsewhere.region).toBe('eu-west-1');
  });

  test('says which variables a running server needs', async () => {
    const env = { GRANARY_S3_ENDPOINT: 'http://127.0.0.1:1', GRANARY_S3_ACCESS_KEY_ID: 'id' };
    await expect(startS3({ env })).rejects.toThrow('GRANARY_S3_SECRET_ACCESS_KEY');
  });
});

describe('startAzure', () => {
  test('starts a server that takes requests, and leaves nothing when it stops', async () => {
    const { env, folder } = await ownEnvironment();
    const service = await startAzure({ env });
    expect(service.connectionString).toContain(`BlobEndpoint=${service.endpoint}`);
    expect(service.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/devstoreaccount1$/);
    const url = `${service.endpoint}/photos?restype=container`;
    expect((await fetch(url)).status).toBeGreaterThanOrEqual(400);
    await service.stop();
    await expect(fetch(url)).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  test("refuses a key that is not the account's", async () => {
    const { env } = await ownEnvironment();
    const service = await startAzure({ env });
    onTestFinished(() => service.stop());
    await makeContainer(service, 'photos');
    const wrong = { ...service, accountKey: 'd3Jvbmc=' };
    await expect(makeContainer(wrong, 'others')).rejects.toThrow('403');
  });

  test('uses the account that the variable names, and leaves it running', async () => {
    const connectionString = 'AccountName=me;AccountKey=a2V5==;EndpointSuffix=core.example';
    const service = await startAzure({
      env: { GRANARY_AZURE_CONNECTION_STRING: connectionString },
    });
    expect(service).toMatchObject({
      endpoint: 'https://me.blob.core.example',
      accountName: 'me',
      accountKey: 'a2V5==',
      connectionString,
    });
    await expect(service.stop()).resolves.toBeUndefined();
  });

  test('reads the endpoint of a connection string, or makes it of its parts', async () => {
    const endpointOf = async (rest: string) => {
      const connectionString = `AccountName=me;AccountKey=key${rest}`;
      const env = { GRANARY_AZURE_CONNECTION_STRING: connectionString };
      return (await startAzure({ env })).endpoint;
    };
    expect(await endpointOf(';BlobEndpoint=http://127.0.0.1:1/me')).toBe('http://127.0.0.1:1/me');
    expect(await endpointOf('')).toBe('https://me.blob.core.windows.net');
    expect(await endpointOf(';DefaultEndpointsProtocol=http')).toBe(
      'http://me.blob.core.windows.net',
    );
  });

  test('says what a connection string lacks', async () => {
    const env = { GRANARY_AZURE_CONNECTION_STRING: 'UseDevelopmentStorage=true' };
    await expect(startAzure({ env })).rejects.toThrow('AccountName');
  });
});
