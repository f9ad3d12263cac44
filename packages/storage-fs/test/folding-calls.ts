import { lstatSync, readdirSync, realpathSync } from 'node:fs';
import type { FsCalls } from '../src/fs-calls.ts';
import { NODE_CALLS } from '../src/fs-calls.ts';

const PINNED = /^\/proc\/\w+\/fd\/\d+\/?/;

/** How a disk that folds names compares them. */
function folded(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/** The name that a folder has for one that differs in case or in Unicode form alone, else this one. */
function nameIn(folder: string, name: string): string {
  try {
    if (lstatSync(`${folder}/${name}`, { throwIfNoEntry: false }) !== undefined) return name;
    return readdirSync(folder).find((other) => folded(other) === folded(name)) ?? name;
  } catch {
    return name;
  }
}

/** The path as the disk has it. Folders outside the test's own are taken as they are. */
function find(path: string): string {
  const [pinned = '/'] = PINNED.exec(path) ?? [];
  let place = pinned.replace(/\/$/, '');
  for (const name of path.slice(pinned.length).split('/')) {
    if (name !== '') place += `/${place === '' ? name : nameIn(place, name)}`;
  }
  return path.endsWith('/') ? `${place}/` : place || '/';
}

/** Calls to a disk where names that differ in letter case or in Unicode form alone are one name. */
export function foldingCalls(calls: FsCalls = NODE_CALLS): FsCalls {
  return {
    ...calls,
    open: (path, flags, mode) => calls.open(find(path), flags, mode),
    chmod: (path, mode) => calls.chmod(find(path), mode),
    lstat: (path) => calls.lstat(find(path)),
    lstatAll: (paths) => calls.lstatAll(paths.map(find)),
    rename: (from, to) => calls.rename(find(from), find(to)),
    link: (existing, path) => calls.link(find(existing), find(path)),
    unlink: (path) => calls.unlink(find(path)),
    mkdir: (path) => calls.mkdir(find(path)),
    rmdir: (path) => calls.rmdir(find(path)),
    readdir: (path) => calls.readdir(find(path)),
    readdirRaw: (path) => calls.readdirRaw(find(path)),
    realpath: async (path) => realpathSync(find(path)),
    copyFile: (from, to, mode) => calls.copyFile(find(from), find(to), mode),
    access: (path, mode) => calls.access(find(path), mode),
    statfs: (path) => calls.statfs(find(path)),
    watch: (path, options) => calls.watch(find(path), options),
    lstatSync: (path) => calls.lstatSync(find(path)),
  };
}
