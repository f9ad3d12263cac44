import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeConformance } from '@granary/storage-conformance/vitest';
import { fileSystemProvider } from '../src/fs-provider.ts';

describeConformance({
  name: 'fs',
  async create() {
    const baseDir = await mkdtemp(join(tmpdir(), 'granary-fs-'));
    return {
      provider: fileSystemProvider({ baseDir, durability: 'none' }),
      reopen: () => fileSystemProvider({ baseDir, durability: 'none' }),
      close: () => rm(baseDir, { recursive: true, force: true }),
    };
  },
});
