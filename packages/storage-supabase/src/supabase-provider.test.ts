import { describe, expect, test } from 'vitest';
import { createSupabase } from './index.ts';
import { supabaseProvider } from './supabase-provider.ts';

const options = { url: 'https://xyz.supabase.co', key: 'anon-key-of-a-test', bucket: 'photos' };

describe('createSupabase', () => {
  test('makes no request and shows no key', () => {
    let requests = 0;
    const fetch = async () => {
      requests += 1;
      return new Response();
    };
    const storage = createSupabase({ ...options, fetch });
    expect(requests).toBe(0);
    expect(JSON.stringify(storage)).not.toContain(options.key);
    expect(storage.getCapabilities()).toMatchObject({ copy: true, deleteMany: true });
  });

  test('declares no more than the service can do', () => {
    const { capabilities, move, setMetadata, uploads } = supabaseProvider(options);
    expect([move, setMetadata, uploads]).toEqual([undefined, undefined, undefined]);
    expect(capabilities.createIfAbsent).toBeUndefined();
    expect(capabilities.maxKeyBytes).toBe(959);
  });

  test.each([
    ['no url', { ...options, url: undefined }],
    ['no key', { ...options, key: '' }],
    ['no bucket', { ...options, bucket: '' }],
    ['plain http to another machine', { ...options, url: 'http://db.example' }],
    ['an address that is none', { ...options, url: 'xyz' }],
  ])('refuses %s', (_, wrong) => {
    expect(() => createSupabase(wrong as typeof options)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('takes plain http when told so', () => {
    expect(() =>
      createSupabase({ ...options, url: 'http://db.example', allowInsecure: true }),
    ).not.toThrow();
  });

  test('sends key and session in their headers, and follows no redirect', async () => {
    const sent: (RequestInit | undefined)[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      sent.push(init);
      return Response.json({ statusCode: '404', code: 'NoSuchKey' }, { status: 400 });
    };
    const storage = createSupabase({ ...options, fetch, accessToken: async () => 'session' });
    expect(await storage.exists('a')).toBe(false);
    const headers = new Headers(sent[0]?.headers);
    expect(headers.get('apikey')).toBe(options.key);
    expect(headers.get('authorization')).toBe('Bearer session');
    expect(sent[0]?.redirect).toBe('error');
  });
});
