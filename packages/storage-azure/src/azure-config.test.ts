import { inspect } from 'node:util';
import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { azureFromConfig } from './azure-config.ts';
import { azureProvider, createAzure } from './azure-provider.ts';

describe('azureFromConfig', () => {
  test('reads a URL', () => {
    const url = parseStorageUrl('az://photos/2026/may?account=mine&key=c2VjcmV0&versions=true');
    expect(azureFromConfig({ url })).toEqual({
      container: 'photos',
      prefix: '/2026/may',
      accountName: 'mine',
      accountKey: 'c2VjcmV0',
      versions: true,
    });
  });

  test('reads options by the names that others use', () => {
    const config = {
      bucket: 'photos',
      account_name: 'mine',
      account_key: 'x',
      public_url: 'https://c.example',
    };
    expect(azureFromConfig({ config })).toEqual({
      container: 'photos',
      accountName: 'mine',
      accountKey: 'x',
      publicUrl: 'https://c.example',
    });
    const sas = { container: 'photos', endpoint: 'https://x.example', sas_token: 'sig=1' };
    expect(azureFromConfig({ config: sas })).toMatchObject({ sas: 'sig=1' });
  });

  test('refuses what it does not know', () => {
    const refused = expect.objectContaining({ code: 'invalid-config' });
    expect(() => azureFromConfig({ config: { account: 'mine' } })).toThrow(refused);
    expect(() => azureFromConfig({ config: { container: 'a', region: 'x' } })).toThrow(refused);
  });
});

describe('createAzure', () => {
  const access = { container: 'photos', accountName: 'mine', accountKey: btoa('a key') };

  test('answers to its schemes', () => {
    expect(createAzure.backend).toMatchObject({ name: 'azure', schemes: ['az', 'azure'] });
  });

  test('declares what its options make possible', () => {
    expect(createAzure(access).getCapabilities()).toMatchObject({
      presign: true,
      publicUrl: false,
      versions: false,
    });
    const sas = { container: 'photos', accountName: 'mine', sas: 'sig=1' };
    expect(createAzure({ ...sas, public: true, versions: true }).getCapabilities()).toMatchObject({
      presign: false,
      publicUrl: true,
      versions: true,
    });
  });

  test('shows no secret when it is printed', () => {
    const secret = btoa('a key');
    const sas = { container: 'photos', accountName: 'mine', sas: 'sig=hidden' };
    for (const options of [access, sas]) {
      const printed = [createAzure(options), createAzure.provider(options), azureProvider(options)]
        .map((one) => inspect(one, { depth: 9 }))
        .join();
      expect(printed).not.toContain(secret);
      expect(printed).not.toContain('hidden');
      expect(printed).not.toContain(Buffer.from('a key').toString('hex'));
    }
  });

  test('names lasting URLs', () => {
    expect(createAzure({ ...access, public: true }).publicUrl('a b/ä')).toBe(
      'https://mine.blob.core.windows.net/photos/a%20b/%C3%A4',
    );
    expect(createAzure({ ...access, publicUrl: 'https://cdn.example/x/' }).publicUrl('a')).toBe(
      'https://cdn.example/x/a',
    );
    expect(() => createAzure({ ...access, publicUrl: 'http://cdn.example' })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });
});
