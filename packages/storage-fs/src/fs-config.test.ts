import { parseStorageUrl } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { fileSystemFromConfig } from './fs-config.ts';

const fromUrl = (url: string) => fileSystemFromConfig({ url: parseStorageUrl(url) });

test.each([
  ['file:./data', { baseDir: './data' }],
  ['file:///srv/data', { baseDir: '/srv/data' }],
  ['file:///srv/my%20data', { baseDir: '/srv/my data' }],
  ['file:///C:/data', { baseDir: 'C:/data' }],
  ['file:///c:', { baseDir: 'c:' }],
  ['file:///cd/data', { baseDir: '/cd/data' }],
  ['file:///c:data', { baseDir: '/c:data' }],
  [
    'file:///srv/data?durability=none&companions=meta',
    {
      ...{ baseDir: '/srv/data', durability: 'none', companions: 'meta' },
    },
  ],
  ['file:./data?backup=true&maxBytes=1000', { baseDir: './data', backup: true, maxBytes: 1000 }],
  [
    'file:./data?max_age_ms=5&lock_timeout_ms=7',
    {
      ...{ baseDir: './data', maxAgeMs: 5, lockTimeoutMs: 7 },
    },
  ],
])('reads %s', (url, options) => {
  expect(fromUrl(url)).toEqual(options);
});

test('takes a config object, by the names of options and by those of other programs', () => {
  const options = { baseDir: '/srv/data', publicUrlBase: 'https://example.org/files' };
  expect(fileSystemFromConfig({ config: options })).toEqual(options);
  expect(
    fileSystemFromConfig({
      config: { base_path: '/srv/data', public_url_base: 'https://example.org/files' },
    }),
  ).toEqual(options);
  expect(
    fileSystemFromConfig({ config: { location: 'cache', app_name: 'acme', folder: 'tiles' } }),
  ).toEqual({ location: 'cache', appName: 'acme', folder: 'tiles' });
});

test('a path of a config object is left as it is, since it is no URL', () => {
  expect(fileSystemFromConfig({ config: { path: '/c:/data' } })).toEqual({ baseDir: '/c:/data' });
});

test.each([
  ['an unknown option', { baseDir: 'data', colour: 'red' }, 'colour'],
  [
    'a word that is none of the durabilities',
    { baseDir: 'data', durability: 'some' },
    'durability',
  ],
  ['a word that is none of the layouts', { baseDir: 'data', companions: 'xml' }, 'companions'],
  ['a word that is none of the locations', { location: 'desk', appName: 'a' }, 'location'],
  ['a number that is none', { baseDir: 'data', maxBytes: 'many' }, 'maxBytes'],
  ['an option given by two names', { baseDir: 'data', path: 'other' }, 'baseDir'],
])('refuses %s and names it', (_what, config, name) => {
  const read = () => fileSystemFromConfig({ config });
  expect(read).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  expect(read).toThrow(name);
});
