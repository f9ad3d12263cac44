import fs from 'node:fs';

/*
 * The bare call sequences, each as one promise over hand-chained callbacks: `fs/promises` makes a
 * FileHandle and a promise per call and is measurably slower (see the workload `fs-calls`).
 */

type Done<Value> = (error: Error | null, value?: Value) => void;

/** How a file is written. */
export type WriteStyle = 'in-place' | 'rename' | 'rename-and-sync';

/** Writes a whole file with one `write`. `temporary` and `folder` are used by the styles that need them. */
export function writeBare(
  style: WriteStyle,
  path: string,
  bytes: Uint8Array,
  temporary: string,
  folder: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error: Error | null) => (error === null ? resolve() : reject(error));
    if (style === 'in-place') {
      writeAndClose(path, 'w', bytes, false, finish);
      return;
    }
    const durable = style === 'rename-and-sync';
    writeAndClose(temporary, 'wx', bytes, durable, (error) => {
      if (error !== null) return reject(error);
      fs.rename(temporary, path, (renameError) => {
        if (renameError !== null) return reject(renameError);
        if (durable) syncFolder(folder, finish);
        else resolve();
      });
    });
  });
}

function writeAndClose(
  path: string,
  flags: 'w' | 'wx',
  bytes: Uint8Array,
  durable: boolean,
  done: (error: Error | null) => void,
): void {
  fs.open(path, flags, 0o666, (openError, file) => {
    if (openError !== null) return done(openError);
    const close = (error: Error | null) =>
      fs.close(file, (closeError) => done(error ?? closeError ?? null));
    fs.write(file, bytes, 0, bytes.length, 0, (writeError, written) => {
      if (writeError !== null) return close(writeError);
      if (written !== bytes.length) return close(new Error(`Only ${written} bytes were written.`));
      if (durable) fs.fsync(file, close);
      else close(null);
    });
  });
}

function syncFolder(folder: string, done: (error: Error | null) => void): void {
  fs.open(folder, 'r', (openError, file) => {
    if (openError !== null) return done(openError);
    fs.fsync(file, (syncError) =>
      fs.close(file, (closeError) => done(syncError ?? closeError ?? null)),
    );
  });
}

/** Reads a whole file: open, fstat, read, close. */
export function readBare(path: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    readWhole(path, (error, bytes) => (bytes === undefined ? reject(error) : resolve(bytes)));
  });
}

/** Reads a whole file, and looks for a companion that is not there: one failed open before the rest. */
export function readBareWithCompanion(path: string): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    missCompanion(path, (missError) => {
      if (missError !== null) return reject(missError);
      readWhole(path, (error, bytes) => (bytes === undefined ? reject(error) : resolve(bytes)));
    });
  });
}

/** Reads a part of a file: a failed open of the companion, open, fstat, read, close. */
export function readRangeBare(path: string, offset: number, length: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    missCompanion(path, (missError) => {
      if (missError !== null) return reject(missError);
      openAndRead(
        path,
        () => ({ offset, length }),
        (error, bytes) => (bytes === undefined ? reject(error) : resolve(bytes)),
      );
    });
  });
}

function missCompanion(path: string, done: (error: Error | null) => void): void {
  fs.open(`${path}.meta.json`, 'r', (error, file) => {
    if (error?.code === 'ENOENT') return done(null);
    if (error !== null) return done(error);
    fs.close(file, () =>
      done(new Error(`${path} has a companion, and the baseline expects none.`)),
    );
  });
}

function readWhole(path: string, done: Done<Uint8Array>): void {
  openAndRead(path, (size) => ({ offset: 0, length: size }), done);
}

function openAndRead(
  path: string,
  partOf: (size: number) => { readonly offset: number; readonly length: number },
  done: Done<Uint8Array>,
): void {
  fs.open(path, 'r', (openError, file) => {
    if (openError !== null) return done(openError);
    const close = (error: Error | null, bytes?: Uint8Array) =>
      fs.close(file, (closeError) => {
        const failure = error ?? closeError ?? null;
        if (failure === null) done(null, bytes);
        else done(failure);
      });
    fs.fstat(file, (statError, stats) => {
      if (statError !== null) return close(statError);
      const { offset, length } = partOf(stats.size);
      // Memory of its own, as a store has to hand out: neither pooled nor cleared.
      const bytes = Buffer.allocUnsafeSlow(length);
      fs.read(file, bytes, 0, length, offset, (readError, count) => {
        if (readError !== null) return close(readError);
        if (count !== length) return close(new Error(`Only ${count} of ${length} bytes came.`));
        close(null, bytes);
      });
    });
  });
}
