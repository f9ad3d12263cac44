import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Metric, type Workload } from '../harness/workload.ts';
import { inFreshProcess } from './fresh-process.ts';

/** Source of an expression that makes a storage, in a module where `folder` is a path. */
interface EmptySubject extends Subject {
  readonly specifier: string;
  readonly make: string;
}

const subjects: readonly EmptySubject[] = [
  defineSubject({
    id: 'granary-fs',
    title: 'Granary fs',
    kind: 'granary',
    specifier: '@granary/storage-fs',
    make: '(module, folder) => module.createFileSystem({ baseDir: folder })',
  }),
  defineSubject({
    id: 'granary-memory',
    title: 'Granary memory',
    kind: 'granary',
    specifier: '@granary/storage-memory',
    make: '(module) => module.createMemory()',
  }),
];

interface Overhead {
  readonly heap: number;
  readonly resident: number;
}

const bytes = (title: string): Metric => ({ title, unit: 'bytes', better: 'lower' });

/** What a storage takes before anything is in it. */
export const emptyStore: Workload = defineWorkload<EmptySubject>({
  name: 'empty-store',
  title: 'An empty store',
  about:
    'A fresh process imports the package, opens a new store and lists it. Heap: JavaScript objects and buffers after a collection, code included. ' +
    'Resident: what the process grew by. Disk: blocks in use in the folder.',
  metrics: { heap: bytes('heap'), resident: bytes('resident'), disk: bytes('disk') },
  subjects,
  isolated: false,
  groupOf: () => 'empty',
  async start({ specifier, make }, { folder }) {
    let number = 0;
    const measure = async () => {
      const root = join(folder, `store-${number++}`);
      const overhead = (await inFreshProcess(sourceOf(specifier, make, root))) as Overhead;
      return { heap: overhead.heap, resident: overhead.resident, disk: await blockBytes(root) };
    };
    return {
      verify: async () => {
        await measure();
      },
      run: measure,
      close: async () => {},
    };
  },
});

function sourceOf(specifier: string, make: string, root: string): string {
  return `
    const used = () => {
      for (let turn = 0; turn < 3; turn++) gc();
      const { heapUsed, external, rss } = process.memoryUsage();
      return { heap: heapUsed + external, resident: rss };
    };
    const before = used();
    const storage = (${make})(await import(${JSON.stringify(specifier)}), ${JSON.stringify(root)});
    await storage.ready();
    if ((await storage.list()).length !== 0) throw new Error('The store is not empty.');
    const after = used();
    await storage.close();
    report({ heap: after.heap - before.heap, resident: after.resident - before.resident });
  `;
}

/** Blocks that a folder and all in it have on the disk; none for a folder that is not there. Units: bytes. */
export async function blockBytes(path: string): Promise<number> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return 0;
  let total = stats.blocks * 512;
  for (const name of stats.isDirectory() ? await readdir(path) : []) {
    total += await blockBytes(join(path, name));
  }
  return total;
}
