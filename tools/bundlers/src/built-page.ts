import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Plugin } from 'esbuild';

/** The scripts of a built page. */
export interface BuiltPage {
  /** All of them, one after the other. */
  readonly text: string;
  /** What a browser fetches before the page runs: the entry and its static imports, each gzipped. Units: bytes. */
  readonly firstLoadBytes: number;
}

/** Reads the built page in a folder: its `index.html`, and the scripts beside and below that. */
export async function readBuiltPage(folder: string): Promise<BuiltPage> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const scripts = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.js'));
  const texts = await Promise.all(
    scripts.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8')),
  );
  const first = await Promise.all((await firstLoad(folder)).map((file) => readFile(file)));
  return {
    text: texts.join('\n'),
    firstLoadBytes: first.reduce((sum, bytes) => sum + gzipped(bytes), 0),
  };
}

/** Paths of the script that the page names and of what that imports, but not of what it loads later. */
async function firstLoad(folder: string): Promise<readonly string[]> {
  const page = await readFile(join(folder, 'index.html'), 'utf8');
  const entry = /<script[^>]* src="([^"]+)"/.exec(page)?.[1];
  if (entry === undefined) throw new Error(`The page in ${folder} names no script.`);
  const { metafile } = await build({
    absWorkingDir: folder,
    entryPoints: [entry],
    outdir: folder,
    bundle: true,
    format: 'esm',
    plugins: [withoutLaterImports],
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  return Object.keys(metafile.inputs).map((path) => join(folder, path));
}

const withoutLaterImports: Plugin = {
  name: 'without-later-imports',
  setup(esbuild) {
    esbuild.onResolve({ filter: /./ }, ({ kind }) =>
      kind === 'dynamic-import' ? { external: true } : undefined,
    );
  },
};

function gzipped(bytes: Uint8Array): number {
  return gzipSync(bytes, { level: 9 }).byteLength;
}
