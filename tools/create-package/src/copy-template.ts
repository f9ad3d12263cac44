import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { type Names, renamed } from './names.ts';

/** Where the templates are. */
const TEMPLATES = join(import.meta.dirname, '..', 'templates');

/** Copies a template's files into a folder under new names and returns their paths inside of it. */
export async function copyTemplate(
  template: string,
  target: string,
  names: Names,
): Promise<readonly string[]> {
  const source = join(TEMPLATES, template);
  const entries = await readdir(source, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(source, join(parentPath, name)));
  for (const file of files) {
    const path = join(target, renamed(file, names));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, renamed(await readFile(join(source, file), 'utf8'), names));
  }
  return files.map((file) => renamed(file, names));
}
