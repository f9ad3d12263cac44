import type { NoteItem } from '../note.ts';
import type { PageStore, PageStream } from '../page-store.ts';
import { fileAt, openFolder, placeOf, removeFolder } from './opfs-calls.ts';

/** The bare calls: a swap file that `close` puts in place. Tags and metadata are kept in the file. */
export async function openRawOpfs(name: string): Promise<PageStore> {
  const root = await openFolder(name);
  const save = async (item: NoteItem) => {
    const file = await fileAt(root, item.key, true);
    const writable = await file.createWritable();
    await writable.write(JSON.stringify(item));
    await writable.close();
  };
  const remove = async (key: string) => {
    const [folder, file] = await placeOf(root, key, false);
    await folder.removeEntry(file);
  };
  return {
    save,
    async load(key) {
      const file = await (await fileAt(root, key, false)).getFile();
      return JSON.parse(await file.text()).value;
    },
    delete: remove,
    saveMany: (items) => Promise.all(items.map(save)),
    deleteMany: (keys) => Promise.all(keys.map(remove)),
    async keys() {
      const found: string[] = [];
      await walk(root, '', found);
      return found;
    },
    remove: () => removeFolder(name),
  };
}

/** Large content through `createWritable`. */
export async function openRawOpfsStream(name: string): Promise<PageStream> {
  const root = await openFolder(name);
  return {
    async write(key, source) {
      await source.pipeTo(await (await fileAt(root, key, true)).createWritable());
    },
    async read(key) {
      return (await (await fileAt(root, key, false)).getFile()).stream();
    },
    async delete(key) {
      const [folder, file] = await placeOf(root, key, false);
      await folder.removeEntry(file);
    },
    close: () => removeFolder(name),
  };
}

async function walk(
  folder: FileSystemDirectoryHandle,
  prefix: string,
  found: string[],
): Promise<void> {
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'file') found.push(prefix + name);
    else await walk(handle as FileSystemDirectoryHandle, `${prefix}${name}/`, found);
  }
}
