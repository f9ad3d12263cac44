import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { createDropbox } from './index.ts';

const { fromConfig } = createDropbox.backend;

describe('fromConfig', () => {
  test('reads a URL with a folder', () => {
    const url = parseStorageUrl('dropbox:///Apps/Notes?accessToken=t&attributes=none&mute=false');
    expect(fromConfig?.({ url })).toEqual({
      auth: 't',
      root: '/Apps/Notes',
      attributes: 'none',
      mute: false,
    });
  });

  test('reads the names that configurations use', () => {
    const config = { access_token: 't', app_key: 'k', path_root: '7', concurrent_writes: '2' };
    expect(fromConfig?.({ config })).toEqual({
      auth: 't',
      appKey: 'k',
      pathRoot: '7',
      concurrentWrites: 2,
    });
    expect(fromConfig?.({ config: {} })).toEqual({});
  });

  test('refuses options that are unknown or wrong', () => {
    expect(() => fromConfig?.({ config: { attributes: 'native' } })).toThrow(/companion, none/);
    expect(() => fromConfig?.({ config: { bucket: 'b' } })).toThrow(/no option "bucket"/);
  });
});
