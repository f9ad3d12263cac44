import { describe, expect, test } from 'vitest';
import { dropbox } from './providers/dropbox.ts';
import { google } from './providers/google.ts';
import { microsoft } from './providers/microsoft.ts';
import { openId } from './providers/open-id.ts';
import { missingScopes } from './scopes.ts';

describe('missingScopes', () => {
  test("compares Google's in full", () => {
    const provider = google({ clientId: 'me', scopes: ['drive.file', 'drive.appdata', 'email'] });
    const { scopes } = provider;
    expect(missingScopes(provider, scopes, [scopes[0] ?? ''])).toEqual([scopes[1]]);
  });

  test("knows Microsoft's with and without Graph's address, in any case", () => {
    const provider = microsoft({ clientId: 'me', scopes: ['Files.ReadWrite', 'User.Read'] });
    const granted = ['https://graph.microsoft.com/files.readwrite', 'profile', 'openid'];
    expect(missingScopes(provider, provider.scopes, granted)).toEqual(['User.Read']);
  });

  test('misses nothing where nothing was asked for', () => {
    expect(missingScopes(dropbox({ appKey: 'k' }), [], ['files.content.read'])).toEqual([]);
  });
});

describe('providers', () => {
  test('show no client secret', () => {
    for (const provider of [
      google({ clientId: 'me', clientSecret: 'hunter2' }),
      openId({ issuer: 'https://id.example', clientId: 'me', clientSecret: 'hunter2' }),
    ]) {
      expect(provider.clientSecret).toBe('hunter2');
      expect(JSON.stringify(provider)).not.toContain('hunter2');
    }
    expect(JSON.stringify(google({ clientId: 'me' }))).not.toContain('"clientSecret"');
  });

  test("take Microsoft's tenants, and no other part of an address", () => {
    const of = (tenant: string) => microsoft({ clientId: 'me', tenant }).endpoints?.token;
    expect(of('contoso.onmicrosoft.com')).toBe(
      'https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token',
    );
    expect(() => of('a/b')).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    const china = microsoft({
      clientId: 'me',
      authority: 'https://login.partner.microsoftonline.cn',
      scopes: ['Files.Read', 'offline_access'],
    });
    expect(china.scopes).toEqual(['Files.Read', 'offline_access']);
    expect(china.issuer).toContain('microsoftonline.cn/{tenantid}');
  });

  test('ask OpenID providers for consent only where a refresh token is wanted', () => {
    const of = (scopes: string[]) =>
      openId({ issuer: 'https://id.example', clientId: 'me', scopes });
    expect(of(['openid', 'offline_access']).parameters).toEqual({ prompt: 'consent' });
    expect(of(['openid']).parameters).toEqual({});
    expect(openId({ issuer: 'not an address', clientId: 'me' }).id).toBe('not an address');
  });
});
