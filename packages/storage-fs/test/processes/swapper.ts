// Swaps a folder for a link that leads elsewhere, and back, until it is told to stop.
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings, tellParent, toldByParent } from './from-parent.ts';

const { baseDir, outside } = readSettings<{ baseDir: string; outside: string }>();
const [place, aside, link] = ['swapped', '.aside', '.link'].map((name) => join(baseDir, name));
if (place === undefined || aside === undefined || link === undefined) throw new Error('no path');
symlinkSync(outside, link);
let isStopped = false;
toldByParent('stop').then(() => {
  isStopped = true;
});
await tellParent('ready');
let swaps = 0;
while (!isStopped) {
  for (let turn = 0; turn < 50; turn += 1) {
    renameSync(place, aside);
    renameSync(link, place);
    renameSync(place, link);
    renameSync(aside, place);
    swaps += 1;
  }
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}
await tellParent('result', swaps);
process.disconnect();
