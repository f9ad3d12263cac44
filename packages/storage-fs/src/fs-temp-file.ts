import type { FsCalls } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import { type Temps, unlinkIfThere } from './fs-temp.ts';

/** A file on its way, open for reading and writing. */
export interface TempFile {
  readonly fd: number;
  /** Held as long as the path is used. */
  readonly folder: Folder;
  /** For system calls. */
  readonly path: string;
  /** What a new file gets, by the process' mask. Until then nobody else may read it. */
  readonly mode: number;
}

/** Makes a file for content. It holds the folder from then on, also when it fails. */
export async function openTemp(calls: FsCalls, temps: Temps, folder: Folder): Promise<TempFile> {
  const path = folder.at(temps.next());
  let fd: number | undefined;
  try {
    fd = await temps.create(path, 0o666);
    const { mode } = calls.fstatSync(fd);
    await calls.fchmod(fd, 0o600);
    return { fd, folder, path, mode };
  } catch (error) {
    if (fd === undefined) folder.release();
    else await closeTemp(calls, { fd, folder, path, mode: 0 }, false);
    throw error;
  }
}

/** Lets go of the file; when it became no object, of its content too. */
export async function closeTemp(
  calls: FsCalls,
  { fd, folder, path }: TempFile,
  isCommitted: boolean,
): Promise<void> {
  try {
    calls.closeSync(fd);
    if (!isCommitted) await unlinkIfThere(calls, path);
  } finally {
    folder.release();
  }
}
