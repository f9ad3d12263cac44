import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { GdriveOptions } from './gdrive-provider.ts';

/**
 * Options from `gdrive:///folder/path?token=…` or a config object. Without a token, whoever opens the
 * place gives `auth` or `client`; `clientId` is read so that the provider can say who signs in with it.
 */
export function gdriveFromConfig(
  source: ConfigSource,
): GdriveOptions & { readonly clientId?: string } {
  const { token, ...options } = readOptions(source, {
    token: { type: 'string', names: ['access_token', 'accessToken'] },
    clientId: { type: 'string', names: ['client_id'] },
    root: { type: 'string', from: 'path' },
    driveId: { type: 'string', from: 'host', names: ['drive_id'] },
    appFolder: { type: 'boolean', names: ['app_folder'] },
    trash: { type: 'boolean' },
    verify: { type: 'boolean' },
    exports: { type: 'object' },
    endpoint: { type: 'string' },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
  });
  const { exports, ...others } = options;
  return {
    ...(token !== undefined && { auth: token }),
    ...others,
    ...(exports !== undefined && { exports: exports as Readonly<Record<string, string>> }),
  };
}
