import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workloads } from '../src/catalog.ts';
import type { Workload } from '../src/harness.ts';

const home = join(import.meta.dirname, '..');

test('the example of the README is a workload that runs', async () => {
  const readme = await readFile(join(home, 'README.md'), 'utf8');
  const [, source = ''] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const folder = await mkdtemp(join(home, 'node_modules', '.readme-'));
  try {
    const file = join(folder, 'example.ts');
    await writeFile(file, source);
    const { parsing } = (await import(file)) as { parsing: Workload };
    const [subject] = parsing.subjects;
    if (subject === undefined) throw new Error('The example has no subject.');
    const session = await parsing.start(subject, { folder, shared: folder, scale: 'tiny' });
    await session.verify();
    expect((await session.run(0))['parse']).toBeGreaterThan(0);
    await session.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the README names every workload', async () => {
  const readme = await readFile(join(home, 'README.md'), 'utf8');
  const missing = workloads
    .map(({ name }) => name)
    .filter((name) => !readme.includes(name) && !readme.includes(name.replace(/-c\d+$/, '-')));
  expect(missing).toEqual([]);
});
