import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundlerName } from './bundlers.ts';

/** A part of the libraries that a bundle carries or not. */
export type Part = 'idb' | 'localstorage' | 'opfs';

/** A page that imports one thing. */
export interface PageCase {
  readonly name: string;
  /** The module that makes `storage`. */
  readonly source: string;
  /** What of the backends its bundle carries. */
  readonly parts: readonly Part[];
  /** What it is built with. */
  readonly bundlers: readonly BundlerName[];
}

/** Words of a part that no minifier can change, and that no other part has. */
export const MARKS: Readonly<Record<Part, RegExp>> = {
  idb: /Dexie/,
  localstorage: /no more room in localStorage/,
  opfs: /granary-opfs/,
};

/** The packages of this workspace that users of the pages install, and those that these need. */
export const PACKAGES: ReadonlySet<string> = new Set([
  '@granary/storage',
  '@granary/storage-core',
  '@granary/storage-fs',
  '@granary/storage-idb',
  '@granary/storage-layers',
  '@granary/storage-localstorage',
  '@granary/storage-memory',
  '@granary/storage-opfs',
]);

const ALL: readonly BundlerName[] = ['vite', 'webpack', 'esbuild'];
/** webpack takes longest, and has seen the parts of these in the other pages. */
const QUICK: readonly BundlerName[] = ['vite', 'esbuild'];

/** One page for each factory of its own package, and for each of `@granary/storage/browser`. */
export const PAGE_CASES: readonly PageCase[] = [
  importing('createMemory', '@granary/storage-memory', [], ALL),
  importing('createIndexedDB', '@granary/storage-idb', ['idb'], ALL),
  importing('createLocalStorage', '@granary/storage-localstorage', ['localstorage'], QUICK),
  importing('createOPFS', '@granary/storage-opfs', ['opfs'], QUICK),
  importing('createMemory', '@granary/storage/browser', [], QUICK),
  importing('createIndexedDB', '@granary/storage/browser', ['idb'], QUICK),
  importing('createLocalStorage', '@granary/storage/browser', ['localstorage'], QUICK),
  importing('createStorage', '@granary/storage/browser', ['idb', 'localstorage'], ALL),
];

function importing(
  factory: string,
  from: string,
  parts: readonly Part[],
  bundlers: readonly BundlerName[],
): PageCase {
  const source = `import { ${factory} } from '${from}';\nconst storage = ${factory}();\n`;
  return { name: `${factory} of ${from}`, source, parts, bundlers };
}

/** Writes the page into a project: it saves a value, loads it, and tells the frame around it. */
export async function writePage(project: string, { source }: PageCase): Promise<void> {
  await mkdir(project, { recursive: true });
  await writeFile(
    join(project, 'page.js'),
    `${source}
async function use() {
  await storage.save('greeting', { text: 'hello' });
  return (await storage.load('greeting')).text;
}
use().then(
  (text) => parent.postMessage({ text }, '*'),
  (error) => parent.postMessage({ error: String(error) }, '*'),
);
`,
  );
  await writeFile(
    join(project, 'index.html'),
    `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<title>Page</title>
<script type="module" src="./page.js"></script>
</html>
`,
  );
}
