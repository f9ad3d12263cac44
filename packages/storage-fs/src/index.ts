export { createFileSystem, type FileSystemOptions, fileSystemProvider } from './fs-provider.ts';
