import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type Environment, withEnvironment } from './environment.ts';

/** The options that a URL gets. */
function options(backend: string, url: string, env: Environment): Record<string, string> {
  return { ...withEnvironment(backend, parseStorageUrl(url), env).query };
}

describe('s3', () => {
  test('takes an endpoint, of S3 before that of all services', () => {
    const env = { AWS_ENDPOINT_URL: 'https://all.example' };
    expect(options('s3', 's3://b', env)).toEqual({ endpoint: 'https://all.example' });
    const both = { ...env, AWS_ENDPOINT_URL_S3: 'https://s3.example' };
    expect(options('s3', 's3://b?region=x', both)).toEqual({
      region: 'x',
      endpoint: 'https://s3.example',
    });
  });

  test('takes none where the URL has one or endpoints are to be ignored', () => {
    const env = { AWS_ENDPOINT_URL: 'https://all.example' };
    const own = { endpoint_url: 'https://own.example' };
    expect(options('s3', 's3://b?endpoint_url=https://own.example', env)).toEqual(own);
    expect(
      options('s3', 's3://b', { ...env, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' }),
    ).toEqual({});
  });
});

describe('azure', () => {
  const account = { AZURE_STORAGE_ACCOUNT: 'mine', AZURE_STORAGE_KEY: 'k' };

  test('takes a connection string first', () => {
    const env = { ...account, AZURE_STORAGE_CONNECTION_STRING: 'AccountName=mine' };
    expect(options('azure', 'az://c', env)).toEqual({ connectionString: 'AccountName=mine' });
    const elsewhere = 'az://c?endpoint=https://e.example';
    expect(options('azure', elsewhere, env)).toMatchObject({
      accountName: 'mine',
      accountKey: 'k',
    });
    expect(options('azure', 'az://c?account=mine', env)).toEqual({
      account: 'mine',
      accountKey: 'k',
    });
  });

  test('takes the key of the account, or a signature', () => {
    expect(options('azure', 'az://c', account)).toEqual({ accountName: 'mine', accountKey: 'k' });
    const env = { AZURE_STORAGE_ACCOUNT: 'mine', AZURE_STORAGE_SAS_TOKEN: 'sv=1&sig=x' };
    expect(options('azure', 'az://c', env)).toEqual({ accountName: 'mine', sas: 'sv=1&sig=x' });
  });

  test('takes nothing where the URL has credentials, or names another account', () => {
    expect(options('azure', 'az://c?account=mine&key=own', account)).toEqual({
      account: 'mine',
      key: 'own',
    });
    expect(options('azure', 'az://c?account=other', account)).toEqual({ account: 'other' });
  });
});

describe('supabase', () => {
  const env = { SUPABASE_URL: 'https://mine.example', SUPABASE_ANON_KEY: 'anon' };

  test('takes the project and a key', () => {
    expect(options('supabase', 'supabase://b', env)).toEqual({
      url: 'https://mine.example',
      key: 'anon',
    });
    expect(options('supabase', 'supabase://b', { ...env, SUPABASE_KEY: 'own' })).toMatchObject({
      key: 'own',
    });
    const same = { url: 'https://mine.example/', key: 'anon' };
    expect(options('supabase', 'supabase://b?url=https://mine.example/', env)).toEqual(same);
    const url = { url: 'https://other.example' };
    expect(
      options('supabase', 'supabase://b?url=https://other.example', { SUPABASE_KEY: 'k' }),
    ).toEqual({ ...url, key: 'k' });
  });

  test('keeps the key from another project', () => {
    const url = { url: 'https://other.example' };
    expect(options('supabase', 'supabase://b?url=https://other.example', env)).toEqual(url);
    expect(options('supabase', 'supabase://b?key=own', env)).toEqual({
      key: 'own',
      url: 'https://mine.example',
    });
  });
});

test('leaves URLs alone where there is nothing to add', () => {
  const url = parseStorageUrl('az://c?account=a');
  expect(withEnvironment('azure', url, {})).toBe(url);
  expect(withEnvironment('azure', url, { AZURE_STORAGE_KEY: '' })).toBe(url);
  expect(withEnvironment('memory', url, { SUPABASE_URL: 'x' })).toBe(url);
});
