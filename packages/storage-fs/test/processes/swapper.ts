// Swaps a folder for a link that leads elsewhere, and back, until it is told to stop.
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

const { baseDir, outside } = readSettings<{ baseDir: string; outside: string }>();
const [place, aside, link] = ['swapped', '.aside', '.link'].map((name) => join(baseDir, name));
if (place === undefined || aside === undefined || link === undefined) throw new Error('no path');
symlinkSync(outside, link);
let isStopped = false;
void toldByParent('stop').then(() => {
  isStopped = true;
});
let others = 0;

/** The storage makes the folder anew while it is gone: that one goes out of the way. */
function move(from: string, to: string): void {
  for (;;) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(code)) throw error;
      others += 1;
      renameSync(to, `${baseDir}/.other-${others}`);
    }
  }
}

await tellParent('ready');
let swaps = 0;
while (!isStopped) {
  for (let turn = 0; turn < 50; turn += 1) {
    move(place, aside);
    move(link, place);
    move(place, link);
    move(aside, place);
    swaps += 1;
  }
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
await tellParent('result', swaps);
process.disconnect();
