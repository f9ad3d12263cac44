import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFileSystem } from '@granary/storage-fs';
import { createMemory } from '@granary/storage-memory';
import type { Column } from './matrix.ts';

/** What every backend declares once it is open. */
export async function readBackends(): Promise<Column[]> {
  const baseDir = await mkdtemp(join(tmpdir(), 'granary-matrix-'));
  try {
    const columns: Column[] = [];
    for (const storage of [createMemory(), createFileSystem({ baseDir })]) {
      await storage.ready();
      columns.push({ name: storage.getInfo().provider, capabilities: storage.getCapabilities() });
      await storage.close();
    }
    return columns;
  } finally {
    await rm(baseDir, { recursive: true });
  }
}
