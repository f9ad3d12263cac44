import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { OPFSOptions } from './opfs-options.ts';

/** Options from `opfs://`, `opfs:///assets/images`, `opfs:///?handleId=library`, or a config object. */
export function opfsFromConfig(source: ConfigSource): OPFSOptions {
  return readOptions(source, {
    root: { type: 'string', names: ['path', 'base_path'], from: 'path' },
    handleId: { type: 'string', names: ['handle_id'] },
    mode: { type: 'string', oneOf: ['read', 'readwrite'] },
  });
}
