import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createSupabase } from './index.ts';

const { fromConfig } = createSupabase.backend;

describe('fromConfig', () => {
  test('reads a URL with a prefix', () => {
    const url = parseStorageUrl(
      'supabase://photos/users/42?url=https%3A%2F%2Fx.supabase.co&key=k&public=true',
    );
    expect(fromConfig?.({ url })).toEqual({
      bucket: 'photos',
      prefix: '/users/42',
      url: 'https://x.supabase.co',
      key: 'k',
      public: true,
    });
  });

  test('reads the names that configurations use', () => {
    const config = { supabase_url: 'https://x.supabase.co', supabase_key: 'k', bucket: 'photos' };
    expect(fromConfig?.({ config })).toEqual({
      url: 'https://x.supabase.co',
      key: 'k',
      bucket: 'photos',
    });
  });

  test('refuses options that are missing or unknown', () => {
    expect(() => fromConfig?.({ config: { url: 'x', bucket: 'b' } })).toThrow(/"key" is missing/);
    expect(() =>
      fromConfig?.({ config: { url: 'x', key: 'k', bucket: 'b', region: 'r' } }),
    ).toThrow(/no option "region"/);
  });
});
