import fs from 'node:fs';

type Stats = fs.Stats;
type Dirent = fs.Dirent;
type StatsFs = fs.StatsFs;

/**
 * The system calls that this backend makes, and the only place it makes them. Paths are handed
 * over as they are; descriptors are plain numbers, because they cost less than `FileHandle`.
 * Tests pass calls that fail, wait or lie.
 */
export interface FsCalls {
  open(path: string, flags: number, mode?: number): Promise<number>;
  close(fd: number): Promise<void>;
  read(
    fd: number,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number>;
  write(
    fd: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    position: number | null,
  ): Promise<number>;
  fsync(fd: number): Promise<void>;
  ftruncate(fd: number, length: number): Promise<void>;
  fstat(fd: number): Promise<Stats>;
  fchmod(fd: number, mode: number): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** Units: seconds since 1970, with fractions. */
  futimes(fd: number, accessed: number, modified: number): Promise<void>;
  lstat(path: string): Promise<Stats>;
  /** All at once; `undefined` where there is nothing. */
  lstatAll(paths: readonly string[]): Promise<readonly (Stats | undefined)[]>;
  rename(from: string, to: string): Promise<void>;
  link(existing: string, path: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string): Promise<void>;
  rmdir(path: string): Promise<void>;
  readdir(path: string): Promise<Dirent[]>;
  readdirRaw(path: string): Promise<Buffer[]>;
  realpath(path: string): Promise<string>;
  copyFile(from: string, to: string, mode: number): Promise<void>;
  access(path: string, mode: number): Promise<void>;
  statfs(path: string): Promise<StatsFs>;
  watch(path: string, options: { recursive: boolean }): fs.FSWatcher;

  /** Answered from memory on a local file system, so no thread is worth it. */
  fstatSync(fd: number): Stats;
  closeSync(fd: number): void;
  readlinkSync(path: string): string;
  /** `undefined` where there is nothing. */
  lstatSync(path: string): Stats | undefined;
}

type Failure = NodeJS.ErrnoException | null;

/** Turns a call's result into a promise without the cost of `promisify`. */
function settled<Value>(
  start: (done: (error: Failure, value: Value) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    start((error, value) => {
      if (error === null) resolve(value);
      else reject(error);
    });
  });
}

function done(start: (done: (error?: Failure) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    start((error) => {
      if (error == null) resolve();
      else reject(error);
    });
  });
}

/** One promise for many calls, which costs a listing less than one for each. */
function lstatAll(paths: readonly string[]): Promise<readonly (Stats | undefined)[]> {
  return new Promise((resolve, reject) => {
    const found = new Array<Stats | undefined>(paths.length);
    let left = paths.length;
    if (left === 0) resolve(found);
    paths.forEach((path, index) => {
      fs.lstat(path, (error, stats) => {
        // Set also for nothing: whoever maps the results would skip a hole.
        if (error === null || isMissing(error)) found[index] = error === null ? stats : undefined;
        else reject(error);
        left -= 1;
        if (left === 0) resolve(found);
      });
    });
  });
}

/** The calls of `node:fs`. */
export const NODE_CALLS: FsCalls = {
  open: (path, flags, mode) => settled((then) => fs.open(path, flags, mode ?? 0o666, then)),
  close: (fd) => done((then) => fs.close(fd, then)),
  read: (fd, buffer, offset, length, position) =>
    settled((then) => fs.read(fd, buffer, offset, length, position, then)),
  write: (fd, bytes, offset, length, position) =>
    settled((then) => fs.write(fd, bytes, offset, length, position, then)),
  fsync: (fd) => done((then) => fs.fsync(fd, then)),
  ftruncate: (fd, length) => done((then) => fs.ftruncate(fd, length, then)),
  fstat: (fd) => settled((then) => fs.fstat(fd, then)),
  fchmod: (fd, mode) => done((then) => fs.fchmod(fd, mode, then)),
  chmod: (path, mode) => done((then) => fs.chmod(path, mode, then)),
  futimes: (fd, accessed, modified) => done((then) => fs.futimes(fd, accessed, modified, then)),
  lstat: (path) => settled((then) => fs.lstat(path, then)),
  lstatAll,
  rename: (from, to) => done((then) => fs.rename(from, to, then)),
  link: (existing, path) => done((then) => fs.link(existing, path, then)),
  unlink: (path) => done((then) => fs.unlink(path, then)),
  mkdir: (path) => done((then) => fs.mkdir(path, then)),
  rmdir: (path) => done((then) => fs.rmdir(path, then)),
  readdir: (path) => settled((then) => fs.readdir(path, { withFileTypes: true }, then)),
  readdirRaw: (path) => settled((then) => fs.readdir(path, { encoding: 'buffer' }, then)),
  realpath: (path) => settled((then) => fs.realpath.native(path, then)),
  copyFile: (from, to, mode) => done((then) => fs.copyFile(from, to, mode, then)),
  access: (path, mode) => done((then) => fs.access(path, mode, then)),
  statfs: (path) => settled((then) => fs.statfs(path, then)),
  watch: (path, options) => fs.watch(path, options),
  fstatSync: (fd) => fs.fstatSync(fd),
  closeSync: (fd) => fs.closeSync(fd),
  readlinkSync: (path) => fs.readlinkSync(path),
  lstatSync: (path) => fs.lstatSync(path, { throwIfNoEntry: false }),
};

/** What a failed call says went wrong; empty for an error that is none of a call. */
export function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : '';
}

/** Whether a call failed because there is nothing under the name. */
export function isMissing(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
