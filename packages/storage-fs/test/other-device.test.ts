import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import type { FsCalls } from '../src/fs-calls.ts';
import { NODE_CALLS } from '../src/fs-calls.ts';
import type { FileSystemOptions } from '../src/fs-options.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { type FsSystem, THIS_SYSTEM } from '../src/fs-system.ts';
import type { FileSystemNative } from '../src/index.ts';
import { failure, systemWith } from './faults.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';
import { mountSmallDisk } from './small-mount.ts';

const SAID = { metadata: { version: 1 }, tags: ['kept'], contentType: 'text/x-notes' };
const NEXT = { metadata: { version: 2 } };

interface Place {
  readonly baseDir: string;
  readonly system: FsSystem;
}

/** A store of which the folder `other` is a disk of its own. */
async function withMount(context: TestContext): Promise<Place> {
  const baseDir = await temporaryFolder();
  mkdirSync(join(baseDir, 'other'));
  await mountSmallDisk(context, join(baseDir, 'other'));
  return { baseDir, system: THIS_SYSTEM };
}

/** The same, made believe: no rename leads into the folder or out of it. */
async function simulated(): Promise<Place> {
  const baseDir = await temporaryFolder();
  const isOther = (path: string) => `${realFolder(path)}/`.startsWith(`${join(baseDir, 'other')}/`);
  const within = (call: FsCalls['rename']): FsCalls['rename'] => {
    return async (from, to) => {
      if (isOther(from) !== isOther(to)) throw failure('EXDEV');
      return call(from, to);
    };
  };
  const calls = { rename: within(NODE_CALLS.rename), link: within(NODE_CALLS.link) };
  return { baseDir, system: systemWith(calls) };
}

function realFolder(path: string): string {
  const folder = dirname(path);
  return /^\/proc\/\w+\/fd\/\d+$/.test(folder) ? readlinkSync(folder) : folder;
}

const PLACES: readonly [string, (context: TestContext) => Promise<Place>][] = [
  ['a mounted disk', withMount],
  ['a made-up disk', simulated],
];

function openAt({ baseDir, system }: Place, options: FileSystemOptions = {}): StorageEngine {
  const storage = createStorage(fileSystemProvider({ baseDir, ...options }, system));
  onTestFinished(() => storage.close());
  return storage;
}

async function expectContent(
  storage: StorageEngine,
  key: string,
  text: string,
  said: object = {},
): Promise<void> {
  const object = await storage.get(key);
  expect(await object.text()).toBe(text);
  expect({ metadata: object.info.metadata, tags: object.info.tags }).toEqual({
    ...{ metadata: undefined, tags: undefined },
    ...('metadata' in said && { metadata: said.metadata }),
    ...('tags' in said && { tags: said.tags }),
  });
}

/** Every file of the store but the format, by its path. */
function filesIn(baseDir: string): string[] {
  return readdirSync(baseDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(format.json|second-names)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(baseDir.length + 1))
    .sort();
}

test.for(PLACES)('puts reach %s, with and without attributes', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  await storage.put('other/plain.txt', 'plain');
  await storage.put('other/deep/said.txt', 'said', SAID);
  await storage.put('other/stream.txt', new Blob(['a', 'stream']).stream());
  await storage.put('other/checked.txt', 'checked', { checksum: true });
  await storage.put('other/plain.txt', 'plain again');
  await storage.put('other/deep/said.txt', 'said again', NEXT);
  await expectContent(storage, 'other/plain.txt', 'plain again');
  await expectContent(storage, 'other/deep/said.txt', 'said again', NEXT);
  await expectContent(storage, 'other/stream.txt', 'astream');
  await storage.put('other/deep/said.txt', 'no attributes');
  await expectContent(storage, 'other/deep/said.txt', 'no attributes');
  expect(filesIn(place.baseDir)).toEqual([
    'other/checked.txt',
    'other/checked.txt.meta.json',
    'other/deep/said.txt',
    'other/plain.txt',
    'other/stream.txt',
  ]);
});

test.for(PLACES)('conditions hold on %s', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  const { etag = '' } = await storage.put('other/a.txt', 'one', { ifNoneMatch: '*' });
  await storage.put('other/a.txt', 'two', { ifMatch: etag });
  for (const condition of [{ ifNoneMatch: '*' }, { ifMatch: etag }] as const) {
    await expect(storage.put('other/a.txt', 'three', condition)).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  }
  await expectContent(storage, 'other/a.txt', 'two');
  expect(filesIn(place.baseDir)).toEqual(['other/a.txt']);
});

