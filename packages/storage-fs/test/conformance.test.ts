import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Harness } from '@granary/storage-conformance';
import { describeConformance } from '@granary/storage-conformance/vitest';
import type { FileSystemOptions } from '../src/fs-options.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';

function harness(name: string, options: FileSystemOptions): Harness {
  return {
    name,
    async create() {
      const baseDir = await mkdtemp(join(tmpdir(), 'granary-fs-'));
      const provider = () => fileSystemProvider({ baseDir, ...options });
      return {
        provider: provider(),
        reopen: provider,
        close: () => rm(baseDir, { recursive: true, force: true }),
      };
    },
  };
}

describeConformance(harness('fs', { durability: 'none' }));

// What the options change; the rest is the same code.
describeConformance(harness('fs, all synced', {}), { rules: ['PUT', 'DEL', 'MOVE'] });
describeConformance(harness('fs, files synced', { durability: 'file' }), { rules: ['PUT'] });
const ATTRIBUTES = ['META', 'COPY', 'MOVE', 'DEL', 'COND'];
for (const companions of ['meta', 'manifest', 'none'] as const) {
  const options = { durability: 'none', companions } as const;
  describeConformance(harness(`fs, attributes in ${companions}`, options), { rules: ATTRIBUTES });
}
describeConformance(harness('fs with backups', { durability: 'none', backup: true }), {
  rules: ['GET', 'PUT', 'COPY', 'MOVE', 'DEL', 'UP'],
});
