import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPackage } from '@granary-tools/workspace';
import { copyTemplate } from './copy-template.ts';
import { namesOf } from './names.ts';

/** Writes a new backend into the repository and returns its folder, such as `packages/storage-acme`. */
export async function createBackend(root: string, id: string): Promise<string> {
  const names = namesOf(id);
  const folder = `packages/storage-${names.id}`;
  if (await readPackage(root, folder)) throw new Error(`${folder} exists already.`);

  const path = join(root, folder);
  await copyTemplate('backend', path, names);
  await copyFile(join(root, 'LICENSE'), join(path, 'LICENSE'));
  await writeChangeset(root, `storage-${id}`, `Adds the ${names.pascal} backend.`);
  return folder;
}

/** Writes a changeset that announces a package's next minor version. */
export async function writeChangeset(root: string, name: string, text: string): Promise<void> {
  const changeset = `---\n'@granary/${name}': minor\n---\n\n${text}\n`;
  await mkdir(join(root, '.changeset'), { recursive: true });
  await writeFile(join(root, '.changeset', `add-${name}.md`), changeset);
}
