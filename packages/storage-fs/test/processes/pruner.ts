// Fills folders that others empty, and empties them again. Most rounds leave nothing.
import { createFileSystem } from '../../src/index.ts';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

const { baseDir, me, rounds } = readSettings<{
  readonly baseDir: string;
  readonly me: number;
  readonly rounds: number;
}>();
const storage = createFileSystem({ baseDir, durability: 'none' });
await storage.ready();
const start = toldByParent('start');
await tellParent('ready');
await start;

const kept: string[] = [];
for (let round = 0; round < rounds; round += 1) {
  const key = `shared/deep-${round % 2}/${round % 3 === 0 ? 'er/' : ''}${me}-${round}.txt`;
  const metadata = round % 4 === 0 ? { metadata: { round } } : {};
  await storage.put(key, key, metadata);
  if ((await (await storage.get(key)).text()) !== key) throw new Error(`${key} is another one`);
  if (round % 20 === 19) {
    const place = `kept/${me}/${round}/a.txt`;
    await storage.move(key, place);
    await storage.copy(place, key);
    if ((await (await storage.get(key)).text()) !== key) throw new Error(`${key} is another one`);
    await storage.delete(place);
    await storage.put(place, place);
    kept.push(place);
  }
  await storage.delete(key);
}
await storage.close();
await tellParent('kept', kept);
process.disconnect();
