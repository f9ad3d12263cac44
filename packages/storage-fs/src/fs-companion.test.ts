import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type CompanionsSettings, companionPatternOf, companionsOf } from './fs-companion.ts';
import { fileSystemProvider } from './fs-provider.ts';
import { createFileSystem } from './index.ts';

const ATTRIBUTES = {
  contentType: 'text/x-notes',
  metadata: { by: 'Ada', pages: 3 },
  tags: ['one', 'two'],
};

const LAYOUTS = [
  ['meta-json', 'a.txt.meta.json'],
  ['meta', 'a.txt.meta'],
  ['manifest', '.source-metadata.json'],
] as const;

test.each(LAYOUTS)(
  '%s keeps attributes in folder/%s until nothing is said or there',
  async (companions, name) => {
    const baseDir = await temporaryFolder();
    const provider = createFileSystem.provider({ baseDir, companions });
    const path = join(baseDir, 'folder', name);
    const info = await provider.put('folder/a.txt', toBody('content'), ATTRIBUTES);
    expect(info).toMatchObject(ATTRIBUTES);
    expect(await provider.stat('folder/a.txt', {})).toEqual(info);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toBeTypeOf('object');
    await provider.put('folder/a.txt', toBody('content'), {});
    expect(existsSync(path)).toBe(false);
    expect((await provider.stat('folder/a.txt', {})).metadata).toBeUndefined();
    await provider.put('folder/a.txt', toBody('content'), ATTRIBUTES);
    await provider.delete('folder/a.txt', {});
    expect(existsSync(join(baseDir, 'folder'))).toBe(false);
    await provider.close?.();
  },
);

test.each(LAYOUTS)('%s changes attributes alone, and a listing tells them', async (companions) => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir, companions });
  await provider.put('a.txt', toBody('content'), ATTRIBUTES);
  await provider.setMetadata?.('a.txt', { metadata: { by: 'Bob' }, tags: null }, {});
  const object = await provider.get('a.txt', {});
  expect(await object.text()).toBe('content');
  const { contentType } = ATTRIBUTES;
  expect(object.info).toMatchObject({ contentType, metadata: { by: 'Bob' } });
  expect(object.info.tags).toBeUndefined();
  const pages = await Array.fromAsync(provider.list({ include: ['attributes'] }));
  const items = pages.flatMap((page) => page.entries);
  expect(items).toMatchObject([{ key: 'a.txt', metadata: { by: 'Bob' }, contentType }]);
  await provider.close?.();
});

test('one manifest has all objects of its folder, written by many at once', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({
    baseDir,
    companions: 'manifest',
    durability: 'none',
  });
  const keys = Array.from({ length: 12 }, (_, index) => `team/repo/file-${index}.txt`);
  await Promise.all(
    keys.map((key, index) => provider.put(key, toBody(key), { metadata: { index } })),
  );
  for (const [index, key] of keys.entries()) {
    expect((await provider.stat(key, {})).metadata).toEqual({ index });
  }
  const manifest = JSON.parse(
    readFileSync(join(baseDir, 'team', 'repo', '.source-metadata.json'), 'utf8'),
  );
  expect(Object.keys(manifest.objects)).toHaveLength(12);
  expect(manifest).toMatchObject({ account_id: 'team', repository_id: 'repo' });
  await provider.delete('team/repo/file-3.txt', {});
  expect((await provider.stat('team/repo/file-4.txt', {})).metadata).toEqual({ index: 4 });
  await provider.close?.();
});

test('none refuses what it cannot keep, and writes nothing beside objects', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir, companions: 'none' });
  await expect(provider.put('a.txt', toBody('content'), ATTRIBUTES)).rejects.toMatchObject({
    code: 'unsupported',
  });
  expect(provider.setMetadata).toBeUndefined();
  expect(provider.capabilities).toMatchObject({ attributes: 'none', setMetadata: false });
  await provider.put('a.txt', toBody('content'), {});
  await provider.put('a.txt.meta.json', toBody('an object too'), {});
  expect(readdirSync(baseDir).sort()).toEqual(['.granary', 'a.txt', 'a.txt.meta.json']);
  await provider.close?.();
});

test('a folder keeps the layout that it began with', async () => {
  const baseDir = await temporaryFolder();
  const first = createFileSystem({ baseDir, companions: 'meta' });
  await first.put('a.txt', 'content', ATTRIBUTES);
  await first.close();
  const other = createFileSystem({ baseDir, companions: 'manifest' });
  await expect(other.stat('a.txt')).rejects.toMatchObject({
    code: 'invalid-config',
    hint: expect.stringContaining("companions: 'meta'"),
  });
  await other.close();
  const unnamed = createFileSystem({ baseDir });
  expect(await unnamed.stat('a.txt')).toMatchObject(ATTRIBUTES);
  await unnamed.close();
});

test('a companion has the rights of its object', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir });
  await provider.put('a.txt', toBody('content'), ATTRIBUTES);
  const rights = (name: string) => statSync(join(baseDir, name)).mode & 0o777;
  expect(rights('a.txt.meta.json')).toBe(rights('a.txt'));
  await provider.close?.();
});

