import fc from 'fast-check';
import { compareKeys } from '../src/keys/compare-keys.ts';
import type { TreeEntry } from '../src/listing/flatten-tree.ts';
import type { SeekFrom } from '../src/listing/list-ordered.ts';

/** Short names, so that they meet. */
export const anySegment: fc.Arbitrary<string> = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '0', '😀', '\uffff'),
  minLength: 1,
  maxLength: 3,
});
export const anyKey: fc.Arbitrary<string> = fc
  .array(anySegment, { minLength: 1, maxLength: 4 })
  .map((parts) => parts.join('/'));
export const anyKeys: fc.Arbitrary<string[]> = fc.uniqueArray(anyKey, { maxLength: 40 });
/** Whether a walk from a position yields the key. */
export function isIn(key: string, { prefix, after, atOrAfter }: SeekFrom): boolean {
  return (
    key.startsWith(prefix) &&
    (after === undefined || compareKeys(key, after) > 0) &&
    (atOrAfter === undefined || compareKeys(key, atOrAfter) >= 0)
  );
}

/** Keys as folders and files, and a count of the folders that were read. */
export function treeOf(keys: readonly string[]): {
  readonly read: string[];
  readonly readFolder: (path: string) => Promise<TreeEntry<string>[]>;
} {
  const read: string[] = [];
  async function readFolder(path: string): Promise<TreeEntry<string>[]> {
    read.push(path);
    const start = path === '' ? '' : `${path}/`;
    const entries = new Map<string, TreeEntry<string>>();
    for (const key of keys.filter((name) => name.startsWith(start))) {
      const [name = '', ...rest] = key.slice(start.length).split('/');
      const isFolder = rest.length > 0;
      entries.set(`${name}:${isFolder}`, { name, isFolder, value: key });
    }
    return [...entries.values()].reverse();
  }
  return { read, readFolder };
}
