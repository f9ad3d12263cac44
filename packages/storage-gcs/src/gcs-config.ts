import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { GcsOptions } from './gcs-provider.ts';

/**
 * Options out of `gs://bucket/prefix?projectId=…&keyFilename=…`, or out of a config object.
 * Errors: `invalid-config` that says what is allowed.
 */
export function gcsFromConfig(source: ConfigSource): GcsOptions {
  return readOptions(source, {
    bucket: { type: 'string', required: true, from: 'host' },
    prefix: { type: 'string', from: 'path' },
    projectId: { type: 'string', names: ['project_id', 'project'] },
    endpoint: { type: 'string', names: ['url', 'apiEndpoint', 'api_endpoint'] },
    credentials: { type: 'object' },
    keyFilename: { type: 'string', names: ['key_filename', 'keyFile', 'key_file'] },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
    public: { type: 'boolean' },
    publicUrl: { type: 'string', names: ['public_url'] },
    versions: { type: 'boolean' },
    lifecycleExpiry: { type: 'boolean', names: ['lifecycle_expiry'] },
    userProject: { type: 'string', names: ['user_project'] },
    maxConnections: { type: 'number', names: ['max_connections'] },
    native: { type: 'object' },
  });
}
