// Overwrites one object again and again until it is told to stop.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createFileSystem } from '../../src/index.ts';
import { contentOf } from './content.ts';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

interface OverwriterSettings {
  readonly baseDir: string;
  readonly key: string;
  readonly bytes: number;
  /** Writes over the file itself, as nobody should. */
  readonly inPlace?: boolean;
}

const { baseDir, key, bytes, inPlace = false } = readSettings<OverwriterSettings>();
const storage = createFileSystem({ baseDir, durability: 'none' });
let isStopped = false;
const stopped = toldByParent('stop').then(() => {
  isStopped = true;
});
const contents = [1, 2, 3].map((version) => contentOf(key, version, bytes));
let writes = 0;
const file = inPlace ? openSync(join(baseDir, key), 'r+') : undefined;
await tellParent('ready');
while (!isStopped) {
  const content = contents[writes % contents.length] ?? contentOf(key, 1, bytes);
  if (file === undefined) {
    await storage.put(key, content, writes % 2 === 0 ? {} : { metadata: { writes } });
  } else {
    for (let at = 0; at < bytes; at += 65_536) writeSync(file, content, at, 65_536, at);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  writes += 1;
}
await stopped;
await storage.close();
await tellParent('result', writes);
process.disconnect();
