import { expect, test } from 'vitest';
import { readBackends } from './backends.ts';

test('every backend is there, with what it declares', async () => {
  const columns = await readBackends();
  expect(columns.map(({ name }) => name)).toEqual([
    ...['memory', 'fs', 'idb', 'opfs', 'localstorage', 's3', 'gcs', 'azure', 'supabase'],
    ...['gdrive', 'onedrive', 'dropbox'],
  ]);
  for (const { capabilities } of columns) expect(capabilities.rangeReads).toBe(true);
});
