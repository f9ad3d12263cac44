// Races with other processes on one key.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { isStorageError } from '@granary/storage-core';
import { createFileSystem } from '../../src/index.ts';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

interface RacerSettings {
  readonly baseDir: string;
  readonly me: number;
  readonly race: 'create' | 'count' | 'append' | 'naive-count';
  readonly rounds: number;
}

const { baseDir, me, race, rounds } = readSettings<RacerSettings>();
const storage = createFileSystem({ baseDir, durability: 'none' });
await storage.ready();

/** Rounds that this process has won. */
async function create(): Promise<number[]> {
  const won: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // All of them try at once.
    await setTimeout(Math.max(0, startAtMs + round * 20 - Date.now()));
    try {
      const metadata = me % 2 === 0 ? { metadata: { me } } : {};
      await storage.put(`race/${round}`, `by ${me}`, { ifNoneMatch: '*', ...metadata });
      won.push(round);
    } catch (error) {
      if (isStorageError(error, 'precondition-failed')) continue;
      if (!isStorageError(error, 'conflict')) throw error;
      round -= 1;
    }
  }
  return won;
}

async function count(): Promise<void> {
  for (let round = 0; round < rounds; ) {
    const object = await storage.get('counter');
    const value = Number(await object.text());
    try {
      await storage.put('counter', String(value + 1), { ifMatch: object.info.etag ?? '' });
      round += 1;
    } catch (error) {
      const isLost =
        isStorageError(error, 'precondition-failed') || isStorageError(error, 'conflict');
      if (!isLost) throw error;
    }
  }
}

/**
 * Half of the processes put plainly, half with `ifMatch`. Tells of each write which etag it has and
 * which one it replaced as far as that is known.
 */
async function append(): Promise<[etag: string, replaced: string | null][]> {
  const writes: [string, string | null][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { etag = '' } = await storage.stat('both');
    try {
      const options = me % 2 === 0 ? {} : { ifMatch: etag };
      const info = await storage.put('both', `${me}-${round}`, options);
      writes.push([info.etag ?? '', me % 2 === 0 ? null : etag]);
    } catch (error) {
      if (!isStorageError(error, 'precondition-failed')) throw error;
    }
  }
  return writes;
}

/** What must not pass: it reads and then writes. */
function countNaively(): void {
  for (let round = 0; round < rounds; round += 1) {
    const path = join(baseDir, 'counter');
    writeFileSync(path, String(Number(readFileSync(path, 'utf8')) + 1));
  }
}

const start = toldByParent('start');
await tellParent('ready');
const startAtMs = Number(await start);
const works = { create, count, append, 'naive-count': countNaively };
const result = await works[race]();
await storage.close();
await tellParent('result', result ?? null);
process.disconnect();
