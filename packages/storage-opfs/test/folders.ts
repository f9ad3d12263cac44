import { guardProvider, type StorageProvider, toBody } from '@granary/storage-core/provider';
import type { OPFSOptions } from '../src/opfs-options.ts';
import { type Platform, thisPlatform } from '../src/opfs-platform.ts';
import { opfsProvider } from '../src/opfs-provider.ts';

/** A folder of the origin that nobody used before. */
export async function newFolder(): Promise<FileSystemDirectoryHandle> {
  const top = await navigator.storage.getDirectory();
  return top.getDirectoryHandle(`test-${crypto.randomUUID()}`, { create: true });
}

/** Writes a file as another program would. */
export async function drop(
  folder: FileSystemDirectoryHandle,
  path: string,
  text: string,
): Promise<void> {
  const names = path.split('/');
  const name = names.pop() ?? '';
  let inner = folder;
  for (const each of names) inner = await inner.getDirectoryHandle(each, { create: true });
  const stream = await (await inner.getFileHandle(name, { create: true })).createWritable();
  await stream.write(text);
  await stream.close();
}

/** All files below a folder, bookkeeping included. */
export async function filesIn(
  folder: FileSystemDirectoryHandle,
  start = '',
): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const [name, handle] of folder.entries()) {
    if (handle.kind === 'file') found.push(start + name);
    else found.push(...(await filesIn(handle as FileSystemDirectoryHandle, `${start}${name}/`)));
  }
  return found.sort();
}

/** A provider in a browser that is like this one but for what is given. */
export function providerWith(
  options: OPFSOptions,
  changes: Partial<Platform> = {},
): StorageProvider {
  return guardProvider(opfsProvider(options, { ...thisPlatform(), ...changes }));
}

export async function putText(
  provider: StorageProvider,
  key: string,
  text: string,
  options: Parameters<StorageProvider['put']>[2] = {},
): Promise<string> {
  return (await provider.put(key, toBody(text), options)).etag;
}

export async function textOf(provider: StorageProvider, key: string): Promise<string> {
  return (await provider.get(key, {})).text();
}

export async function keysOf(provider: StorageProvider): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { entries } of provider.list({})) keys.push(...entries.map(({ key }) => key));
  return keys;
}
