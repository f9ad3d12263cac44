import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Metafile, OutputFile } from 'esbuild';
import { defineSubject, type Subject } from '../harness/subject.ts';
import { defineWorkload, type Metric, type Workload } from '../harness/workload.ts';

/** What an application imports, bundled. */
export interface BundleSubject extends Subject {
  readonly source: string;
  readonly platform: 'browser' | 'node';
  /** Whether the vendor's SDK is left out of it. Default: false. */
  readonly withoutSdk?: boolean;
  /** What it is compared with, where that is not every bundle. */
  readonly group?: string;
}

/** Sizes of a bundle. Units: bytes. */
export interface BundleSize {
  /** What is loaded at once: the entry and all that it imports statically. */
  readonly initialGzip: number;
  /** With everything that is only loaded when it is used. */
  readonly totalGzip: number;
  readonly totalMinified: number;
}

const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const BEST_COMPRESSION = 9;
const ENTRY = 'entry.js';
/** Resolves packages to their sources, when this process does so, too. */
const SOURCE_CONDITION = '@granary/source';

/** Packages of vendors, for what a backend weighs by itself. */
const SDK_PACKAGES: readonly string[] = ['@aws-sdk/*', '@smithy/*', '@azure/*', '@supabase/*'];

function bundle(
  id: string,
  title: string,
  kind: Subject['kind'],
  platform: BundleSubject['platform'],
  source: string,
): BundleSubject {
  return defineSubject({ id, title, kind, platform, source, note: platform });
}

/** A backend that runs in browsers and at the edge: with the vendor's SDK, without it, and the SDK alone. */
function backendBundles(
  [id, create]: readonly [string, string],
  sdkTitle: string,
  sdkSource: string,
): BundleSubject[] {
  const title = `@granary/storage-${id}, ${create}`;
  const source = `export { ${create} } from '@granary/storage-${id}';`;
  return [
    { ...bundle(id, `${title}, with the SDK`, 'granary', 'browser', source), group: id },
    {
      ...bundle(`${id}-own`, `${title}, without the SDK`, 'granary', 'browser', source),
      withoutSdk: true,
    },
    { ...bundle(`${id}-sdk`, sdkTitle, 'raw', 'browser', sdkSource), group: id },
  ];
}

const bundleSubjects: readonly BundleSubject[] = [
  bundle(
    'core',
    '@granary/storage-core, all of it',
    'granary',
    'browser',
    `export * from '@granary/storage-core';`,
  ),
  bundle(
    'core-create',
    '@granary/storage-core, createStorage',
    'granary',
    'browser',
    `export { createStorage } from '@granary/storage-core';`,
  ),
  bundle(
    'core-provider',
    '@granary/storage-core/provider, all of it',
    'granary',
    'browser',
    `export * from '@granary/storage-core/provider';`,
  ),
  bundle(
    'memory',
    '@granary/storage-memory, createMemory',
    'granary',
    'browser',
    `export { createMemory } from '@granary/storage-memory';`,
  ),
  bundle(
    'fs',
    '@granary/storage-fs, createFileSystem',
    'granary',
    'node',
    `export { createFileSystem } from '@granary/storage-fs';`,
  ),
  bundle(
    'umbrella-browser',
    '@granary/storage/browser, all of it',
    'granary',
    'browser',
    `export * from '@granary/storage/browser';`,
  ),
  ...backendBundles(
    ['s3', 'createS3'],
    '@aws-sdk/client-s3, four commands',
    `export { S3Client, GetObjectCommand, PutObjectCommand, ListObjectsV2Command, DeleteObjectCommand } from '@aws-sdk/client-s3';`,
  ),
  ...backendBundles(
    ['azure', 'createAzure'],
    '@azure/storage-blob, ContainerClient',
    `export { ContainerClient } from '@azure/storage-blob';`,
  ),
  ...backendBundles(
    ['supabase', 'createSupabase'],
    '@supabase/storage-js, StorageClient',
    `export { StorageClient } from '@supabase/storage-js';`,
  ),
  bundle(
    'unstorage-1',
    'unstorage 1, core + memory',
    'peer',
    'browser',
    `import { createStorage } from 'unstorage'; import memory from 'unstorage/drivers/memory'; export const storage = () => createStorage({ driver: memory() });`,
  ),
  bundle(
    'unstorage-2',
    'unstorage 2, core + memory',
    'peer',
    'browser',
    `import { createStorage } from 'unstorage-next'; import memory from 'unstorage-next/drivers/memory'; export const storage = () => createStorage({ driver: memory() });`,
  ),
  bundle(
    'files-sdk',
    'files-sdk, core + memory',
    'peer',
    'node',
    `export { Files } from 'files-sdk'; export { memory } from 'files-sdk/memory';`,
  ),
  bundle(
    'flystorage',
    'flystorage core',
    'peer',
    'node',
    `export { FileStorage } from '@flystorage/file-storage';`,
  ),
  bundle(
    'flydrive',
    'flydrive, core + fs',
    'peer',
    'node',
    `export { Disk } from 'flydrive'; export { FSDriver } from 'flydrive/drivers/fs';`,
  ),
  bundle('keyv', 'keyv', 'peer', 'browser', `export { Keyv } from 'keyv';`),
];

