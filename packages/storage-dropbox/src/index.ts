export type { DropboxAuthLike, DropboxClientLike } from './dropbox-auth.ts';
export type { DropboxEndpoints } from './dropbox-client.ts';
export type { DropboxNativeOptions } from './dropbox-native.ts';
export { createDropbox, type DropboxOptions, dropboxProvider } from './dropbox-provider.ts';
