import { ContainerClient } from '@azure/storage-blob';
import type { PresignOptions } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { openClient } from './azure-client.ts';
import { delegationKeys, presignRequest } from './azure-presign.ts';

const DAY_MS = 86_400_000;

/** A store of a token's holder, over a transport that hands out keys for signatures. */
function delegated() {
  const asked: string[] = [];
  const credential = {
    getToken: async () => ({ token: 'a-token', expiresOnTimestamp: Date.now() + DAY_MS }),
  };
  const client = new ContainerClient('https://mine.blob.core.windows.net/photos', credential, {
    httpClient: {
      async sendRequest(request) {
        asked.push(`${request.method} ${request.url}`);
        const [, expiry = ''] = /<Expiry>(.*?)<\/Expiry>/.exec(String(request.body)) ?? [];
        const headers = { 'content-type': 'application/xml' };
        return {
          request,
          status: 200,
          headers: { ...request.headers, toJson: () => headers, toJSON: () => headers },
          bodyAsText: `<?xml version="1.0" encoding="utf-8"?><UserDelegationKey><SignedOid>oid</SignedOid><SignedTid>tid</SignedTid><SignedStart>2026-11-21T00:00:00Z</SignedStart><SignedExpiry>${expiry}</SignedExpiry><SignedService>b</SignedService><SignedVersion>2026-10-06</SignedVersion><Value>${btoa('a key')}</Value></UserDelegationKey>`,
        } as never;
      },
    },
  });
  const store = openClient({ client });
  const keys = delegationKeys(store);
  const presign = (key: string, options: PresignOptions) =>
    presignRequest(store, keys, key, options);
  return { presign, asked };
}

describe('presign with a token', () => {
  test('signs with a key that it asks for once', async () => {
    const { presign, asked } = delegated();
    const { url, headers } = await presign('a b', { method: 'PUT' });
    expect(url).toMatch(/^https:\/\/mine\.blob\.core\.windows\.net\/photos\/a%20b\?/);
    expect(new URL(url).searchParams.get('skoid')).toBe('oid');
    expect(new URL(url).searchParams.get('sp')).toBe('cw');
    expect(headers).toEqual({ 'x-ms-blob-type': 'BlockBlob' });
    await presign('other', {});
    expect(asked).toEqual([
      'POST https://mine.blob.core.windows.net/?restype=service&comp=userdelegationkey',
    ]);
  });

  test('refuses what lasts longer than such a key', async () => {
    const { presign } = delegated();
    await expect(presign('a', { expiresInMs: 8 * DAY_MS })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
