import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { objectHeaders, wire } from '../test/wire.ts';
import { isCustom, s3Store } from './s3-client.ts';

const access = { bucket: 'photos', accessKeyId: 'k', secretAccessKey: 's' };

describe('s3Store', () => {
  test('makes a client as lean as one loop of retries wants it', async () => {
    const { config } = s3Store({ ...access, region: 'eu-west-1' }).client();
    expect(await config.maxAttempts()).toBe(1);
    await expect(config.region()).resolves.toBe('eu-west-1');
    expect(await config.requestChecksumCalculation()).toBe('WHEN_SUPPORTED');
    expect(config.forcePathStyle).toBe(false);
    expect(config.followRegionRedirects).toBe(true);
    expect(await config.credentials()).toMatchObject({ accessKeyId: 'k', secretAccessKey: 's' });
    expect(config.logger.warn('nobody reads this')).toBeUndefined();
  });

  test('asks nothing of another store that it may not know', async () => {
    const store = s3Store({ ...access, endpoint: 'http://127.0.0.1:9000', sessionToken: 't' });
    const { config } = store.client();
    expect(store.checksums).toBe(false);
    await expect(config.region()).resolves.toBe('us-east-1');
    expect(await config.requestChecksumCalculation()).toBe('WHEN_REQUIRED');
    expect(await config.responseChecksumValidation()).toBe('WHEN_REQUIRED');
    expect(config.forcePathStyle).toBe(true);
    expect(await config.credentials()).toMatchObject({ sessionToken: 't' });
  });

  test('puts the bucket into the host of a store with a name, unless told otherwise', () => {
    const endpoint = 'https://account.r2.cloudflarestorage.com';
    expect(s3Store({ ...access, endpoint }).client().config.forcePathStyle).toBe(false);
    const options = { ...access, endpoint, forcePathStyle: true, checksums: true };
    expect(s3Store(options).client().config.forcePathStyle).toBe(true);
    expect(s3Store(options).checksums).toBe(true);
    const address = { ...access, endpoint: 'https://[2001:db8::1]:9000' };
    expect(s3Store(address).client().config.forcePathStyle).toBe(true);
  });

  test('takes an endpoint of Amazon for Amazon', () => {
    expect(isCustom({ bucket: 'b', endpoint: 'https://s3.eu-west-1.amazonaws.com' })).toBe(false);
    expect(isCustom({ bucket: 'b', endpoint: 'https://amazonaws.com.example' })).toBe(true);
    const client = new S3Client({ endpoint: 'https://s3.example', region: 'x' });
    expect(isCustom({ bucket: 'b', client })).toBe(true);
  });

  test('takes credentials that refresh', async () => {
    let turn = 0;
    const credentials = async () => {
      turn += 1;
      return { accessKeyId: `k${turn}`, secretAccessKey: 's', expiration: new Date(0) };
    };
    const { config } = s3Store({ bucket: 'b', region: 'x', credentials }).client();
    const first = await config.credentials();
    expect((await config.credentials()).accessKeyId).not.toBe(first.accessKeyId);
  });

  test('refuses half of the credentials, and plain http to another machine', () => {
    const wrong = [
      { bucket: 'b', accessKeyId: 'k' },
      { bucket: 'b', secretAccessKey: 's' },
      { ...access, endpoint: 'http://s3.example' },
    ];
    for (const options of wrong) {
      expect(() => s3Store(options)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    }
    const options = { ...access, endpoint: 'http://s3.example', allowInsecure: true };
    expect(s3Store(options).client()).toBeInstanceOf(S3Client);
  });

  test('sends what every request has, and closes only a client of its own', async () => {
    const { client, sent } = wire([{ headers: objectHeaders(1) }]);
    let closed = 0;
    client.destroy = () => {
      closed += 1;
    };
    const store = s3Store({
      bucket: 'photos',
      client,
      expectedBucketOwner: '111122223333',
      requestPayer: true,
    });
    await store.send(undefined, (one, terms) =>
      one.send(new HeadObjectCommand({ ...store.target, Key: 'a' }), terms),
    );
    expect(sent[0]?.headers).toMatchObject({
      'x-amz-expected-bucket-owner': '111122223333',
      'x-amz-request-payer': 'requester',
    });
    store.close();
    expect(closed).toBe(0);
    const own = s3Store({ ...access, region: 'x' });
    own.close();
    own.client().destroy = client.destroy;
    own.close();
    expect(closed).toBe(1);
  });

  test('passes an abort on as it is', async () => {
    const { client } = wire(async (_sent, signal) => {
      if (!signal.aborted) {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      }
      throw Object.assign(new Error('aborted'), { name: 'AbortError' });
    });
    const store = s3Store({ bucket: 'photos', client });
    const controller = new AbortController();
    const head = new HeadObjectCommand({ ...store.target, Key: 'a' });
    const pending = store.send(controller.signal, (one, terms) => one.send(head, terms));
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
    await expect(
      store.send(AbortSignal.abort(), (one, terms) => one.send(head, terms)),
    ).rejects.toMatchObject({ name: 'AbortError' });
  });
});
