import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { AzureOptions } from './azure-provider.ts';

/** Options from `az://container/prefix?account=…&key=…` or a config object. */
export function azureFromConfig(source: ConfigSource): AzureOptions & { readonly prefix?: string } {
  return readOptions(source, {
    container: { type: 'string', required: true, from: 'host', names: ['bucket'] },
    prefix: { type: 'string', from: 'path' },
    connectionString: { type: 'string', names: ['connection_string'] },
    accountName: { type: 'string', names: ['account', 'account_name'] },
    accountKey: { type: 'string', names: ['key', 'account_key'] },
    sas: { type: 'string', names: ['sas_token', 'sasToken'] },
    endpoint: { type: 'string' },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
    versions: { type: 'boolean' },
    deleteSnapshots: { type: 'boolean', names: ['delete_snapshots'] },
    publicUrl: { type: 'string', names: ['public_url'] },
    public: { type: 'boolean' },
  });
}
