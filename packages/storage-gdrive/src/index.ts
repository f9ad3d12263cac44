export type { GoogleAuthLike, GoogleDriveClientLike } from './gdrive-auth.ts';
export { createGoogleDrive, type GdriveOptions } from './gdrive-provider.ts';
