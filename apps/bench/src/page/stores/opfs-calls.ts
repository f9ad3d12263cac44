/** The folder of one subject in the origin's private file system. */
export async function openFolder(name: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(name, { create: true });
}

/** Deletes it with all that is in it. */
export async function removeFolder(name: string): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.removeEntry(name, { recursive: true });
}

/** The folder and the name that a key stands for. */
export async function placeOf(
  root: FileSystemDirectoryHandle,
  key: string,
  create: boolean,
): Promise<[FileSystemDirectoryHandle, string]> {
  const folders = key.split('/');
  const name = folders.pop() ?? key;
  let folder = root;
  for (const segment of folders) folder = await folder.getDirectoryHandle(segment, { create });
  return [folder, name];
}

/** A file by its key. */
export async function fileAt(
  root: FileSystemDirectoryHandle,
  key: string,
  create: boolean,
): Promise<FileSystemFileHandle> {
  const [folder, name] = await placeOf(root, key, create);
  return folder.getFileHandle(name, { create });
}
