import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workloads } from '../src/catalog.ts';

test('the README names every workload', async () => {
  const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  const missing = workloads
    .map(({ name }) => name)
    .filter((name) => !readme.includes(name) && !readme.includes(name.replace(/-c\d+$/, '-')));
  expect(missing).toEqual([]);
});
