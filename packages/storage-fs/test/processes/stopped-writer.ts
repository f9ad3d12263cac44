// Begins a change of an object and is gone in the middle of it, at a call that the test names.
import { readlinkSync } from 'node:fs';
import { createStorage, isStorageError } from '@granary/storage-core';
import type { FsCalls } from '../../src/fs-calls.ts';
import { fileSystemProvider } from '../../src/fs-provider.ts';
import { THIS_SYSTEM } from '../../src/fs-system.ts';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

/** The call that never comes, or never returns. */
export interface Stop {
  /** The process ends instead of this call, or once it was made. */
  readonly before?: keyof FsCalls;
  readonly after?: keyof FsCalls;
  /** Of those calls only one counts about which this pattern says so: the last path that it has. */
  readonly path: string;
  /** Which of them. Default: 1. */
  readonly number?: number;
  /** Waits there until the test says to go on, instead of ending. */
  readonly freezes?: boolean;
}

interface StoppedSettings {
  readonly baseDir: string;
  readonly key: string;
  /** Default: it removes the object, or moves it when there is a `to`. */
  readonly content?: string;
  readonly to?: string;
  readonly metadata?: { readonly version: number };
  readonly backup?: boolean;
  readonly stop: Stop;
}

const settings = readSettings<StoppedSettings>();
const { baseDir, key, content, to, metadata, backup = false, stop } = settings;
const pattern = new RegExp(stop.path);
let left = stop.number ?? 1;

/** The path that a call is about, also where it is about an open file. */
function pathOf(values: readonly unknown[]): string {
  const paths = values.filter((value): value is string => typeof value === 'string');
  const path = paths.at(-1) ?? `/proc/self/fd/${String(values[0])}`;
  const [, folder = '', name = ''] = /^(\/proc\/\w+\/fd\/\d+)\/?(.*)$/.exec(path) ?? [];
  if (folder === '') return path;
  return `${readlinkSync(folder)}${name === '' ? '' : `/${name}`}`;
}

function isTheOne(values: readonly unknown[]): boolean {
  if (!pattern.test(pathOf(values))) return false;
  left -= 1;
  return left === 0;
}

/** Does not return, or not before the test says so. */
async function stand(): Promise<void> {
  if (stop.freezes !== true) process.kill(process.pid, 'SIGKILL');
  const told = toldByParent('go on');
  await tellParent('frozen');
  await told;
}

const calls = Object.entries(THIS_SYSTEM.calls).map(([name, call]) => [
  name,
  (...values: unknown[]): unknown => {
    const apply = (): unknown => Reflect.apply(call, THIS_SYSTEM.calls, values);
    if ((name !== stop.before && name !== stop.after) || !isTheOne(values)) return apply();
    if (name === stop.before) return stand().then(apply);
    return Promise.resolve(apply()).then(async (result) => {
      await stand();
      return result;
    });
  },
]);

const system = { ...THIS_SYSTEM, calls: Object.fromEntries(calls) as FsCalls };
const storage = createStorage(fileSystemProvider({ baseDir, backup }, system));

async function change(): Promise<void> {
  if (content !== undefined) await storage.put(key, content, metadata && { metadata });
  else if (to !== undefined) await storage.move(key, to);
  else await storage.delete(key);
}

try {
  await change();
  await tellParent('done');
} catch (error) {
  await tellParent('failed', isStorageError(error) ? error.code : String(error));
}
await storage.close();
process.disconnect();
