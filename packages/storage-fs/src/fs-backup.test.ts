import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { failure, setBack, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { fileSystemProvider } from './fs-provider.ts';
import { createFileSystem, type FileSystemNative, type RecoveryEvent } from './index.ts';

/** The files of all backups of a store. */
function backupsIn(baseDir: string): string[] {
  const folder = join(baseDir, '.granary', 'backups');
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

function onlyBackupIn(baseDir: string): string {
  const [path, ...others] = backupsIn(baseDir);
  expect(others).toEqual([]);
  if (path === undefined) throw new Error('there is no backup');
  return path;
}

function workIn(baseDir: string): string[] {
  return readdirSync(join(baseDir, '.granary', 'work'));
}

/** Other bytes of the same length and time, as a bad disk has them. */
function damage(path: string, change: (bytes: Buffer) => void): void {
  const { mtimeMs } = statSync(path);
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
  setBack(path, mtimeMs);
}

async function openWithBackups(): Promise<{
  readonly baseDir: string;
  readonly events: RecoveryEvent[];
  readonly storage: ReturnType<typeof createFileSystem>;
  readonly native: FileSystemNative;
}> {
  const baseDir = await temporaryFolder();
  const events: RecoveryEvent[] = [];
  const storage = createFileSystem({
    ...{ baseDir, backup: true, durability: 'none' },
    onRecovery: (event) => events.push(event),
  });
  return { baseDir, events, storage, native: storage.native as FileSystemNative };
}

test('a damaged object comes back when it is read, with its attributes, and is told of', async () => {
  const { baseDir, events, storage } = await openWithBackups();
  await storage.put('notes/a.txt', 'the good content', { metadata: { by: 'Ada' } });
  damage(join(baseDir, 'notes', 'a.txt'), (bytes) => bytes.fill(120, 4, 8));
  const object = await storage.get('notes/a.txt');
  expect(await object.text()).toBe('the good content');
  expect(object.info.metadata).toEqual({ by: 'Ada' });
  expect(events).toEqual([{ key: 'notes/a.txt', reason: 'damaged' }]);
  expect(readFileSync(join(baseDir, 'notes', 'a.txt'), 'utf8')).toBe('the good content');
  expect(workIn(baseDir)).toEqual([]);
  await storage.close();
});

test('an object that was cut short comes back, also for a part of it and for stat', async () => {
  const { baseDir, events, storage } = await openWithBackups();
  const path = join(baseDir, 'a.txt');
  await storage.put('a.txt', '0123456789');
  const cut = () => {
    const { mtimeMs } = statSync(path);
    truncateSync(path, 3);
    setBack(path, mtimeMs);
  };
  cut();
  const part = await storage.get('a.txt', { range: { offset: 5, length: 4 } });
  expect(await part.text()).toBe('5678');
  cut();
  expect((await storage.stat('a.txt')).size).toBe(10);
  expect(events).toHaveLength(2);
  await storage.close();
});

test('an edit of a person is no damage and is kept', async () => {
  const { baseDir, events, storage } = await openWithBackups();
  await storage.put('a.txt', 'what the program wrote');
  writeFileSync(join(baseDir, 'a.txt'), 'what the person wrote!');
  expect(await (await storage.get('a.txt')).text()).toBe('what the person wrote!');
  expect(events).toEqual([]);
  await storage.close();
});

test('there is one backup for each key, which goes with its object', async () => {
  const { baseDir, storage } = await openWithBackups();
  await storage.put('a.txt', 'one');
  await storage.put('a.txt', 'two');
  expect(backupsIn(baseDir)).toHaveLength(1);
  expect(readFileSync(onlyBackupIn(baseDir)).toString('latin1')).toMatch(/^two\{"granary":1,/);
  await storage.put('b.txt', 'three');
  expect(backupsIn(baseDir)).toHaveLength(2);
  await storage.delete('a.txt');
  await storage.delete('b.txt');
  expect(backupsIn(baseDir)).toEqual([]);
  await storage.close();
});

test('nobody else may read a backup', async () => {
  const { baseDir, storage } = await openWithBackups();
  await storage.put('a.txt', 'secret');
  expect(statSync(onlyBackupIn(baseDir)).mode & 0o077).toBe(0);
  await storage.close();
});

test('restore brings back what a person changed, and what a person removed', async () => {
  const { baseDir, storage, native } = await openWithBackups();
  const path = join(baseDir, 'a.txt');
  await storage.put('a.txt', 'as it was');
  writeFileSync(path, 'by mistake');
  expect((await native.restore('a.txt')).size).toBe(9);
  expect(readFileSync(path, 'utf8')).toBe('as it was');
  rmSync(path);
  const info = await native.restore('a.txt');
  expect(await storage.stat('a.txt')).toEqual(info);
  expect(readFileSync(path, 'utf8')).toBe('as it was');
  await storage.close();
});

test('restore of a key without a backup is not-found and says why', async () => {
  const { storage, native } = await openWithBackups();
  await expect(native.restore('a.txt')).rejects.toMatchObject({
    code: 'not-found',
    hint: 'It has no good backup.',
  });
  await storage.close();
});

test('an object and a backup that are both damaged are corrupted, not made up', async () => {
  const { baseDir, events, storage } = await openWithBackups();
  await storage.put('a.txt', 'the good content');
  damage(join(baseDir, 'a.txt'), (bytes) => bytes.fill(0, 0, 1));
  damage(onlyBackupIn(baseDir), (bytes) => bytes.fill(0, 1, 2));
  await expect(storage.get('a.txt')).rejects.toMatchObject({ code: 'corrupted', key: 'a.txt' });
  expect(events).toEqual([]);
  expect(workIn(baseDir)).toEqual([]);
  await storage.close();
});

test.each<[string, (path: string) => void]>([
  ['is empty', (path) => truncateSync(path, 0)],
  ['has lost its end', (path) => truncateSync(path, statSync(path).size - 1)],
  ['has something behind it', (path) => appendFileSync(path, 'more')],
  ['has a proof that is no JSON', (path) => damage(path, (bytes) => bytes.fill(63, 16, 18))],
  [
    'has a wrong length',
    (path) => damage(path, (bytes) => bytes.fill(255, bytes.length - 12, bytes.length - 8)),
  ],
  ['is of another version', (path) => damage(path, (bytes) => bytes.fill('9', 27, 28))],
])('a backup that %s proves nothing, and the object is read as it is', async (_what, spoil) => {
  const { baseDir, events, storage, native } = await openWithBackups();
  await storage.put('a.txt', 'the good content');
  spoil(onlyBackupIn(baseDir));
  expect(await (await storage.get('a.txt')).text()).toBe('the good content');
  await expect(native.restore('a.txt')).rejects.toMatchObject({ code: 'not-found' });
  await storage.put('a.txt', 'the next content');
  expect(readFileSync(onlyBackupIn(baseDir)).toString('latin1')).toMatch(/^the next content\{/);
  expect(events).toEqual([]);
  await storage.close();
});

test.each([
  ['copyFile', 'ENOSPC', 'quota-exceeded'],
  ['chmod', 'EPERM', 'permission-denied'],
  ['write', 'ENOSPC', 'quota-exceeded'],
  ['fsync', 'EIO', 'unavailable'],
] as const)(
  'a backup that fails by %s with %s leaves the old object and nothing else',
  async (call, errno, code) => {
    const baseDir = await temporaryFolder();
    const options = { baseDir, backup: true, durability: 'file' } as const;
    const before = createFileSystem(options);
    await before.put('a.txt', 'before', { metadata: { version: 1 } });
    await before.close();
    let isFailing = false;
    let isBackup = false;
    const system = systemWith({});
    const { copyFile } = system.calls;
    const real = system.calls[call] as (...values: never[]) => Promise<never>;
    const provider = fileSystemProvider(options, {
      ...system,
      calls: {
        ...system.calls,
        async copyFile(...values) {
          await copyFile(...values);
          isBackup = isFailing;
        },
        [call]: (...values: never[]) =>
          isBackup || (isFailing && call === 'copyFile')
            ? Promise.reject(failure(errno))
            : real(...values),
      },
    });
    await provider.open?.({});
    isFailing = true;
    await expect(provider.put('a.txt', toBody('after'), {})).rejects.toMatchObject({
      code,
      outcome: 'not-applied',
    });
    isFailing = false;
    isBackup = false;
    const object = await provider.get('a.txt', {});
    expect(await object.text()).toBe('before');
    expect(object.info.metadata).toEqual({ version: 1 });
    expect(workIn(baseDir)).toEqual([]);
    await provider.put('a.txt', toBody('after'), {});
    expect(await (await provider.get('a.txt', {})).text()).toBe('after');
    await provider.close?.();
  },
);

test('a large object is checked while it streams, and is good at the next read', async () => {
  const { baseDir, events, storage } = await openWithBackups();
  const content = Buffer.alloc(600 * 1024, 'granary');
  await storage.put('big.bin', content);
  damage(join(baseDir, 'big.bin'), (bytes) => bytes.fill(0, 1000, 1010));
  await expect((await storage.get('big.bin')).bytes()).rejects.toMatchObject({
    retryable: true,
  });
  expect(events).toEqual([{ key: 'big.bin', reason: 'damaged' }]);
  expect(Buffer.from(await (await storage.get('big.bin')).bytes()).equals(content)).toBe(true);
  await storage.close();
});

test.each([
  ['EACCES', 'permission-denied'],
  ['EIO', 'unavailable'],
])('a backup that cannot be opened for %s is told, not taken for none', async (errno, code) => {
  const baseDir = await temporaryFolder();
  const options = { baseDir, backup: true, durability: 'none' } as const;
  let isFailing = false;
  const { open, unlink } = systemWith({}).calls;
  const fails = (path: string) => isFailing && /\/[0-9a-f]{40}$/.test(path);
  const provider = fileSystemProvider(
    options,
    systemWith({
      open: (path, ...rest) => (fails(path) ? Promise.reject(failure(errno)) : open(path, ...rest)),
      unlink: (path) => (fails(path) ? Promise.reject(failure(errno)) : unlink(path)),
    }),
  );
  await provider.put('a.txt', toBody('content'), {});
  isFailing = true;
  await expect(provider.get('a.txt', {})).rejects.toMatchObject({ code });
  await expect((provider.native as FileSystemNative).restore('a.txt')).rejects.toMatchObject({
    code,
  });
  await expect(provider.delete('a.txt', {})).rejects.toMatchObject({ code });
  isFailing = false;
  await provider.close?.();
});

test('a write whose last step fails leaves the backup of the object that stays', async () => {
  const baseDir = await temporaryFolder();
  const { rename } = systemWith({}).calls;
  let isFailing = false;
  const provider = fileSystemProvider(
    { baseDir, backup: true },
    systemWith({
      rename: (from, to) =>
        isFailing && to.endsWith('/a.txt') ? Promise.reject(failure('EROFS')) : rename(from, to),
    }),
  );
  await provider.put('a.txt', toBody('before'), {});
  isFailing = true;
  await expect(provider.put('a.txt', toBody('after!'), {})).rejects.toMatchObject({
    ...{ code: 'permission-denied', outcome: 'not-applied' },
  });
  expect(workIn(baseDir)).toEqual([]);
  isFailing = false;
  expect(readFileSync(onlyBackupIn(baseDir)).toString('latin1')).toMatch(/^before\{/);
  damage(join(baseDir, 'a.txt'), (bytes) => bytes.fill(0, 0, 2));
  expect(await (await provider.get('a.txt', {})).text()).toBe('before');
  await provider.close?.();
});
