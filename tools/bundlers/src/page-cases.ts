import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A part of the libraries that a bundle carries or not. */
export type Part = 'idb' | 'localstorage' | 'opfs';

/** A page that imports one thing. */
export interface PageCase {
  readonly name: string;
  /** The module that makes `storage`. */
  readonly source: string;
  /** What of the backends its bundle carries. */
  readonly parts: readonly Part[];
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
  '@granary/storage-credentials',
  '@granary/storage-dropbox',
  '@granary/storage-fs',
  '@granary/storage-gdrive',
  '@granary/storage-idb',
  '@granary/storage-layers',
  '@granary/storage-localstorage',
  '@granary/storage-memory',
  '@granary/storage-oauth',
  '@granary/storage-onedrive',
  '@granary/storage-opfs',
]);

/** One page for each factory of its own package, and for each of `@granary/storage/browser`. */
export const PAGE_CASES: readonly PageCase[] = [
  importing('createMemory', '@granary/storage-memory', []),
  importing('createIndexedDB', '@granary/storage-idb', ['idb']),
  importing('createLocalStorage', '@granary/storage-localstorage', ['localstorage']),
  writingInWorker(importing('createOPFS', '@granary/storage-opfs', ['opfs'])),
  importing('createMemory', '@granary/storage/browser', []),
  importing('createIndexedDB', '@granary/storage/browser', ['idb']),
  importing('createLocalStorage', '@granary/storage/browser', ['localstorage']),
  importing('createStorage', '@granary/storage/browser', ['idb', 'localstorage']),
];

function importing(factory: string, from: string, parts: readonly Part[]): PageCase {
  const source = `import { ${factory} } from '${from}';\nconst storage = ${factory}();\n`;
  return { name: `${factory} of ${from}`, source, parts };
}

/** As in a browser that lets pages write files in a worker alone: the source of that goes through the bundler too. */
function writingInWorker({ source, ...page }: PageCase): PageCase {
  const forget = 'delete FileSystemFileHandle.prototype.createWritable;\nconst storage';
  return { ...page, source: source.replace('const storage', forget) };
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