test.for(PLACES)('copies go to %s and back', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  await storage.put('here/a.txt', 'content', SAID);
  await storage.copy('here/a.txt', 'other/a.txt');
  await storage.copy('other/a.txt', 'other/b.txt');
  await storage.copy('other/b.txt', 'back.txt');
  for (const key of ['here/a.txt', 'other/a.txt', 'other/b.txt', 'back.txt']) {
    await expectContent(storage, key, 'content', SAID);
  }
  expect(filesIn(place.baseDir)).toHaveLength(8);
});

test.for(PLACES)('moves go to %s and back, and leave no source', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  await storage.put('here/a.txt', 'content', SAID);
  await storage.put('other/taken.txt', 'before');
  await storage.move('here/a.txt', 'other/a.txt');
  await storage.move('other/a.txt', 'other/taken.txt');
  await storage.move('other/taken.txt', 'back.txt');
  await expectContent(storage, 'back.txt', 'content', SAID);
  expect(filesIn(place.baseDir)).toEqual(['back.txt', 'back.txt.meta.json']);
});

test.for(PLACES)('an upload in parts ends on %s', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  const session = await storage.upload('other/large.bin', {
    totalBytes: 9,
    attributes: { metadata: { version: 1 } },
  });
  await session.write(4, Buffer.from('parts'));
  await session.write(0, Buffer.from('four'));
  await session.complete();
  await expectContent(storage, 'other/large.bin', 'fourparts', { metadata: { version: 1 } });
  expect(filesIn(place.baseDir)).toEqual(['other/large.bin', 'other/large.bin.meta.json']);
  expect(readdirSync(join(place.baseDir, '.granary', 'uploads'))).toEqual([]);
});

test.for(PLACES)('attributes change, and objects go, on %s', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place);
  await storage.put('other/a.txt', 'content', SAID);
  await storage.setMetadata('other/a.txt', NEXT);
  await expectContent(storage, 'other/a.txt', 'content', { ...SAID, ...NEXT });
  await storage.delete('other/a.txt');
  expect(filesIn(place.baseDir)).toEqual([]);
  expect(await storage.list()).toEqual([]);
});

test.for(PLACES)('backups of what lies on %s bring it back', async ([, make], context) => {
  const place = await make(context);
  const storage = openAt(place, { backup: true });
  await storage.put('other/a.txt', 'good', SAID);
  await storage.delete('other/a.txt');
  await storage.put('other/a.txt', 'better', SAID);
  await storage.put('other/a.txt', 'edited');
  await (storage.native as FileSystemNative).restore('other/a.txt');
  await expectContent(storage, 'other/a.txt', 'edited');
});

test.for(PLACES)(
  'when %s is full the old object stays and nothing lies about',
  async ([, make], context) => {
    const place = await make(context);
    const first = openAt(place);
    await first.put('other/a.txt', 'before', SAID);
    const full = systemWith({
      ...place.system.calls,
      copyFile: async () => {
        throw failure('ENOSPC');
      },
    });
    const storage = openAt({ ...place, system: full });
    await expect(storage.put('other/a.txt', 'after', NEXT)).rejects.toMatchObject({
      ...{ code: 'quota-exceeded', outcome: 'not-applied' },
    });
    await expectContent(first, 'other/a.txt', 'before', SAID);
    expect(filesIn(place.baseDir)).toEqual(['other/a.txt', 'other/a.txt.meta.json']);
  },
);

test('what a killed process left on another disk is swept by the next write there', async (context) => {
  const { baseDir } = await withMount(context);
  const storage = openAt({ baseDir, system: THIS_SYSTEM });
  await storage.put('other/a.txt', 'before', SAID);
  const writer = startProcess('stopped-writer.ts', {
    ...{ baseDir, key: 'other/a.txt', content: 'never', metadata: { version: 9 } },
    stop: { before: 'rename', path: '/other/a\\.txt$', number: 2 },
  });
  expect(await writer.ended).toMatchObject({ signal: 'SIGKILL' });
  const strays = () => filesIn(baseDir).filter((name) => name.includes('.granary-'));
  expect(strays()).toHaveLength(1);
  expect(await Array.fromAsync((storage.native as FileSystemNative).strays())).toEqual([
    { path: strays()[0], reason: 'temporary' },
  ]);
  await expectContent(storage, 'other/a.txt', 'before', SAID);
  await storage.put('other/b.txt', 'another key', SAID);
  await storage.put('other/a.txt', 'after', NEXT);
  await expectContent(storage, 'other/a.txt', 'after', NEXT);
  expect(filesIn(baseDir).filter((name) => !name.startsWith('.granary/'))).toEqual([
    'other/a.txt',
    'other/a.txt.meta.json',
    'other/b.txt',
    'other/b.txt.meta.json',
  ]);
});
