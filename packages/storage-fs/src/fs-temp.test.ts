import { closeSync, existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import type { Liveness, Owner } from './fs-owner.ts';
import { ownerOf, type Temps, temporaryFiles, unlinkIfThere } from './fs-temp.ts';
import { closeTemp, openTemp } from './fs-temp-file.ts';

interface Opened {
  readonly temps: Temps;
  readonly calls: FsCalls;
  readonly folder: Folder;
  readonly path: string;
  readonly asked: string[];
  readonly released: () => number;
}

async function open(changed: Partial<FsCalls> = {}): Promise<Opened> {
  const path = await temporaryFolder();
  const asked: string[] = [];
  let released = 0;
  const owner: Owner = {
    id: 'me-1-2-3',
    async livenessOf(id) {
      asked.push(id);
      return (
        (['alive', 'dead', 'unknown'] as Liveness[]).find((word) => id.startsWith(word)) ??
        'unknown'
      );
    },
  };
  const folder = {
    ...{ path, at: (name: string) => join(path, name) },
    release: () => {
      released += 1;
    },
  } as Partial<Folder> as Folder;
  const { calls } = systemWith(changed);
  return {
    temps: temporaryFiles(calls, owner),
    calls,
    folder,
    path,
    asked,
    released: () => released,
  };
}

test('no two names are the same, and each tells its owner', async () => {
  const { temps } = await open();
  const names = [temps.next(), temps.next(), temps.nextQuick('lock'), temps.nextQuick('lock')];
  expect(new Set(names).size).toBe(4);
  expect(names.map(ownerOf)).toEqual(Array(4).fill('me-1-2-3'));
});

test.each(['w.a', 'w.a.1.2', 'q.lock.a', 'q.a', 'l.lock', 'x.a.1', 'w', ''])(
  '%j is the name of no temporary file',
  (name) => {
    expect(ownerOf(name)).toBeUndefined();
  },
);

test('a file is new or it is not made', async () => {
  const { temps, path } = await open();
  closeSync(await temps.create(join(path, 'file'), 0o600));
  await expect(temps.create(join(path, 'file'), 0o600)).rejects.toMatchObject({ code: 'EEXIST' });
  closeSync(await temps.openAgain(join(path, 'file')));
});

test('the quick writes of one key are found among all files', async () => {
  const { temps, folder, path } = await open();
  const mine = temps.nextQuick('lock');
  for (const name of [mine, temps.nextQuick('lock2'), temps.next(), 'l.lock']) {
    writeFileSync(join(path, name), '');
  }
  expect(await temps.quickOnes(folder, 'lock')).toEqual([mine]);
});

test('a sweep removes what the dead left, and asks once for each owner', async () => {
  const { temps, folder, path, asked } = await open();
  const stays = [
    temps.next(),
    'w.alive-1.1',
    'w.unknown-1.1',
    'w.unknown-new.1',
    'note.txt',
    'l.lock',
  ];
  const goes = [
    'w.dead-1.1',
    'w.dead-1.2',
    'q.lock.dead-1.3',
    '.granary-w.dead-2.1',
    'w.unknown-old.1',
  ];
  for (const name of [...stays, ...goes]) writeFileSync(join(path, name), '');
  const longAgo = Date.now() / 1000 - 25 * 3600;
  for (const name of ['w.unknown-old.1', 'w.alive-1.1', 'note.txt']) {
    utimesSync(join(path, name), longAgo, longAgo);
  }
  expect(await temps.sweep(folder)).toBe(goes.length);
  expect(readdirSync(path).sort()).toEqual(stays.sort());
  expect(asked.length).toBe(new Set(asked).size);
  expect(asked).not.toContain('me-1-2-3');
});

test('a sweep does not count what others remove at the same time', async () => {
  const { temps, folder, path } = await open({
    lstat: () => Promise.reject(failure('ENOENT')),
    unlink: () => Promise.reject(failure('ENOENT')),
  });
  writeFileSync(join(path, 'w.dead-1.1'), '');
  writeFileSync(join(path, 'w.unknown-1.1'), '');
  expect(await temps.sweep(folder)).toBe(0);
});

test.each(['lstat', 'unlink'] as const)('a sweep whose %s fails says so', async (call) => {
  const { temps, folder, path } = await open({ [call]: () => Promise.reject(failure('EIO')) });
  writeFileSync(join(path, call === 'lstat' ? 'w.unknown-1.1' : 'w.dead-1.1'), '');
  await expect(temps.sweep(folder)).rejects.toMatchObject({ code: 'EIO' });
});

test('removing tells whether there was something, and other failures', async () => {
  const path = join(await temporaryFolder(), 'file');
  writeFileSync(path, '');
  expect(await unlinkIfThere(NODE_CALLS, path)).toBe(true);
  expect(await unlinkIfThere(NODE_CALLS, path)).toBe(false);
  const { calls } = systemWith({ unlink: () => Promise.reject(failure('EBUSY')) });
  await expect(unlinkIfThere(calls, path)).rejects.toMatchObject({ code: 'EBUSY' });
});

test('nobody else may read a file on its way; it remembers the rights that a new one gets', async () => {
  const { temps, calls, folder, path, released } = await open();
  const file = await openTemp(calls, temps, folder);
  expect(statSync(file.path).mode & 0o777).toBe(0o600);
  expect(file.mode & 0o777).toBe(0o666 & ~process.umask());
  expect(released()).toBe(0);
  await closeTemp(calls, file, false);
  expect(readdirSync(path)).toEqual([]);
  expect(released()).toBe(1);
});

test('a file that became an object is only let go of', async () => {
  const { temps, calls, folder, released } = await open();
  const file = await openTemp(calls, temps, folder);
  await closeTemp(calls, file, true);
  expect(existsSync(file.path)).toBe(true);
  expect(released()).toBe(1);
});

test.each(['open', 'fchmod'] as const)(
  'when %s fails nothing is left and the folder is free',
  async (call) => {
    const { temps, calls, folder, path, released } = await open({
      [call]: () => Promise.reject(failure('EACCES')),
    });
    await expect(openTemp(calls, temps, folder)).rejects.toMatchObject({ code: 'EACCES' });
    expect(readdirSync(path)).toEqual([]);
    expect(released()).toBe(1);
  },
);
