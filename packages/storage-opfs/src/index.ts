export {
  type ChooseDirectoryOptions,
  type ChosenDirectory,
  chooseDirectory,
  forgetDirectory,
  listDirectories,
  requestAccess,
} from './opfs-directories.ts';
export type { OPFSOptions } from './opfs-options.ts';
export {
  type DirectoryFile,
  type OpenDirectoryOptions,
  type OpenFilesOptions,
  openDirectory,
  openFiles,
  type SaveFileOptions,
  saveFile,
} from './opfs-pickers.ts';
export type { AccessMode } from './opfs-platform.ts';
export { createOPFS, type OPFSNative } from './opfs-provider.ts';
export { serveFiles } from './opfs-serve-files.ts';
