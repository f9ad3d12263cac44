import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { IndexedDBOptions } from './idb-provider.ts';

/** Options from `idb://name`, `idb://name?durability=strict&indexes=stars,color`, or a config object. */
export function indexedDBFromConfig(source: ConfigSource): IndexedDBOptions {
  return readOptions(source, {
    dbName: { type: 'string', names: ['db_name'], from: 'host' },
    version: { type: 'number' },
    durability: { type: 'string', oneOf: ['strict', 'relaxed'] },
    indexes: { type: 'strings' },
    blockedTimeoutMs: { type: 'number', names: ['blocked_timeout_ms'] },
  });
}
