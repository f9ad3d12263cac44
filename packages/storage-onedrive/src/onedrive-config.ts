import { type ConfigSource, readOptions, StorageError } from '@granary/storage-core/provider';
import type { OneDriveOptions } from './onedrive-provider.ts';

/** Options from `onedrive:///Documents/Granary?token=…` or a config object. */
export function onedriveFromConfig(source: ConfigSource): OneDriveOptions {
  const { token, ...options } = readOptions(source, {
    token: { type: 'string', names: ['accessToken', 'access_token'] },
    root: { type: 'string', from: 'path' },
    driveId: { type: 'string', names: ['drive_id'] },
    siteId: { type: 'string', names: ['site_id'] },
    appFolder: { type: 'boolean', names: ['app_folder'] },
    trash: { type: 'boolean' },
    endpoint: { type: 'string' },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
  });
  if (token !== undefined) return { ...options, auth: token };
  throw new StorageError('invalid-config', 'the option "token" is missing.', {
    hint: 'A configuration holds an access token, which is good for about an hour; in code, give "auth" a sign-in.',
  });
}