test.each([
  ['text that is no JSON', 'not json', 'corrupted'],
  ['a list', '[]', 'corrupted'],
  ['a newer format', '{"granary":99,"next":{}}', 'invalid-data'],
])(
  'a companion with %s is told when it is read, and the content stays',
  async (_what, text, code) => {
    const baseDir = await temporaryFolder();
    const provider = createFileSystem.provider({ baseDir });
    await provider.put('a.txt', toBody('content'), {});
    writeFileSync(join(baseDir, 'a.txt.meta.json'), text);
    await expect(provider.stat('a.txt', {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining('a.txt.meta.json'),
    });
    expect(readFileSync(join(baseDir, 'a.txt'), 'utf8')).toBe('content');
    await provider.close?.();
  },
);

test('a broken companion is no reason to refuse the next write of its object', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir });
  await provider.put('a.txt', toBody('content'), {});
  writeFileSync(join(baseDir, 'a.txt.meta.json'), 'not json');
  await provider.put('a.txt', toBody('next'), ATTRIBUTES);
  expect(await provider.stat('a.txt', {})).toMatchObject(ATTRIBUTES);
  await provider.close?.();
});

test('a broken manifest is not written over, since it speaks of other objects', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir, companions: 'manifest' });
  await provider.put('a.txt', toBody('content'), ATTRIBUTES);
  const path = join(baseDir, '.source-metadata.json');
  writeFileSync(path, 'not json');
  await expect(provider.put('b.txt', toBody('b'), ATTRIBUTES)).rejects.toMatchObject({
    ...{ code: 'corrupted', outcome: 'not-applied' },
  });
  expect(readFileSync(path, 'utf8')).toBe('not json');
  expect(existsSync(join(baseDir, 'b.txt'))).toBe(false);
  await provider.close?.();
});

test('a companion that is a link is refused; a folder in its place is none', async () => {
  const baseDir = await temporaryFolder();
  const provider = createFileSystem.provider({ baseDir });
  await provider.put('a.txt', toBody('content'), {});
  await provider.put('b.txt', toBody('content'), {});
  writeFileSync(join(baseDir, 'elsewhere'), '{"secret":1}');
  symlinkSync('elsewhere', join(baseDir, 'a.txt.meta.json'));
  mkdirSync(join(baseDir, 'b.txt.meta.json'));
  await expect(provider.stat('a.txt', {})).rejects.toMatchObject({ code: 'permission-denied' });
  expect((await provider.stat('b.txt', {})).metadata).toBeUndefined();
  await provider.close?.();
});

test('on another device the companion is written beside its object', async () => {
  const baseDir = await temporaryFolder();
  const { rename } = systemWith({}).calls;
  const moved: string[] = [];
  const system = systemWith({
    rename(from, to) {
      if (!to.endsWith('.meta.json')) return rename(from, to);
      moved.push(from.slice(from.lastIndexOf('/') + 1));
      return moved.length === 1 ? Promise.reject(failure('EXDEV')) : rename(from, to);
    },
  });
  const provider = fileSystemProvider({ baseDir }, system);
  const info = await provider.put('a.txt', toBody('content'), ATTRIBUTES);
  expect(await provider.stat('a.txt', {})).toEqual(info);
  expect(moved.map((name) => name.split('.').slice(0, -2).join('.'))).toEqual(['w', '.granary-w']);
  expect(readdirSync(baseDir).sort()).toEqual(['.granary', 'a.txt', 'a.txt.meta.json']);
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  await provider.close?.();
});

test.each([
  ['ENOSPC', 'quota-exceeded'],
  ['EACCES', 'permission-denied'],
  ['EROFS', 'permission-denied'],
])('a companion that fails with %s makes no object', async (errno, code) => {
  const baseDir = await temporaryFolder();
  const { rename } = systemWith({}).calls;
  const provider = fileSystemProvider(
    { baseDir, durability: 'none' },
    systemWith({
      rename: (from, to) =>
        to.endsWith('.meta.json') ? Promise.reject(failure(errno)) : rename(from, to),
    }),
  );
  await expect(provider.put('a.txt', toBody('content'), ATTRIBUTES)).rejects.toMatchObject({
    ...{ code, outcome: 'not-applied' },
  });
  expect(readdirSync(baseDir)).toEqual(['.granary']);
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  await provider.close?.();
});

test('a companion that cannot be opened fails the read; one under a file is none', async () => {
  const errors = ['EACCES', 'ENOTDIR', 'ENOENT'];
  const { calls } = systemWith({ open: () => Promise.reject(failure(errors.shift() ?? 'ELOOP')) });
  const settings = { layout: 'meta', calls } as Partial<CompanionsSettings> as CompanionsSettings;
  const companions = companionsOf(settings);
  await expect(companions.text('/a')).rejects.toMatchObject({ code: 'EACCES' });
  expect(await companions.text('/a')).toBeUndefined();
  expect(await companions.text('/a')).toBeUndefined();
  await expect(companions.text('/a')).rejects.toMatchObject({ code: 'permission-denied' });
});

test('without companions there are no names, texts or records of them', async () => {
  const companions = companionsOf({
    layout: 'none',
  } as Partial<CompanionsSettings> as CompanionsSettings);
  expect(companionPatternOf('none')).toBeUndefined();
  expect(companionPatternOf('meta')?.test('a.meta')).toBe(true);
  expect([companions.layout, companions.nameOf('a'), companions.record('{}', 'a')]).toEqual([
    ...['none', undefined, undefined],
  ]);
  expect(await companions.text('/etc/hostname')).toBeUndefined();
});
