import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBody } from '@granary/storage-core/provider';
import { expect, onTestFinished, test } from 'vitest';
import { failure, setBack, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import type { FsCalls } from './fs-calls.ts';
import type { Healer, RecoveryEvent } from './fs-heal.ts';
import { claimOf } from './fs-keys.ts';
import { settingsOf } from './fs-options.ts';
import { openParts, type Parts } from './fs-parts.ts';

type Purpose = Parameters<Healer['mend']>[0];

interface Opened {
  readonly parts: Parts;
  readonly baseDir: string;
  readonly events: RecoveryEvent[];
  /** Mends as whoever takes the lock of a process that died. */
  readonly mend: (purpose: Purpose) => Promise<void>;
}

async function open(hasBackups = true, calls: Partial<FsCalls> = {}): Promise<Opened> {
  const baseDir = await temporaryFolder();
  const events: RecoveryEvent[] = [];
  const parts = await openParts({
    ...settingsOf({ baseDir, durability: 'none', companions: 'meta-json' }),
    ...{ hasBackups, onRecovery: (event) => events.push(event), system: systemWith(calls) },
    isBusy: () => false,
  });
  onTestFinished(() => parts.close());
  const { locks } = parts.store;
  const mend = (purpose: Purpose) =>
    locks.exclusively(claimOf(purpose.key, undefined), (lock) => parts.healer.mend(purpose, lock));
  return { parts, baseDir, events, mend };
}

async function textOf({ reader }: Parts, key: string): Promise<string> {
  return (await reader.get(key, {})).text();
}

test('mending a write brings back an object that is missing and tells of it', async () => {
  const { parts, baseDir, events, mend } = await open();
  await parts.writer.put('a.txt', toBody('content'), {});
  rmSync(join(baseDir, 'a.txt'));
  await mend({ work: 'write', key: 'a.txt' });
  expect(readFileSync(join(baseDir, 'a.txt'), 'utf8')).toBe('content');
  expect(events).toEqual([{ key: 'a.txt', reason: 'missing' }]);
});

test('mending a removal that was half done ends it: no object, companion or backup stays', async () => {
  const { parts, baseDir, events, mend } = await open();
  await parts.writer.put('a.txt', toBody('content'), { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, 'a.txt'));
  expect(existsSync(join(baseDir, 'a.txt.meta.json'))).toBe(true);
  await mend({ work: 'remove', key: 'a.txt' });
  expect(existsSync(join(baseDir, 'a.txt.meta.json'))).toBe(false);
  expect(existsSync(join(baseDir, 'a.txt'))).toBe(false);
  await expect(parts.healer.restore('a.txt')).rejects.toMatchObject({ code: 'not-found' });
  expect(events).toEqual([]);
});

test('mending leaves an object that is there as it is, whatever was under way', async () => {
  const { parts, baseDir, events, mend } = await open();
  const info = await parts.writer.put('a.txt', toBody('content'), { metadata: { by: 'Ada' } });
  await mend({ work: 'write', key: 'a.txt' });
  await mend({ work: 'remove', key: 'a.txt' });
  expect(await parts.reader.stat('a.txt')).toEqual(info);
  expect(existsSync(join(baseDir, 'a.txt.meta.json'))).toBe(true);
  expect(events).toEqual([]);
});

test('without backups mending takes away the companion of an object that never came', async () => {
  const { parts, baseDir, mend } = await open(false);
  await parts.writer.put('folder/a.txt', toBody('content'), { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, 'folder', 'a.txt'));
  await mend({ work: 'write', key: 'folder/a.txt' });
  expect(existsSync(join(baseDir, 'folder', 'a.txt.meta.json'))).toBe(false);
  await mend({ work: 'write', key: 'folder/a.txt' });
  await mend({ work: 'write', key: 'nowhere/a.txt' });
  expect(existsSync(join(baseDir, 'nowhere'))).toBe(false);
});

test('healing leaves a good object, an edited one and a missing one alone', async () => {
  const { parts, baseDir, events } = await open();
  const { healer, writer, reader } = parts;
  const good = await writer.put('good.txt', toBody('content'), {});
  await healer.heal('good.txt');
  expect(await reader.stat('good.txt')).toEqual(good);
  await writer.put('edited.txt', toBody('content'), {});
  writeFileSync(join(baseDir, 'edited.txt'), 'changes');
  await healer.heal('edited.txt');
  expect(await textOf(parts, 'edited.txt')).toBe('changes');
  await healer.heal('missing.txt');
  expect(existsSync(join(baseDir, 'missing.txt'))).toBe(false);
  expect(events).toEqual([]);
});

test('healing keeps the attributes of the damaged write, and gives a new etag', async () => {
  const { parts, baseDir, events } = await open();
  const { healer, writer, reader } = parts;
  const path = join(baseDir, 'a.txt');
  const attributes = { metadata: { by: 'Ada' }, contentType: 'text/x-notes', tags: ['one'] };
  const before = await writer.put('a.txt', toBody('content'), {
    ...{ ...attributes, checksum: 'sha256' },
  });
  const { mtimeMs } = statSync(path);
  writeFileSync(path, 'c0ntent');
  setBack(path, mtimeMs);
  await healer.heal('a.txt');
  expect(events).toEqual([{ key: 'a.txt', reason: 'damaged' }]);
  const after = await reader.stat('a.txt');
  expect(after).toMatchObject({ ...attributes, size: 7, checksums: before.checksums });
  expect(after.etag).not.toBe(before.etag);
  expect(await textOf(parts, 'a.txt')).toBe('content');
});

test('a recovery that fails says so, keeps what is there, and works later', async () => {
  let isFull = false;
  const { rename } = systemWith({}).calls;
  const { parts, baseDir, events } = await open(true, {
    rename: (from, to) =>
      isFull && to.endsWith('/a.txt') ? Promise.reject(failure('ENOSPC')) : rename(from, to),
  });
  const path = join(baseDir, 'a.txt');
  await parts.writer.put('a.txt', toBody('content'), {});
  const { mtimeMs } = statSync(path);
  writeFileSync(path, 'c0ntent');
  setBack(path, mtimeMs);
  isFull = true;
  await expect(parts.healer.heal('a.txt')).rejects.toMatchObject({ code: 'quota-exceeded' });
  expect(readFileSync(path, 'utf8')).toBe('c0ntent');
  expect(events).toEqual([]);
  isFull = false;
  await parts.healer.heal('a.txt');
  expect(readFileSync(path, 'utf8')).toBe('content');
});

test('copies and moved objects have backups of their own', async () => {
  const { parts, baseDir, events } = await open();
  const { writer, copier, healer } = parts;
  const said = { metadata: { by: 'Ada' } };
  await writer.put('from.txt', toBody('content'), said);
  await copier.copy('from.txt', 'copy.txt', {});
  await copier.move('from.txt', 'moved.txt', {});
  for (const key of ['copy.txt', 'moved.txt']) {
    const path = join(baseDir, key);
    const { mtimeMs } = statSync(path);
    writeFileSync(path, 'c0ntent');
    setBack(path, mtimeMs);
    const object = await parts.reader.get(key, {});
    expect(await object.text()).toBe('content');
    expect(object.info).toMatchObject(said);
  }
  expect(events.map(({ key }) => key)).toEqual(['copy.txt', 'moved.txt']);
  await expect(healer.restore('from.txt')).rejects.toMatchObject({ code: 'not-found' });
});

test('a change of attributes alone keeps the backup good', async () => {
  const { parts, baseDir, events } = await open();
  await parts.writer.put('a.txt', toBody('content'), { metadata: { by: 'Ada' } });
  await parts.setAttributes('a.txt', { metadata: { by: 'Bob' } }, {});
  const path = join(baseDir, 'a.txt');
  const { mtimeMs } = statSync(path);
  writeFileSync(path, 'c0ntent');
  setBack(path, mtimeMs);
  const object = await parts.reader.get('a.txt', {});
  expect(await object.text()).toBe('content');
  expect(object.info.metadata).toEqual({ by: 'Bob' });
  expect(events).toEqual([{ key: 'a.txt', reason: 'damaged' }]);
});

test('an object that was restored has the attributes of its backup', async () => {
  const { parts, baseDir } = await open();
  await parts.writer.put('a.txt', toBody('content'), { metadata: { by: 'Ada' } });
  rmSync(join(baseDir, 'a.txt'));
  const info = await parts.healer.restore('a.txt');
  expect(info.metadata).toEqual({ by: 'Ada' });
  expect(await parts.reader.stat('a.txt')).toEqual(info);
});
