import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { locations, xdgDocuments } from './fs-locations.ts';

let config: string;

beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'granary-locations-'));
  vi.stubEnv('XDG_CONFIG_HOME', config);
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(config, { recursive: true });
});

test('gives every kind of data a folder of its own, named after the application', () => {
  const found = locations({ appName: 'Acme Notes' });
  const paths = Object.values(found);
  expect(new Set(paths).size).toBe(4);
  for (const path of paths) {
    expect(isAbsolute(path)).toBe(true);
    expect(path).toContain('Acme Notes');
  }
});

test('keeps documents where the person has put them', () => {
  expect(locations({ appName: 'acme' }).documents).toBe(join(homedir(), 'Documents', 'acme'));
  writeFileSync(join(config, 'user-dirs.dirs'), 'XDG_DOCUMENTS_DIR="$HOME/Dokumente"\n');
  const folder = process.platform === 'linux' ? 'Dokumente' : 'Documents';
  expect(locations({ appName: 'acme' }).documents).toBe(join(homedir(), folder, 'acme'));
});

test.each([
  ['XDG_DOCUMENTS_DIR="$HOME/Dokumente"', '/home/ada/Dokumente'],
  ['# comment\nXDG_MUSIC_DIR="$HOME/M"\nXDG_DOCUMENTS_DIR="/mnt/docs"\n', '/mnt/docs'],
  ['XDG_DOCUMENTS_DIR="$HOME/"', undefined],
  ['XDG_DOCUMENTS_DIR="$HOME"', undefined],
  ['#XDG_DOCUMENTS_DIR="$HOME/no"', undefined],
  ['', undefined],
])('reads %j', (text, expected) => {
  expect(xdgDocuments(text, '/home/ada')).toBe(expected && join(expected));
});

test.each<[NodeJS.Platform, Record<string, string>, Record<string, string>]>([
  [
    'linux',
    { XDG_DATA_HOME: '/home/ada/.data', XDG_CACHE_HOME: '/var/cache/ada' },
    { data: '/home/ada/.data/acme', cache: '/var/cache/ada/acme' },
  ],
  [
    'darwin',
    {},
    {
      data: join(homedir(), 'Library/Application Support/acme'),
      cache: join(homedir(), 'Library/Caches/acme'),
      documents: join(homedir(), 'Documents/acme'),
    },
  ],
  [
    'win32',
    { APPDATA: '/Users/ada/Roaming', LOCALAPPDATA: '/Users/ada/Local' },
    {
      data: '/Users/ada/Local/acme/Data',
      cache: '/Users/ada/Local/acme/Cache',
      documents: join(homedir(), 'Documents/acme'),
    },
  ],
])('follows the conventions of %s', (platform, variables, expected) => {
  const before = process.platform;
  Object.defineProperty(process, 'platform', { value: platform });
  onTestFinished(() => void Object.defineProperty(process, 'platform', { value: before }));
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  expect(locations({ appName: 'acme' })).toMatchObject({
    ...expected,
    temp: join(tmpdir(), 'acme'),
  });
});

test('looks for documents below the home folder where no configuration is named', () => {
  vi.stubEnv('XDG_CONFIG_HOME', undefined);
  expect(locations({ appName: 'acme' }).documents.endsWith('/acme')).toBe(true);
});

test.each(['', '..', '.hidden', 'a/b', 'a\\b', 'acme.', 'acme ', 'a:b', 'a\0'])(
  'refuses the name %j',
  (appName) => {
    expect(() => locations({ appName })).toThrow('cannot be the name of a folder');
  },
);
