// Uses up all descriptors of its process, works on a store and only then closes some.
import { closeSync, openSync } from 'node:fs';
import { createStorage } from '@granary/storage-core';
import { NODE_CALLS } from '../../src/fs-calls.ts';
import { fileSystemProvider } from '../../src/fs-provider.ts';
import { THIS_SYSTEM } from '../../src/fs-system.ts';
import { readSettings, tellParent } from './from-parent.ts';

const { baseDir } = readSettings<{ readonly baseDir: string }>();
/** Refusals of the system until the files are closed. */
const ENOUGH = 30;
let refused = 0;
let isEnough: () => void = () => {};
const enough = new Promise<void>((resolve) => {
  isEnough = resolve;
});
const open: typeof NODE_CALLS.open = async (...values) => {
  try {
    return await NODE_CALLS.open(...values);
  } catch (error) {
    refused += 1;
    if (refused === ENOUGH) isEnough();
    throw error;
  }
};
const system = { ...THIS_SYSTEM, calls: { ...NODE_CALLS, open } };
const storage = createStorage(fileSystemProvider({ baseDir, durability: 'none' }, system));
await storage.put('a', 'before');
refused = 0;

const files: number[] = [];
let failure = '';
while (failure === '') {
  try {
    files.push(openSync('/dev/null', 'r'));
  } catch (error) {
    failure = String((error as NodeJS.ErrnoException).code);
  }
}
await tellParent('full', failure);

const ended: string[] = [];
function noted<Value>(name: string, work: Promise<Value>): Promise<Value> {
  const note = () => void ended.push(name);
  work.then(note, note);
  return work;
}
const works = [
  noted('get', (async () => (await storage.get('a')).text())()),
  noted('put', (async () => (await storage.put('folder/b', 'second')).size)()),
  noted(
    'put with metadata',
    (async () => (await storage.put('folder/b', 'second', { metadata: { b: 1 } })).size)(),
  ),
];
await enough;
await tellParent('ended before', ended);
for (const file of files) closeSync(file);
const results = await Promise.allSettled(works);
const listed = await Promise.allSettled([storage.list().then((all) => all.map(({ key }) => key))]);
await storage.close();
await tellParent(
  'results',
  [...results, ...listed].map((result) => [
    result.status,
    result.status === 'fulfilled' ? result.value : String(result.reason),
  ]),
);
process.disconnect();
