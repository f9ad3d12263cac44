export type {
  GraphAuthenticationLike,
  GraphClientLike,
  OneDriveAuth,
} from './onedrive-auth.ts';
export { quickXorHash } from './onedrive-hash.ts';
export { createOneDrive, type OneDriveOptions } from './onedrive-provider.ts';
