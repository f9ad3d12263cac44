import { join } from 'node:path';
import { expect, test } from 'vitest';
import { locations } from './fs-locations.ts';
import { type FileSystemOptions, settingsOf } from './fs-options.ts';

const refused = (options: unknown) => () => settingsOf(options as FileSystemOptions);

test('what is not given has the defaults that the options tell', () => {
  expect(settingsOf({ baseDir: './data' })).toEqual({
    baseDir: './data',
    publicUrlBase: undefined,
    durability: 'full',
    companions: undefined,
    hasBackups: false,
    onRecovery: undefined,
    maxAgeMs: undefined,
    maxBytes: undefined,
    lockTimeoutMs: 30_000,
    watcher: undefined,
  });
});

test('what is given stays', () => {
  const onRecovery = () => {};
  const given = {
    baseDir: '/srv',
    durability: 'file',
    companions: 'manifest',
    maxAgeMs: 0,
    maxBytes: 10,
    lockTimeoutMs: 0,
    onRecovery,
  } as const;
  expect(settingsOf({ ...given, backup: true })).toMatchObject({ ...given, hasBackups: true });
});

test.each(['cache', 'temp'] as const)('a %s is kept for 30 days, up to 1 GiB', (location) => {
  expect(settingsOf({ location, appName: 'acme' })).toMatchObject({
    baseDir: locations({ appName: 'acme' })[location],
    maxAgeMs: 30 * 24 * 3_600_000,
    maxBytes: 1024 ** 3,
  });
  expect(settingsOf({ location, appName: 'acme', maxBytes: 5 }).maxBytes).toBe(5);
});

test.each(['documents', 'data'] as const)('nothing is removed from %s', (location) => {
  const { maxAgeMs, maxBytes } = settingsOf({ location, appName: 'acme' });
  expect([maxAgeMs, maxBytes]).toEqual([undefined, undefined]);
});

test('a folder is one below the location', () => {
  const { data } = locations({ appName: 'acme' });
  const { baseDir } = settingsOf({ location: 'data', appName: 'acme', folder: 'a/b' });
  expect(baseDir).toBe(join(data, 'a', 'b'));
});

test.each(['..', '../other', '.', '', 'a/../..', 'a/..'])('refuses the folder %j', (folder) => {
  expect(refused({ location: 'data', appName: 'acme', folder })).toThrow(
    expect.objectContaining({ code: 'invalid-config' }),
  );
});

test.each([
  'https://example.org/files',
  'https://example.org/files/',
  'https://example.org/files//',
])('the slash between %s and a key is written once', (publicUrlBase) => {
  expect(settingsOf({ baseDir: 'data', publicUrlBase }).publicUrlBase).toBe(
    'https://example.org/files',
  );
});

test.each<[string, unknown, string]>([
  ['no folder at all', {}, 'there is no baseDir'],
  ['an empty folder', { baseDir: '' }, 'there is no baseDir'],
  ['a folder that is no text', { baseDir: 5 }, 'there is no baseDir'],
  ['an application without a location', { baseDir: 'a', appName: 'acme' }, 'go with location'],
  ['a folder without a location', { baseDir: 'a', folder: 'b' }, 'go with location'],
  ['two places', { baseDir: 'a', location: 'data', appName: 'acme' }, 'exclude each other'],
  ['a location of nobody', { location: 'data' }, 'needs the appName'],
  [
    'an unknown location',
    { location: 'desk', appName: 'acme' },
    'location is one of: documents, data, cache, temp.',
  ],
  [
    'an unknown durability',
    { baseDir: 'a', durability: 'most' },
    'durability is one of: full, file, none.',
  ],
  [
    'an unknown layout',
    { baseDir: 'a', companions: 'xml' },
    'companions is one of: meta-json, meta, manifest, none.',
  ],
  ['a negative age', { baseDir: 'a', maxAgeMs: -1 }, 'maxAgeMs is not a number of at least 0'],
  ['an endless size', { baseDir: 'a', maxBytes: Number.POSITIVE_INFINITY }, 'maxBytes is not'],
  ['a wait of NaN', { baseDir: 'a', lockTimeoutMs: Number.NaN }, 'lockTimeoutMs is not'],
  ['a size in words', { baseDir: 'a', maxBytes: '1 MB' }, 'maxBytes is not'],
])('refuses %s', (_what, options, reason) => {
  expect(refused(options)).toThrow(
    expect.objectContaining({ code: 'invalid-config', provider: 'fs' }),
  );
  expect(refused(options)).toThrow(reason);
});
