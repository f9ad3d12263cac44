import type { VersionOperations } from '@granary/storage-core/provider';
import { copyAttributes, copyInfo } from './memory-info.ts';
import type { MemoryStore } from './memory-store.ts';

const VERSIONS_PER_PAGE = 1000;

/**
 * Every write is a version, one that changes attributes too. A deleted object has no current
 * version, until it is written or restored.
 */
export function memoryVersions(store: MemoryStore): VersionOperations {
  return {
    async *list(key) {
      const newestFirst = store.versions(key).toReversed();
      for (let from = 0; from < newestFirst.length; from += VERSIONS_PER_PAGE) {
        const page = newestFirst.slice(from, from + VERSIONS_PER_PAGE);
        yield page.map(({ info }) => copyInfo(info));
      }
    },
    async restore(key, version) {
      const { bytes, info } = store.find(key, version);
      const write = { bytes, attributes: copyAttributes(info), checksums: info.checksums };
      return copyInfo(store.write(key, write, {}).info);
    },
  };
}
