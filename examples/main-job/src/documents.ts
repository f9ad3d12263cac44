import { createHash } from 'node:crypto';
import type { SourceFile } from './source-folder.ts';

/** What a JSON document says of one folder. */
export interface FolderDocument {
  readonly id: string;
  readonly name: string;
  readonly files: readonly {
    readonly name: string;
    readonly bytes: number;
    readonly modifiedAt: string;
  }[];
}

/** What a YAML document says of one kind of file. */
export interface KindDocument {
  readonly id: string;
  readonly name: string;
  readonly count: number;
  readonly bytes: number;
  readonly largest: string;
}

/** One document per folder that holds files. */
export function describeFolders(files: readonly SourceFile[]): FolderDocument[] {
  return [...groupBy(files, ({ name }) => name.slice(0, Math.max(0, name.lastIndexOf('/'))))].map(
    ([name, group]) => ({
      id: idOf(name),
      name,
      files: group.map((file) => ({
        name: file.name.slice(name === '' ? 0 : name.length + 1),
        bytes: file.size,
        modifiedAt: file.modifiedAt.toISOString(),
      })),
    }),
  );
}

/** One document per file extension. */
export function describeKinds(files: readonly SourceFile[]): KindDocument[] {
  return [...groupBy(files, ({ extension }) => extension)].map(([name, group]) => ({
    id: idOf(name),
    name,
    count: group.length,
    bytes: group.reduce((sum, { size }) => sum + size, 0),
    largest: group.reduce((most, file) => (file.size > most.size ? file : most)).name,
  }));
}

function groupBy(
  files: readonly SourceFile[],
  nameOf: (file: SourceFile) => string,
): Map<string, SourceFile[]> {
  const groups = new Map<string, SourceFile[]>();
  for (const file of files) {
    const group = groups.get(nameOf(file));
    if (group === undefined) groups.set(nameOf(file), [file]);
    else group.push(file);
  }
  return groups;
}

/** A name that a person can read, kept apart from others by a short hash. */
function idOf(name: string): string {
  const readable = name
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .slice(-40)
    .replaceAll(/^-|-$/g, '');
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 8);
  return readable === '' ? hash : `${readable}-${hash}`;
}
