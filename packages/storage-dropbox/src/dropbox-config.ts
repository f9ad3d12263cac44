import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { DropboxOptions } from './dropbox-provider.ts';

/** Options from `dropbox:///folder?accessToken=…` or a config object. */
export function dropboxFromConfig(source: ConfigSource): DropboxOptions & { prefix?: string } {
  const { accessToken, ...options } = readOptions(source, {
    accessToken: { type: 'string', names: ['access_token', 'token'] },
    appKey: { type: 'string', names: ['app_key', 'clientId', 'client_id'] },
    root: { type: 'string', from: 'path' },
    prefix: { type: 'string' },
    pathRoot: { type: 'string', names: ['path_root'] },
    selectUser: { type: 'string', names: ['select_user'] },
    attributes: { type: 'string', oneOf: ['companion', 'none'] },
    trash: { type: 'boolean' },
    mute: { type: 'boolean' },
    concurrentWrites: { type: 'number', names: ['concurrent_writes'] },
    endpoint: { type: 'string' },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
  });
  return { ...options, ...(accessToken !== undefined && { auth: accessToken }) };
}
