import { ContainerClient } from '@azure/storage-blob';
import { describe, expect, test } from 'vitest';
import { type AzureAccess, blobOf, openClient, send, serviceOf } from './azure-client.ts';

const key = btoa('a key');
const sas = 'sv=2026-10-06&sig=abc';
const credential = { getToken: async () => ({ token: 't', expiresOnTimestamp: 4e12 }) };

const urlOf = (access: AzureAccess) =>
  openClient({ container: 'photos', ...access }).container.url.replace(/\?.*/, '');

describe('openClient', () => {
  test.each<[string, AzureAccess, string | undefined]>([
    ['https://mine.blob.core.windows.net/photos', { accountName: 'mine', accountKey: key }, 'key'],
    [
      'https://mine.blob.core.windows.net/photos',
      { accountName: 'mine', sas: `?${sas}` },
      undefined,
    ],
    ['https://mine.blob.core.windows.net/photos', { accountName: 'mine', credential }, 'token'],
    ['https://files.example/photos', { endpoint: 'https://files.example/', credential }, 'token'],
    [
      'https://mine.blob.core.windows.net/photos',
      { connectionString: `AccountName=mine;AccountKey=${key}` },
      'key',
    ],
    [
      'https://mine.blob.core.chinacloudapi.cn/photos',
      {
        connectionString: `DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=${key};EndpointSuffix=core.chinacloudapi.cn`,
      },
      'key',
    ],
    [
      'https://mine.example/photos',
      { connectionString: `BlobEndpoint=https://mine.example;SharedAccessSignature=${sas}` },
      undefined,
    ],
    [
      'http://127.0.0.1:10000/devstoreaccount1/photos',
      { connectionString: 'UseDevelopmentStorage=true' },
      'key',
    ],
  ])('reaches %s', (url, access, signer) => {
    expect(urlOf(access)).toBe(url);
    expect(openClient({ container: 'photos', ...access }).signer).toBe(signer);
  });

  test('takes a client', () => {
    const client = new ContainerClient('https://mine.blob.core.windows.net/photos');
    expect(openClient({ client })).toEqual({ container: client, signer: undefined });
  });

  test.each<[RegExp, AzureAccess]>([
    [/"container" is missing/, { accountName: 'mine', accountKey: key }],
    [/no name of a container/, { container: 'Not A Name', accountName: 'mine', accountKey: key }],
    [/no credentials/, { container: 'photos', accountName: 'mine' }],
    [/several kinds/, { container: 'photos', accountName: 'mine', accountKey: key, sas }],
    [/accountName/, { container: 'photos', endpoint: 'https://x.example', accountKey: key }],
    [/neither accountName nor endpoint/, { container: 'photos', sas }],
    [/neither accountName nor endpoint/, { container: 'photos', credential }],
    [/no name of an account/, { container: 'photos', accountName: 'a.evil.example/', sas }],
    [/no shared access signature/, { container: 'photos', accountName: 'mine', sas: 'nonsense' }],
    [/without encryption/, { container: 'photos', endpoint: 'http://x.example', sas }],
    [
      /without encryption/,
      {
        container: 'photos',
        connectionString: `DefaultEndpointsProtocol=http;AccountName=mine;AccountKey=${key}`,
      },
    ],
    [
      /without encryption/,
      {
        container: 'photos',
        connectionString: `BlobEndpoint=http://mine.example;SharedAccessSignature=${sas}`,
      },
    ],
    [
      /without encryption/,
      {
        container: 'photos',
        connectionString:
          'UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://proxy.example',
      },
    ],
    [/names neither/, { container: 'photos', connectionString: `AccountKey=${key}` }],
    [/neither a key nor/, { container: 'photos', connectionString: 'AccountName=mine' }],
    [/not usable/, { container: 'photos', connectionString: 'AccountName=mine;AccountKey=!' }],
  ])('refuses with %s', (message, access) => {
    expect(() => openClient(access)).toThrow(
      expect.objectContaining({ code: 'invalid-config', message: expect.stringMatching(message) }),
    );
  });

  test('shows no secret when it refuses', () => {
    const connectionString = 'BlobEndpoint=http://x.example;SharedAccessSignature=sig=hidden';
    expect(() => openClient({ container: 'photos', connectionString })).not.toThrow(/hidden/);
  });

  test('allows plain http when told so', () => {
    expect(urlOf({ endpoint: 'http://x.example', sas, allowInsecure: true })).toBe(
      'http://x.example/photos',
    );
  });
});

test('blobOf and serviceOf find their way from the container', () => {
  const store = openClient({ container: 'photos', accountName: 'mine', accountKey: key });
  expect(blobOf(store, 'a b').url).toBe('https://mine.blob.core.windows.net/photos/a%20b');
  expect(blobOf(store, 'a', '2026-01-01T00:00:00.0000000Z').url).toContain('versionid=2026');
  expect(serviceOf(store).url).toBe('https://mine.blob.core.windows.net/');
});

describe('send', () => {
  test('ends the call with the signal, and leaves no listener on it', async () => {
    const controller = new AbortController();
    const listeners = new Set<unknown>();
    const { signal } = controller;
    const { addEventListener, removeEventListener } = signal;
    Object.assign(signal, {
      addEventListener(name: string, listener: () => void) {
        listeners.add(listener);
        addEventListener.call(signal, name, listener);
      },
      removeEventListener(name: string, listener: () => void) {
        listeners.delete(listener);
        removeEventListener.call(signal, name, listener);
      },
    });
    const call = send(
      signal,
      (own) =>
        new Promise<never>((_, reject) => own.addEventListener('abort', () => reject(own.reason))),
    );
    controller.abort(new Error('the user left'));
    await expect(call).rejects.toMatchObject({ code: 'aborted' });
    expect(listeners.size).toBe(0);
  });
});
