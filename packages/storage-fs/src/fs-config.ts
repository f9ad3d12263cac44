import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { FileSystemOptions } from './fs-options.ts';

/** Options from `file:./data`, `file:///srv/data?durability=none`, or a config object. */
export function fileSystemFromConfig(source: ConfigSource): FileSystemOptions {
  const options = readOptions(source, {
    baseDir: { type: 'string', names: ['base_path', 'path'], from: 'path' },
    location: { type: 'string', oneOf: ['documents', 'data', 'cache', 'temp'] },
    appName: { type: 'string', names: ['app_name'] },
    folder: { type: 'string' },
    publicUrlBase: { type: 'string', names: ['public_url_base'] },
    durability: { type: 'string', oneOf: ['full', 'file', 'none'] },
    companions: { type: 'string', oneOf: ['meta-json', 'meta', 'manifest', 'none'] },
    backup: { type: 'boolean' },
    maxAgeMs: { type: 'number', names: ['max_age_ms'] },
    maxBytes: { type: 'number', names: ['max_bytes'] },
    lockTimeoutMs: { type: 'number', names: ['lock_timeout_ms'] },
  });
  const { baseDir } = options;
  // A drive of Windows stands behind the slash of the URL.
  const isDrive = 'url' in source && baseDir !== undefined && /^\/[a-z]:(?:\/|$)/i.test(baseDir);
  return isDrive ? { ...options, baseDir: baseDir.slice(1) } : options;
}