const bytes = (title: string): Metric => ({ title, unit: 'bytes', better: 'lower' });

/** Bundles each entry with esbuild. */
export const bundleSize: Workload = defineWorkload<BundleSubject>({
  name: 'bundle-size',
  title: 'Bundles',
  about:
    'esbuild, minified, ES modules with code splitting; gzip at its best level, each chunk by itself. ' +
    'At once: the entry and what it imports statically. In all: with what is loaded on first use.',
  metrics: {
    initialGzip: bytes('gzip, at once'),
    totalGzip: bytes('gzip, in all'),
    totalMinified: bytes('minified, in all'),
  },
  subjects: bundleSubjects,
  isolated: false,
  exact: true,
  groupOf: ({ group = 'bundle' }) => group,
  async start({ source, platform, withoutSdk = false }) {
    return {
      verify: async () => {},
      run: async () => ({
        ...(await bundleOf(source, platform, withoutSdk ? SDK_PACKAGES : [])),
      }),
      close: async () => {},
    };
  },
});

/** Bundles a module's source without the external packages, and weighs it. */
export async function bundleOf(
  source: string,
  platform: BundleSubject['platform'],
  external: readonly string[] = [],
): Promise<BundleSize> {
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: PACKAGE, sourcefile: ENTRY, loader: 'js' },
    bundle: true,
    minify: true,
    splitting: true,
    external: [...external],
    format: 'esm',
    target: 'es2022',
    platform,
    conditions: process.execArgv.some((flag) => flag.includes(SOURCE_CONDITION))
      ? ['@granary/source']
      : [],
    outdir: PACKAGE,
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  return weigh(outputFiles, metafile);
}

/** Adds up the chunks of a bundle. */
export function weigh(files: readonly OutputFile[], metafile: Metafile): BundleSize {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]),
  );
  const initial = new Set<string>();
  const visit = (name: string) => {
    const output = outputs.get(name);
    if (output === undefined || initial.has(name)) return;
    initial.add(name);
    for (const { kind, path } of output.imports) {
      if (kind === 'import-statement') visit(basename(path));
    }
  };
  // What is loaded on first use has an entry point, too.
  for (const [name, { entryPoint }] of outputs) if (entryPoint === ENTRY) visit(name);

  const size = { initialGzip: 0, totalGzip: 0, totalMinified: 0 };
  for (const { path, contents } of files) {
    const compressed = gzipSync(contents, { level: BEST_COMPRESSION }).length;
    size.totalGzip += compressed;
    size.totalMinified += contents.length;
    if (initial.has(basename(path))) size.initialGzip += compressed;
  }
  return size;
}
