import { type ConfigSource, readOptions, StorageError } from '@granary/storage-core/provider';
import { isCondition, S3_CONDITIONS, type S3Condition } from './s3-conditions.ts';
import type { S3Options } from './s3-provider.ts';

/**
 * Options out of `s3://bucket/prefix?region=eu-west-1&endpoint=…`, or out of a config object.
 * Errors: `invalid-config` that says what is allowed.
 */
export function s3FromConfig(source: ConfigSource): S3Options {
  const { conditions, ...options } = readOptions(source, {
    bucket: { type: 'string', required: true, from: 'host' },
    prefix: { type: 'string', from: 'path' },
    region: { type: 'string' },
    endpoint: { type: 'string', names: ['url', 'endpoint_url'] },
    accessKeyId: { type: 'string', from: 'username', names: ['access_key_id', 'key'] },
    secretAccessKey: { type: 'string', from: 'password', names: ['secret_access_key', 'secret'] },
    sessionToken: { type: 'string', names: ['session_token'] },
    forcePathStyle: { type: 'boolean', names: ['force_path_style', 'pathStyle', 'path_style'] },
    allowInsecure: { type: 'boolean', names: ['allow_insecure'] },
    publicUrl: { type: 'string', names: ['public_url'] },
    versions: { type: 'boolean' },
    conditions: { type: 'strings' },
    checksums: { type: 'boolean' },
    expectedBucketOwner: { type: 'string', names: ['expected_bucket_owner'] },
    requestPayer: { type: 'boolean', names: ['request_payer'] },
    maxConnections: { type: 'number', names: ['max_connections'] },
    native: { type: 'object' },
  });
  return {
    ...options,
    ...(conditions !== undefined && { conditions: readConditions(conditions) }),
  };
}

function readConditions(words: readonly string[]): 'probe' | readonly S3Condition[] {
  if (words.length === 1 && words[0] === 'probe') return 'probe';
  if (words.every(isCondition)) return words;
  throw new StorageError(
    'invalid-config',
    `the option "conditions" is "probe", or some of: ${S3_CONDITIONS.join(', ')}.`,
  );
}
