import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { nameOf, toOpfsError } from './opfs-errors.ts';
import {
  deleteHandle,
  readAllHandles,
  readStoredHandle,
  type StoredHandle,
  writeHandle,
} from './opfs-handles.ts';
import { type AccessMode, type PermissionHandle, pageGlobals } from './opfs-platform.ts';

/** Options of {@link chooseDirectory}. */
export interface ChooseDirectoryOptions {
  /** What the folder is called from then on. A folder chosen earlier under this id is replaced. */
  readonly handleId: string;
  /** Default: `readwrite`. */
  readonly mode?: AccessMode;
  /** Where the picker opens: `documents`, `pictures` … or a handle. Default: what the browser remembers. */
  readonly startIn?: string | FileSystemHandle;
}

/** A folder that a person chose. */
export interface ChosenDirectory {
  readonly handleId: string;
  /** The folder's own name. Browsers do not tell its path. */
  readonly name: string;
  readonly mode: AccessMode;
  readonly chosenAt: Date;
  /** `prompt`: {@link requestAccess} has to ask when the person clicks. */
  readonly permission: PermissionState;
  /** For `createOPFS({ directory })`; `createOPFS({ handleId })` finds it by itself. */
  readonly handle: FileSystemDirectoryHandle;
}

/**
 * Lets the person choose a folder, and remembers it under an id. Called when they click or press a
 * key. `undefined` when they close the picker.
 * Errors: `unsupported` where the browser has no such picker (Firefox, Safari);
 * `permission-denied` without a click before, and for folders that the browser protects.
 */
export async function chooseDirectory(
  options: ChooseDirectoryOptions,
): Promise<ChosenDirectory | undefined> {
  const { handleId, mode = 'readwrite', startIn } = options;
  checkId(handleId, 'chooseDirectory');
  const globals = pageGlobals();
  if (globals.showDirectoryPicker === undefined) {
    throw new StorageError('unsupported', 'this browser lets nobody choose a folder to work in.', {
      ...LABEL,
      operation: 'chooseDirectory',
      hint: 'Chromium does, in secure pages. Use the origin private file system or storage-idb; openDirectory() reads a folder once, openFiles() and saveFile() are for single files.',
    });
  }
  let handle: FileSystemDirectoryHandle;
  try {
    const pickerId = PICKER_ID.test(handleId) ? { id: handleId } : {};
    handle = await globals.showDirectoryPicker({
      ...pickerId,
      mode,
      ...(startIn !== undefined && { startIn }),
    });
  } catch (error) {
    if (nameOf(error) === 'AbortError') return undefined;
    throw labelled(error, 'chooseDirectory');
  }
  const stored = { handleId, handle, mode, chosenAt: new Date() };
  await writeHandle(stored);
  return toChosen(stored);
}

/** All folders that were chosen and not forgotten, with what is allowed now. Asks nobody. */
export async function listDirectories(): Promise<readonly ChosenDirectory[]> {
  return Promise.all((await readAllHandles()).map(toChosen));
}

/** Forgets a folder. Nothing in it is touched. Forgetting twice is no error. */
export async function forgetDirectory(handleId: string): Promise<void> {
  checkId(handleId, 'forgetDirectory');
  await deleteHandle(handleId);
}

/**
 * Asks the person to allow a folder again, when they click or press a key: browsers forget that
 * when the page is closed. The storage works again from then on, without being made anew.
 * Errors: `store-not-found` for an id that was never chosen; `permission-denied` when the person
 * refuses, and without a click before.
 */
export async function requestAccess(handleId: string): Promise<ChosenDirectory> {
  checkId(handleId, 'requestAccess');
  const stored = await readStoredHandle(handleId);
  if (stored === undefined) {
    throw new StorageError('store-not-found', `no folder was chosen as "${handleId}".`, {
      ...LABEL,
      operation: 'requestAccess',
      hint: 'Let the person choose one with chooseDirectory({ handleId }).',
    });
  }
  const handle = stored.handle as PermissionHandle;
  const { mode } = stored;
  let state: PermissionState | undefined;
  try {
    state = await handle.requestPermission?.({ mode });
  } catch (error) {
    throw labelled(error, 'requestAccess');
  }
  if (state === 'prompt' || state === 'denied') {
    throw new StorageError('permission-denied', 'the person did not allow the folder.', {
      ...LABEL,
      operation: 'requestAccess',
      hint: 'Ask again when they click, or let them choose a folder with chooseDirectory().',
    });
  }
  return toChosen(stored);
}

const LABEL = { provider: 'opfs' } as const;
/** https://wicg.github.io/file-system-access/#valid-path-id (read 2026-11-21). */
const PICKER_ID = /^[A-Za-z0-9_-]{1,32}$/;

async function toChosen(stored: StoredHandle): Promise<ChosenDirectory> {
  const { handleId, handle, mode, chosenAt } = stored;
  const permission = await (handle as PermissionHandle).queryPermission?.({ mode });
  return {
    handleId,
    name: handle.name,
    mode,
    chosenAt,
    permission: permission ?? 'granted',
    handle,
  };
}

function checkId(handleId: string, operation: string): void {
  if (typeof handleId === 'string' && handleId !== '') return;
  throw new StorageError('invalid-argument', 'the handleId is not a name.', {
    ...LABEL,
    operation,
    hint: 'Give a text such as "library".',
  });
}

function labelled(thrown: unknown, operation: string): unknown {
  const error = toOpfsError(thrown);
  return isStorageError(error) ? error.with({ ...LABEL, operation }) : error;
}
