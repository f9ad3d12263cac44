import { StorageError } from '@granary/storage-core/provider';
import { isMissing, isOtherKind, nameOf } from './opfs-errors.ts';
import { readHandle } from './opfs-handles.ts';
import { isDirectory } from './opfs-options.ts';
import type { AccessMode, PermissionHandle, Platform } from './opfs-platform.ts';

/** The folder in which keys are. */
export interface RootFolder {
  readonly root: FileSystemDirectoryHandle;
  /** Of the folder inside the origin's own, or inside the person's. */
  readonly path: string;
  readonly isUserFolder: boolean;
  readonly canWrite: boolean;
}

export interface RootSettings {
  readonly segments: readonly string[];
  readonly directory:
    | FileSystemDirectoryHandle
    | (() => Promise<FileSystemDirectoryHandle>)
    | undefined;
  readonly handleId: string | undefined;
  readonly mode: AccessMode;
}

/**
 * The folder of the storage. The origin's own is made when it is not there; a person's is not.
 * Errors: `unsupported` where the browser has none; `permission-denied` when the person has to
 * allow it again; `store-not-found` when the folder is gone.
 */
export async function openRoot(settings: RootSettings, platform: Platform): Promise<RootFolder> {
  const { segments, mode } = settings;
  const isUserFolder = settings.directory !== undefined || settings.handleId !== undefined;
  let folder = isUserFolder
    ? await userFolder(settings)
    : await originFolder(platform.getDirectory);
  const canWrite = mode === 'readwrite';
  try {
    for (const name of segments) {
      folder = await folder.getDirectoryHandle(name, { create: canWrite });
    }
    // A folder that is gone is found out by reading it.
    await folder.keys().next();
  } catch (error) {
    if (isOtherKind(error)) throw notFolder(segments);
    if (isMissing(error)) throw gone(error);
    throw error;
  }
  return { root: folder, path: segments.join('/'), isUserFolder, canWrite };
}

async function originFolder(
  getDirectory: Platform['getDirectory'],
): Promise<FileSystemDirectoryHandle> {
  if (getDirectory === undefined) {
    const isInsecure = globalThis.isSecureContext === false;
    throw new StorageError(
      'unsupported',
      isInsecure
        ? 'the origin private file system is for secure pages alone.'
        : 'this browser has no origin private file system.',
      {
        hint: isInsecure
          ? 'Serve the page over https, or from localhost.'
          : 'Take storage-idb, or a newer browser.',
      },
    );
  }
  try {
    return await getDirectory();
  } catch (error) {
    // Firefox in private windows, Chromium with cookies blocked:
    // https://developer.mozilla.org/docs/Web/API/StorageManager/getDirectory (read 2026-11-21).
    if (!REFUSALS.has(nameOf(error))) throw error;
    throw new StorageError(
      'unsupported',
      'the browser gives this page no file system of its own.',
      {
        hint: 'Private windows and blocked site data do that. Take storage-idb or storage-memory.',
        cause: error,
      },
    );
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'SecurityError',
  'NotAllowedError',
  'NotSupportedError',
  'UnknownError',
  'InvalidStateError',
]);

async function userFolder(settings: RootSettings): Promise<FileSystemDirectoryHandle> {
  const { directory, handleId, mode } = settings;
  const folder = await (handleId === undefined
    ? typeof directory === 'function'
      ? directory()
      : directory
    : readHandle(handleId));
  if (folder === undefined && handleId !== undefined) {
    throw new StorageError('store-not-found', `no folder was chosen as "${handleId}".`, {
      hint: 'Let the person choose one with chooseDirectory({ handleId }).',
    });
  }
  if (!isDirectory(folder)) {
    throw new StorageError('invalid-config', '`directory` gave no handle of a folder.', {
      hint: 'Have it return what showDirectoryPicker() or getDirectoryHandle() gave.',
    });
  }
  const state = await (folder as PermissionHandle).queryPermission?.({ mode });
  if (state === 'prompt' || state === 'denied') throw notAllowed(handleId, state);
  return folder;
}

function notAllowed(handleId: string | undefined, state: PermissionState): StorageError {
  const ask =
    handleId === undefined
      ? "the handle's requestPermission()"
      : `requestAccess(${JSON.stringify(handleId)})`;
  const hint =
    state === 'prompt'
      ? `Call ${ask} when the person clicks.`
      : `The person refused it. ${ask} asks again when they click; some browsers want it allowed in the settings of the page.`;
  return new StorageError('permission-denied', 'the person has to allow this folder again.', {
    hint,
  });
}

function gone(cause: unknown): StorageError {
  return new StorageError('store-not-found', 'the folder of the storage is not there.', {
    hint: 'It was moved or deleted. Choose it again with chooseDirectory().',
    cause,
  });
}

function notFolder(segments: readonly string[]): StorageError {
  return new StorageError(
    'invalid-config',
    `${JSON.stringify(segments.join('/'))} is a file and can be no root.`,
  );
}
