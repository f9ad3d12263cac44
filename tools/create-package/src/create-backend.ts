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
  await writeChangeset(root, {
    file: `add-storage-${id}`,
    packageName: `@granary/storage-${id}`,
    text: `Adds the ${names.pascal} backend.`,
  });
  return folder;
}

/** The announcement of a package's next minor version. */
export interface Changeset {
  /** Name of the file, without extension. */
  readonly file: string;
  readonly packageName: string;
  /** What a user of the package reads in its change log. */
  readonly text: string;
}

/** Writes a changeset into the repository. */
export async function writeChangeset(root: string, changeset: Changeset): Promise<void> {
  const { file, packageName, text } = changeset;
  await mkdir(join(root, '.changeset'), { recursive: true });
  await writeFile(
    join(root, '.changeset', `${file}.md`),
    `---\n'${packageName}': minor\n---\n\n${text}\n`,
  );
}
