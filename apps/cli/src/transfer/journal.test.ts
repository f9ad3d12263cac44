import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Journal, type JournalOwner, openJournal } from './journal.ts';
import { stateFolder } from './state-folder.ts';

const SCOPE = { source: 'file:///a', target: 's3://b' };
let root = '';
let folder = '';
let problems: unknown[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-journal-'));
  folder = join(root, 'transfers');
  problems = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const owner = (pid: number, running: readonly number[] = []): JournalOwner => ({
  pid,
  isRunning: (other) => running.includes(other),
  now: Date.now,
});

function open(
  pid = 1,
  settings: { restart?: boolean; running?: number[]; scope?: typeof SCOPE } = {},
): Promise<Journal> {
  const { restart = false, running = [], scope = SCOPE } = settings;
  return openJournal(folder, scope, owner(pid, running), {
    restart,
    onProblem: (error) => problems.push(error),
  });
}

describe('openJournal', () => {
  test('writes nothing before there is something to write', async () => {
    await (await open()).finish();
    expect(() => readdirSync(folder)).toThrow();
  });

  test('hands what was done to the next run', async () => {
    const first = await open(1);
    await first.recordDone('a', { source: 'e1', target: 't1' });
    await first.recordDone('b/ü', { source: 'e2', target: 't2' });
    const second = await open(2);
    expect(Object.fromEntries(second.earlier)).toEqual({
      a: { source: 'e1', target: 't1' },
      'b/ü': { source: 'e2', target: 't2' },
    });
  });

  test('hands sessions on, and forgets those that ended', async () => {
    const first = await open(1);
    const session = { source: 'e', token: 'secret', partBytes: 8 };
    await first.recordSession('a', session);
    await first.recordSession('b', session);
    await first.recordSession('c', session);
    await first.recordSession('b', undefined);
    await first.recordDone('c', { source: 'e', target: 't' });
    expect(first.session('a')).toEqual(session);
    expect(first.session('b')).toBeUndefined();
    const second = await open(2);
    expect(second.session('a')).toEqual(session);
    expect(second.session('b')).toBeUndefined();
    expect(second.session('c')).toBeUndefined();
  });

  test('survives a line that was cut short, and what is no line', async () => {
    const first = await open(1);
    await first.recordDone('a', { source: 'e', target: 't' });
    const [file = ''] = readdirSync(folder);
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), `${text}null\n3\n{"key":"b","done":{"sou`);
    const second = await open(2);
    expect([...second.earlier.keys()]).toEqual(['a']);
  });

  test('keeps what earlier runs did through several interruptions', async () => {
    await (await open(1)).recordDone('a', { source: 'e', target: 't' });
    const second = await open(2);
    await second.recordDone('b', { source: 'e', target: 't' });
    const third = await open(3);
    expect([...third.earlier.keys()].sort()).toEqual(['a', 'b']);
    await third.recordDone('c', { source: 'e', target: 't' });
    expect(readdirSync(folder)).toHaveLength(1);
    await third.finish();
    expect(readdirSync(folder)).toEqual([]);
  });

  test('takes over what a run left that died before it wrote anything itself', async () => {
    await (await open(1)).recordDone('a', { source: 'e', target: 't' });
    await open(2);
    const third = await open(3);
    expect([...third.earlier.keys()]).toEqual(['a']);
  });

  test('leaves the journal of a run that goes on', async () => {
    const first = await open(1);
    await first.recordDone('a', { source: 'e', target: 't' });
    const second = await open(2, { running: [1] });
    expect(second.earlier.size).toBe(0);
    await second.recordDone('b', { source: 'e', target: 't' });
    await second.finish();
    const third = await open(3);
    expect([...third.earlier.keys()]).toEqual(['a']);
  });

  test('keeps copies apart', async () => {
    await (await open(1)).recordDone('a', { source: 'e', target: 't' });
    const other = await open(2, { scope: { source: 'file:///a', target: 's3://c' } });
    expect(other.earlier.size).toBe(0);
  });

  test('with restart forgets what was done, and hands sessions over to be ended', async () => {
    const first = await open(1);
    await first.recordDone('a', { source: 'e', target: 't' });
    await first.recordSession('b', { source: 'e', token: 'secret', partBytes: 8 });
    const again = await open(2, { restart: true });
    expect(again.earlier.size).toBe(0);
    expect(again.session('b')).toEqual({ source: '', token: 'secret', partBytes: 8 });
    await again.finish();
    expect((await open(3)).earlier.size).toBe(0);
  });

  test('is readable by its owner alone', async () => {
    await (await open()).recordSession('a', { source: 'e', token: 'secret', partBytes: 8 });
    const [file = ''] = readdirSync(folder);
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(file).not.toContain('secret');
  });

  test('sweeps journals that nobody came back for', async () => {
    await (await open(1)).recordDone('a', { source: 'e', target: 't' });
    const [file = ''] = readdirSync(folder);
    const old = new Date(Date.now() - 31 * 86_400_000);
    utimesSync(join(folder, file), old, old);
    const other = await open(2, { scope: { source: 'x', target: 'y' } });
    await other.recordDone('b', { source: 'e', target: 't' });
    expect(readdirSync(folder)).not.toContain(file);
  });

  test('goes on when it cannot be written, and says so once', async () => {
    writeFileSync(folder, 'a file where the folder should be');
    const journal = await open();
    await journal.recordDone('a', { source: 'e', target: 't' });
    await journal.recordDone('b', { source: 'e', target: 't' });
    await journal.recordSession('c', { source: 'e', token: 's', partBytes: 1 });
    expect(problems).toHaveLength(1);
    expect(journal.session('c')).toBeDefined();
  });
});

describe('stateFolder', () => {
  test.each([
    ['linux', {}, '/home/kim/.local/state/granary'],
    ['linux', { XDG_STATE_HOME: '/var/state' }, '/var/state/granary'],
    ['linux', { XDG_STATE_HOME: 'relative' }, '/home/kim/.local/state/granary'],
    ['darwin', {}, '/home/kim/Library/Application Support/granary'],
    ['win32', { LOCALAPPDATA: '/local' }, '/local/granary'],
    ['win32', {}, '/home/kim/AppData/Local/granary'],
  ] as const)('on %s with %j is %s', (platform, env, path) => {
    expect(stateFolder({ platform, env, home: '/home/kim' })).toBe(path);
  });

  test('is in the home folder of the user', () => {
    expect(stateFolder({ platform: 'linux', env: {} })).toMatch(/\.local\/state\/granary$/);
  });
});
