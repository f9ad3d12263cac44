// Lists many files page by page, or reads and writes many at once, and tells what it took.
import { createFileSystem } from '../../src/index.ts';
import { readSettings, tellParent } from './from-parent.ts';

interface ManySettings {
  readonly baseDir: string;
  readonly work: 'list' | 'at-once';
  readonly count: number;
}

const { baseDir, work, count } = readSettings<ManySettings>();
const storage = createFileSystem({ baseDir, durability: 'none' });

/** Units: bytes. */
function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function list(): Promise<object> {
  await storage.ready();
  const before = heap();
  let [keys, pages, mostHeap, last, isOrdered] = [0, 0, 0, '', true];
  for await (const { entries } of storage.list().pages()) {
    pages += 1;
    for (const { key, size } of entries) {
      if (key <= last || size !== 1) isOrdered = false;
      last = key;
      keys += 1;
    }
    if (pages % 5 === 0) mostHeap = Math.max(mostHeap, heap() - before);
  }
  return { keys, pages, mostHeap, isOrdered };
}

async function atOnce(): Promise<object> {
  const numbers = Array.from({ length: count }, (_, number) => number);
  await Promise.all(numbers.map((number) => storage.put(`many/${number % 2000}`, `${number}`)));
  const texts = await Promise.all(
    numbers.map(async (number) => (await storage.get(`many/${number % 2000}`)).text()),
  );
  const right = texts.filter((text, number) => Number(text) % 2000 === number % 2000).length;
  return { right };
}

const result = await (work === 'list' ? list() : atOnce());
await storage.close();
await tellParent('result', result);
process.disconnect();
