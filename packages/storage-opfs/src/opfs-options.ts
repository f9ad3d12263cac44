import { StorageError } from '@granary/storage-core/provider';
import type { AccessMode } from './opfs-platform.ts';

/** Where assets are when nothing else is said. */
const DEFAULT_ROOT = 'atelier/assets';
const FORBIDDEN_IN_ROOT = /[\\\0]|^\.{1,2}$|^\.granary/i;

/** Options of `createOPFS`. */
export interface OPFSOptions {
  /**
   * Folder of the storage, inside the origin's own file system or inside the person's folder. It is
   * made when it is not there. Default: `atelier/assets`; in a person's folder, that folder itself.
   */
  readonly root?: string;
  /**
   * A folder that a person chose, or what gives it when the storage is opened. Default: the
   * origin's own file system.
   */
  readonly directory?: FileSystemDirectoryHandle | (() => Promise<FileSystemDirectoryHandle>);
  /** A folder that a person chose with `chooseDirectory`, by the id given there. */
  readonly handleId?: string;
  /**
   * `read`: nothing is written, not even bookkeeping, and writes fail with `permission-denied`.
   * Default: `readwrite`.
   */
  readonly mode?: AccessMode;
  /**
   * Makes the worker in which a page writes large files, and all files in Safari before 26, from
   * a module that calls `serveFiles(self)`. `false`: none is used. Default: one made from a
   * `blob:` URL, where the page's policy allows that.
   */
  readonly worker?: (() => Worker) | false;
}

/** Options with their defaults. */
export interface OPFSSettings extends Pick<OPFSOptions, 'directory' | 'handleId' | 'worker'> {
  readonly segments: readonly string[];
  readonly mode: AccessMode;
  readonly isUserFolder: boolean;
}

/** Errors: `invalid-config`. */
export function settingsOf(options: OPFSOptions): OPFSSettings {
  const { root, directory, handleId, worker, mode = 'readwrite' } = options;
  const isUserFolder = directory !== undefined || handleId !== undefined;
  if (directory !== undefined && handleId !== undefined) {
    throw refusal('give `directory` or `handleId`, not both.');
  }
  checkKinds(options);
  if (mode !== 'read' && mode !== 'readwrite') throw refusal('`mode` is `read` or `readwrite`.');
  const path = root ?? (isUserFolder ? '' : DEFAULT_ROOT);
  const segments = path.split('/').filter((segment) => segment !== '');
  const wrong = segments.find((segment) => FORBIDDEN_IN_ROOT.test(segment));
  if (wrong !== undefined) {
    throw refusal(
      `\`root\` is a path such as "assets/images"; ${JSON.stringify(wrong)} cannot be in it.`,
    );
  }
  return {
    segments,
    mode,
    isUserFolder,
    ...(directory !== undefined && { directory }),
    ...(handleId !== undefined && { handleId }),
    ...(worker !== undefined && { worker }),
  };
}

/** What types say, for code that has none. */
function checkKinds({ root, directory, handleId, worker }: OPFSOptions): void {
  if (root !== undefined && typeof root !== 'string') {
    throw refusal('`root` is a path such as "assets/images".');
  }
  if (handleId !== undefined && (typeof handleId !== 'string' || handleId === '')) {
    throw refusal(
      '`handleId` is the id that chooseDirectory() was given: a text that is not empty.',
    );
  }
  if (directory !== undefined && typeof directory !== 'function' && !isDirectory(directory)) {
    throw refusal(
      '`directory` is the handle of a folder that the person chose, or a function that gets it; for a folder of OPFS give `root`.',
    );
  }
  if (worker !== undefined && worker !== false && typeof worker !== 'function') {
    throw refusal(
      '`worker` is a function that makes a worker, or `false` for none; leave it out for one from a `blob:` URL.',
    );
  }
}

/** Whether something is the handle of a folder, of whatever page or worker. */
export function isDirectory(value: unknown): value is FileSystemDirectoryHandle {
  const { getDirectoryHandle } = (value ?? {}) as Partial<FileSystemDirectoryHandle>;
  return typeof getDirectoryHandle === 'function';
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-config', reason);
}
