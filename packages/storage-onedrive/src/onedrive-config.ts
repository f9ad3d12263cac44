import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { OneDriveOptions } from './onedrive-provider.ts';

/**
 * Options from `onedrive:///Documents/Granary?token=…` or a config object. Without a token, whoever
 * opens the place gives `auth` or `client`; `clientId` is read so that the provider can say who signs
 * in with it.
 */
export function onedriveFromConfig(
  source: ConfigSource,
): OneDriveOptions & { readonly clientId?: string } {
  const { token, ...options } = readOptions(source, {
    token: { type: 'string', names: ['accessToken', 'access_token'] },
    clientId: { type: 'string', names: ['client_id'] },
    root: { type: 'string', from: 'path' },
    driveId: { type: 'string', names: ['drive_id'] },
    siteId: { type: 'string', names: ['site_id'] },
    appFolder: { type: 'boolean', names: ['app_folder'] },
    versions: { type: 'boolean' },
    attributes: { type: 'string', oneOf: ['companion', 'none'] },
    trash: { type: 'boolean' },
    endpoint: { type: 'string' },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
  });
  return { ...options, ...(token !== undefined && { auth: token }) };
}
