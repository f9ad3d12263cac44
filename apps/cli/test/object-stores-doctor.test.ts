import './fixtures/google-tokens.ts';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutBucketCorsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ObjectStores, startObjectStores } from './object-stores.ts';
import { type RunResult, useSandbox } from './run-granary.ts';

const ORIGIN = 'https://app.example';
const sandbox = useSandbox();
let stores: ObjectStores;

beforeAll(async () => {
  stores = await startObjectStores();
  await stores.addBucket('tried');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await stores[Symbol.asyncDispose]();
});
beforeEach(() => {
  for (const [name, value] of Object.entries(stores.env)) vi.stubEnv(name, value);
});

/** Runs `granary doctor`, and looks for secrets in what it says. */
async function doctor(words: readonly string[], env = stores.env): Promise<RunResult> {
  const result = await sandbox.run(['doctor', ...words], { env });
  for (const secret of stores.secrets) expect(result.out + result.err).not.toContain(secret);
  return result;
}

const urlOf = (scheme: string, bucket = 'tried'): string =>
  `${scheme}://${bucket}${scheme === 'gs' ? `?endpoint=${stores.gcs.url}` : ''}`;

describe.each(['s3', 'az', 'gs', 'supabase'])('doctor of %s', (scheme) => {
  test('tries what it may do and leaves nothing behind', async () => {
    const { code, records, err } = await doctor([urlOf(scheme), '--json']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const steps = records.filter(({ type }) => type === 'probe').map(({ step }) => step);
    expect(steps).toEqual(['open', 'list', 'write', 'read', 'delete']);
    const listed = await sandbox.run(['ls', '-r', urlOf(scheme)], { env: stores.env });
    expect(listed.out).toBe('');
  });

  test('says that the bucket is not there', async () => {
    const { code, err } = await doctor([urlOf(scheme, 'not-there')]);
    expect({ code, err }).toEqual({
      code: 3,
      err: expect.stringMatching(/store-not-found.*\nhint: /),
    });
  });
});

describe('doctor', () => {
  test.each<[string, Readonly<Record<string, string>>, string]>([
    ['s3', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'unauthenticated'],
    // Azure says AuthenticationFailed, where azurite says AuthorizationFailure.
    ['az', { AZURE_STORAGE_CONNECTION_STRING: '', AZURE_STORAGE_KEY: 'd3Jvbmc=' }, 'permission'],
    ['supabase', { SUPABASE_KEY: 'a.b.c' }, 'unauthenticated'],
  ])('says that the secret of %s is wrong', async (scheme, wrong, word) => {
    for (const [name, value] of Object.entries(wrong)) vi.stubEnv(name, value);
    const address = scheme === 'az' ? `?endpoint=${stores.azure.service.endpoint}` : '';
    const { code, err } = await doctor([urlOf(scheme) + address], { ...stores.env, ...wrong });
    expect({ code, err }).toEqual({ code: 4, err: expect.stringMatching(/^error .*\nhint: ./) });
    expect(err).toContain(`error ${word}`);
  });

  test('says that the key file of gs is wrong', async () => {
    const keyFile = join(sandbox.folder, 'key.json');
    const account = { type: 'service_account', ...stores.gcs.wrongCredentials };
    writeFileSync(keyFile, JSON.stringify(account));
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', keyFile);
    const { code, err } = await doctor([urlOf('gs')]);
    expect({ code, err }).toEqual({ code: 4, err: expect.stringContaining('unauthenticated') });
  });

  test.each([
    ['s3', 'endpoint=http://127.0.0.1:1'],
    ['az', 'endpoint=http://127.0.0.1:1/account'],
    ['gs', 'endpoint=http://127.0.0.1:1'],
    ['supabase', 'url=http://127.0.0.1:1&key=a.b.c'],
  ])('says that %s cannot be reached', async (scheme, address) => {
    const { code, err } = await doctor([`${scheme}://tried?${address}`]);
    expect({ code, err }).toEqual({ code: 5, err: expect.stringMatching(/^error unavailable: /) });
  });

  test.each([
    ['az', 'az://tried', 'there are no credentials.'],
    ['supabase', 'supabase://tried', 'the option "url" is missing.'],
  ])('says what %s lacks without an environment', async (_, url, reason) => {
    const { code, err } = await doctor([url], {});
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(reason) });
  });
});

describe('doctor --origin', () => {
  const tried = ({ records }: RunResult): unknown[] =>
    records.filter(({ type }) => type === 'probe').map(({ step, ok }) => [step, ok]);

  test('finds S3 closed to pages, then open to what a CORS rule names', async () => {
    const words = [urlOf('s3'), '--origin', ORIGIN, '--json'];
    const closed = await doctor(words);
    expect(closed.code).toBe(4);
    expect(tried(closed).at(-1)).toEqual(['cors get', false]);
    expect(closed.err).toContain('Add a CORS rule for GET and PUT');

    const rule = {
      AllowedOrigins: [ORIGIN],
      AllowedMethods: ['GET', 'PUT'],
      AllowedHeaders: ['*'],
    };
    const CORSConfiguration = { CORSRules: [rule] };
    await stores.s3.client.send(new PutBucketCorsCommand({ Bucket: 'tried', CORSConfiguration }));
    const open = await doctor(words);
    expect({ code: open.code, err: open.err }).toEqual({ code: 0, err: '' });
    expect(tried(open)).toContainEqual(['cors put', true]);
    const other = await doctor([urlOf('s3'), '--origin', 'https://other.example']);
    expect(other.code).toBe(4);
  });

  test('finds Azure closed to pages, then open to what a CORS rule names', async () => {
    const words = [urlOf('az'), '--origin', ORIGIN, '--json'];
    const closed = await doctor(words);
    expect({ code: closed.code, last: tried(closed).at(-1) }).toEqual({
      code: 4,
      last: ['cors get', false],
    });
    const rule = {
      allowedOrigins: ORIGIN,
      allowedMethods: 'GET,PUT',
      allowedHeaders: '*',
      exposedHeaders: '*',
      maxAgeInSeconds: 60,
    };
    await stores.azure.client.setProperties({ cors: [rule] });
    const open = await doctor(words);
    expect({ code: open.code, err: open.err }).toEqual({ code: 0, err: '' });
    expect(tried(open)).toContainEqual(['cors put', true]);
  });

  test('finds a bucket of Google closed to pages, then one with a rule open', async () => {
    expect((await doctor([urlOf('gs'), '--origin', ORIGIN])).code).toBe(4);
    const rule = { origin: [ORIGIN], method: ['GET', 'PUT'], responseHeader: ['*'] };
    stores.gcs.createBucket('with-rule', { cors: [rule] });
    const open = await doctor([urlOf('gs', 'with-rule'), '--origin', ORIGIN]);
    expect({ code: open.code, err: open.err }).toEqual({ code: 0, err: '' });
  });
});
