import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { nameOf, toOpfsError } from './opfs-errors.ts';

/** Options of {@link openFiles}. */
export interface OpenFilesOptions {
  /** Media types, such as `image/*`. Default: all. */
  readonly mimeTypes?: readonly string[];
  /** Endings, such as `.png`. Default: all. */
  readonly extensions?: readonly string[];
  /** Default: true. */
  readonly multiple?: boolean;
}

/** Options of {@link openDirectory}. */
export interface OpenDirectoryOptions {
  /** Whether files of folders inside are read too. Default: true. */
  readonly recursive?: boolean;
}

/** A file in a folder that the person chose. */
export interface DirectoryFile {
  /** Where it is below that folder, such as `2026/may/a.png`. */
  readonly path: string;
  readonly file: File;
}

/** Options of {@link saveFile}. */
export interface SaveFileOptions {
  /** What the person is offered as its name. */
  readonly fileName: string;
  readonly extensions?: readonly string[];
}

/**
 * Lets the person choose files, in every browser: with the picker of the File System Access API where
 * there is one, else with `<input type="file">`. Nothing when they choose none. Each is content for
 * `put` and `save`.
 * Errors: `permission-denied` without a click before; `unsupported` outside of pages.
 */
export async function openFiles(options: OpenFilesOptions = {}): Promise<readonly File[]> {
  const { mimeTypes, extensions, multiple = true } = options;
  checkPage('openFiles');
  const { fileOpen } = await import('browser-fs-access');
  const accepted = {
    ...(mimeTypes && { mimeTypes: [...mimeTypes] }),
    ...(extensions && { extensions: [...extensions] }),
  };
  try {
    if (multiple) return await fileOpen({ ...accepted, multiple: true });
    return [await fileOpen({ ...accepted, multiple: false })];
  } catch (error) {
    if (nameOf(error) === 'AbortError') return [];
    throw labelled(error, 'openFiles');
  }
}

/**
 * Lets the person choose a folder and gives the files in it, once and for reading, in every browser:
 * `chooseDirectory`, to work in a folder and to come back to it, is for Chromium alone. Nothing when
 * they choose none. Empty folders are left out, and so is what the browser cannot give.
 * Errors: `permission-denied` without a click before; `unsupported` outside of pages.
 */
export async function openDirectory({
  recursive = true,
}: OpenDirectoryOptions = {}): Promise<readonly DirectoryFile[]> {
  checkPage('openDirectory');
  const { directoryOpen } = await import('browser-fs-access');
  try {
    // An empty folder comes as its handle.
    const found: readonly (File | FileSystemDirectoryHandle)[] = await directoryOpen({ recursive });
    return found.flatMap((file) =>
      file instanceof File ? [{ path: file.webkitRelativePath.replace(/^[^/]*\//, ''), file }] : [],
    );
  } catch (error) {
    if (nameOf(error) === 'AbortError') return [];
    throw labelled(error, 'openDirectory');
  }
}

/**
 * Lets the person save content as a file, in every browser: where they choose, or as a download.
 * `false` when they close the picker.
 * Errors: `permission-denied` without a click before; `unsupported` outside of pages.
 */
export async function saveFile(
  content: Blob | Response,
  { fileName, extensions }: SaveFileOptions,
): Promise<boolean> {
  checkPage('saveFile');
  const { fileSave } = await import('browser-fs-access');
  try {
    await fileSave(content, { fileName, ...(extensions && { extensions: [...extensions] }) });
    return true;
  } catch (error) {
    if (nameOf(error) === 'AbortError') return false;
    throw labelled(error, 'saveFile');
  }
}

/** The package looks at the page when it is loaded, so it is loaded when there is one. */
function checkPage(operation: string): void {
  if ('document' in globalThis) return;
  throw new StorageError('unsupported', 'only a page can show a picker.', {
    provider: 'opfs',
    operation,
  });
}

function labelled(thrown: unknown, operation: string): unknown {
  const error = toOpfsError(thrown);
  return isStorageError(error) ? error.with({ provider: 'opfs', operation }) : error;
}
