import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyTemplate } from './copy-template.ts';
import { namesOf } from './names.ts';

/** What a package outside of this repository is made of. */
export interface OutsideOptions {
  /** Folder to make. It must not exist. */
  readonly folder: string;
  readonly id: string;
  /** Where npm finds core: a version range, or `file:` and the path of a tarball. */
  readonly core: string;
  /** Where npm finds the conformance kit, likewise. */
  readonly kit: string;
}

/** Settings that only make sense inside of the repository; a package outside has its own. */
const REPLACED = ['tsup.config.ts', 'vitest.config.ts'];

/** Writes a backend as a package of its own, which needs npm and nothing of this repository. */
export async function createOutside({ folder, id, core, kit }: OutsideOptions): Promise<void> {
  const names = namesOf(id);
  if (await stat(folder).catch(() => undefined)) throw new Error(`${folder} exists already.`);

  await copyTemplate('backend', folder, names);
  for (const file of REPLACED) await rm(join(folder, file));
  await copyTemplate('outside', folder, names);
  await rename(join(folder, 'gitignore'), join(folder, '.gitignore'));

  const own = `granary-storage-${id}`;
  await edit(join(folder, 'package.json'), (text) =>
    text.replace('"CORE"', JSON.stringify(core)).replace('"KIT"', JSON.stringify(kit)),
  );
  await edit(join(folder, 'README.md'), (text) => text.replaceAll(`@granary/storage-${id}`, own));
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  await writeFile(file, change(await readFile(file, 'utf8')));
}
