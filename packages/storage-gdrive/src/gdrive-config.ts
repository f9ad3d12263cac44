import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { GdriveOptions } from './gdrive-provider.ts';

/** Options from `gdrive:///folder/path?token=…` or a config object. */
export function gdriveFromConfig(source: ConfigSource): GdriveOptions {
  const { token, ...options } = readOptions(source, {
    token: { type: 'string', required: true, names: ['access_token', 'accessToken'] },
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
    auth: token,
    ...others,
    ...(exports !== undefined && { exports: exports as Readonly<Record<string, string>> }),
  };
}
