import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAzure } from '@granary/storage-azure';
import type { StorageEngine } from '@granary/storage-core';
import { createDropbox } from '@granary/storage-dropbox';
import { createFileSystem } from '@granary/storage-fs';
import { createGcs } from '@granary/storage-gcs';
import { createGoogleDrive } from '@granary/storage-gdrive';
import { createMemory } from '@granary/storage-memory';
import { createOneDrive } from '@granary/storage-onedrive';
import { createS3 } from '@granary/storage-s3';
import { createSupabase } from '@granary/storage-supabase';
import { startBrowser } from '@granary-tools/browser';
import type { Column } from './matrix.ts';

/**
 * What every backend declares: those of this machine and of Chromium once they are open, the others as they are known
 * to be without a request, over a bucket that keeps versions where they have them.
 */
export async function readBackends(): Promise<Column[]> {
  const baseDir = await mkdtemp(join(tmpdir(), 'granary-matrix-'));
  try {
    const columns: Column[] = [];
    for (const storage of [createMemory({ versioning: true }), createFileSystem({ baseDir })]) {
      await storage.ready();
      columns.push(columnOf(storage));
      await storage.close();
    }
    return [...columns, ...(await inBrowser()), ...remote().map(columnOf)];
  } finally {
    await rm(baseDir, { recursive: true });
  }
}

async function inBrowser(): Promise<Column[]> {
  await using browser = await startBrowser({
    entry: new URL('../page/declared.ts', import.meta.url),
  });
  const tab = await browser.open();
  const declared = (await tab.call('declared')) as [string, Column['capabilities']][];
  return declared.map(([name, capabilities]) => ({ name, capabilities }));
}

function remote(): StorageEngine[] {
  return [
    createS3({ bucket: 'bucket', region: 'us-east-1', versions: true }),
    createGcs({ bucket: 'bucket', versions: true }),
    createAzure({
      container: 'container',
      accountName: 'account',
      accountKey: 'a2V5',
      versions: true,
    }),
    createSupabase({ bucket: 'bucket', url: 'https://project.supabase.co', key: 'key' }),
    createGoogleDrive({ auth: 'token' }),
    createOneDrive({ auth: 'token' }),
    createDropbox({ auth: 'token' }),
  ];
}

function columnOf(storage: StorageEngine): Column {
  return { name: storage.getInfo().provider, capabilities: storage.getCapabilities() };
}
