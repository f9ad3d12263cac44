import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExportTarget, Manifest } from '@granary-tools/workspace';
import { copyTemplate } from './copy-template.ts';
import { writeChangeset } from './create-backend.ts';
import { namesOf } from './names.ts';

const FOLDER = 'packages/storage-layers';

/** Size of the template with core, and room to write in. */
const BUDGET = '20 kB';

/** Writes a new layer into the repository's package of layers and returns that package's folder. */
export async function createLayer(root: string, id: string): Promise<string> {
  const names = namesOf(id);
  const file = join(root, FOLDER, 'package.json');
  const manifest: Manifest = JSON.parse(await readFile(file, 'utf8'));
  const { './package.json': self = './package.json', ...entries } = manifest.exports ?? {};
  if (`./${id}` in entries) throw new Error(`There is a layer '${id}' already.`);

  await copyTemplate('layer', join(root, FOLDER), names);
  const entry: ExportTarget = {
    '@granary/source': `./src/${id}.ts`,
    types: `./dist/${id}.d.ts`,
    default: `./dist/${id}.js`,
  };
  const added: Manifest = {
    ...manifest,
    exports: { ...sorted({ ...entries, [`./${id}`]: entry }), './package.json': self },
    'size-limit': [...(manifest['size-limit'] ?? []), { path: `dist/${id}.js`, limit: BUDGET }],
  };
  await writeFile(file, `${JSON.stringify(added, null, 2)}\n`);
  await writeChangeset(root, {
    file: `add-layer-${id}`,
    packageName: '@granary/storage-layers',
    text: `Adds the layer \`${id}\`.`,
  });
  return FOLDER;
}

function sorted<Value>(entries: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
