export type {
  GraphAuthenticationLike,
  GraphClientLike,
  OneDriveAuth,
} from './onedrive-auth.ts';
export { quickXorHash } from './onedrive-hash.ts';
export type { FileSystemInfo, OneDriveNativeOptions } from './onedrive-native.ts';
export { createOneDrive, type OneDriveOptions } from './onedrive-provider.ts';
