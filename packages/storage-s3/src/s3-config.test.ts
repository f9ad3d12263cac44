import { parseStorageUrl } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { s3FromConfig } from './s3-config.ts';

describe('s3FromConfig', () => {
  test('reads a URL', () => {
    const url = parseStorageUrl(
      's3://key:sec%2Fret@photos/2026/may?region=eu-west-1&endpoint=https://s3.example&conditions=probe',
    );
    expect(s3FromConfig({ url })).toEqual({
      bucket: 'photos',
      prefix: '/2026/may',
      accessKeyId: 'key',
      secretAccessKey: 'sec/ret',
      region: 'eu-west-1',
      endpoint: 'https://s3.example',
      conditions: 'probe',
    });
  });

  test('reads a config with names of the AWS kind', () => {
    const config = {
      bucket: 'photos',
      region: 'us-west-2',
      access_key_id: 'k',
      secret_access_key: 's',
      url: 'http://127.0.0.1:9000',
      force_path_style: 'true',
      conditions: ['createIfAbsent', 'replaceIfMatch'],
      maxConnections: '8',
    };
    expect(s3FromConfig({ config })).toEqual({
      bucket: 'photos',
      region: 'us-west-2',
      accessKeyId: 'k',
      secretAccessKey: 's',
      endpoint: 'http://127.0.0.1:9000',
      forcePathStyle: true,
      conditions: ['createIfAbsent', 'replaceIfMatch'],
      maxConnections: 8,
    });
  });

  test('refuses what it does not know, without showing values', () => {
    expect(() => s3FromConfig({ config: {} })).toThrow(/"bucket" is missing/);
    expect(() => s3FromConfig({ config: { bucket: 'b', bukket: 'x' } })).toThrow(
      /no option "bukket"/,
    );
    expect(() => s3FromConfig({ config: { bucket: 'b', conditions: 'all' } })).toThrow(
      /createIfAbsent/,
    );
  });
});
