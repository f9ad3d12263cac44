import { cp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { beforeEach, expect, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

let baseDir: string;
let storage: StorageEngine;
const file = (name: string) => join(baseDir, name);
const keys = async () => (await storage.list()).map(({ key }) => key);

beforeEach(async () => {
  baseDir = await temporaryFolder();
  storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('letter.txt', 'Dear Ann,', {
    ...{ metadata: { to: 'Ann' }, tags: ['private'] },
    checksum: 'sha256',
  });
});

test('an edit that keeps length and time gives another etag and drops the checksum', async () => {
  const before = await storage.stat('letter.txt');
  expect(before.checksums?.sha256).toBeDefined();
  const { atime, mtime } = await stat(file('letter.txt'));
  await writeFile(file('letter.txt'), 'Dear Bob,');
  await utimes(file('letter.txt'), atime, mtime);
  const after = await storage.get('letter.txt');
  expect(after.info.etag).not.toBe(before.etag);
  expect(after.info.size).toBe(before.size);
  expect(after.info).toMatchObject({ metadata: { to: 'Ann' }, tags: ['private'] });
  expect(after.info.checksums).toBeUndefined();
  expect(await after.text()).toBe('Dear Bob,');
  const stale = storage.put('letter.txt', 'lost', { ifMatch: before.etag ?? '' });
  await expect(stale).rejects.toMatchObject({ code: 'precondition-failed' });
});

test('an edit keeps what a person said and drops what was derived from the content', async () => {
  await writeFile(file('letter.txt'), 'Dear Ann, this is longer.');
  const { info } = await storage.get('letter.txt');
  expect(info).toMatchObject({ size: 25, metadata: { to: 'Ann' }, tags: ['private'] });
  expect(info.checksums).toBeUndefined();
});

test('a file that is dropped in is an object', async () => {
  await writeFile(file('photo.jpg'), 'pixels');
  const { info } = await storage.get('photo.jpg');
  expect(info).toMatchObject({ size: 6, contentType: 'image/jpeg' });
  expect(await keys()).toEqual(['letter.txt', 'photo.jpg']);
});

test('an object that is copied with its companion keeps its attributes', async () => {
  await cp(file('letter.txt'), file('copy.txt'), { preserveTimestamps: true });
  await cp(file('letter.txt.meta.json'), file('copy.txt.meta.json'));
  const copy = await storage.stat('copy.txt');
  const original = await storage.stat('letter.txt');
  expect(copy).toMatchObject({ metadata: { to: 'Ann' }, checksums: original.checksums });
  await storage.delete('copy.txt');
  expect(await storage.stat('letter.txt')).toEqual(original);
});

test('a companion without its object is no object and says nothing about the next one', async () => {
  await rm(file('letter.txt'));
  expect(await keys()).toEqual([]);
  await expect(storage.get('letter.txt')).rejects.toMatchObject({ code: 'not-found' });
  const info = await storage.put('letter.txt', 'new');
  expect(info.metadata).toBeUndefined();
  expect((await storage.stat('letter.txt')).metadata).toBeUndefined();
});

test('an object whose companion is deleted is there without its attributes', async () => {
  await rm(file('letter.txt.meta.json'));
  const { info } = await storage.get('letter.txt');
  expect(info.size).toBe(9);
  expect([info.metadata, info.tags, info.checksums]).toEqual([undefined, undefined, undefined]);
});

test('renaming file and companion moves the object', async () => {
  await rename(file('letter.txt'), file('ann.txt'));
  await rename(file('letter.txt.meta.json'), file('ann.txt.meta.json'));
  expect(await keys()).toEqual(['ann.txt']);
  expect(await storage.stat('ann.txt')).toMatchObject({ metadata: { to: 'Ann' } });
  await expect(storage.stat('letter.txt')).rejects.toMatchObject({ code: 'not-found' });
});

test('renaming the file alone leaves its attributes behind', async () => {
  await rename(file('letter.txt'), file('ann.txt'));
  expect(await keys()).toEqual(['ann.txt']);
  expect((await storage.stat('ann.txt')).metadata).toBeUndefined();
});

test('an archive that is unpacked over the folder brings its objects with their attributes', async () => {
  const archive = await temporaryFolder();
  await cp(baseDir, archive, { recursive: true, preserveTimestamps: true });
  await storage.put('letter.txt', 'Dear Zoe,', { metadata: { to: 'Zoe' } });
  await storage.put('other.txt', 'stays');
  for (const name of await readdir(archive)) {
    if (name !== '.granary') await cp(join(archive, name), file(name), { preserveTimestamps: true });
  }
  const object = await storage.get('letter.txt');
  expect(await object.text()).toBe('Dear Ann,');
  expect(object.info).toMatchObject({ metadata: { to: 'Ann' }, tags: ['private'] });
  expect(object.info.checksums?.sha256).toBeDefined();
  expect(await keys()).toEqual(['letter.txt', 'other.txt']);
});

test('a companion that is broken by hand says so and the next write mends it', async () => {
  await writeFile(file('letter.txt.meta.json'), '{ "not json');
  await expect(storage.stat('letter.txt')).rejects.toMatchObject({ code: 'corrupted' });
  expect(await readFile(file('letter.txt'), 'utf8')).toBe('Dear Ann,');
  await storage.put('letter.txt', 'again', { metadata: { to: 'all' } });
  expect(await storage.stat('letter.txt')).toMatchObject({ metadata: { to: 'all' } });
});
