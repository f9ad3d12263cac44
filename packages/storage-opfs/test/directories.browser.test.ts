import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  chooseDirectory,
  createOPFS,
  forgetDirectory,
  listDirectories,
  openDirectory,
  openFiles,
  requestAccess,
  saveFile,
} from '../src/index.ts';
import { drop, newFolder } from './folders.ts';

afterEach(() => vi.unstubAllGlobals());

function picks(pick: () => Promise<FileSystemDirectoryHandle>): void {
  vi.stubGlobal('showDirectoryPicker', pick);
}

interface Queried {
  queryPermission(): Promise<PermissionState>;
}

function finished(request: IDBOpenDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function refuses(name: string): () => Promise<never> {
  return () => Promise.reject(new DOMException('no', name));
}

/** The files that a person gives with a folder, as `path: text`. */
async function filesOf(
  folder: FileSystemDirectoryHandle,
  options?: Parameters<typeof openDirectory>[0],
): Promise<readonly string[]> {
  picks(async () => folder);
  const found = await openDirectory(options);
  const lines = found.map(async ({ path, file }) => `${path}: ${await file.text()}`);
  return (await Promise.all(lines)).sort();
}

describe('chosen folders', () => {
  test('are remembered by their ids until they are forgotten', async () => {
    const folder = await newFolder();
    picks(async () => folder);
    const chosen = await chooseDirectory({ handleId: 'library', startIn: 'pictures' });
    expect(chosen).toMatchObject({
      handleId: 'library',
      name: folder.name,
      mode: 'readwrite',
      permission: 'granted',
    });
    const other = await newFolder();
    picks(async () => other);
    await chooseDirectory({ handleId: 'an id with spaces', mode: 'read' });
    expect((await listDirectories()).map(({ handleId, mode }) => [handleId, mode])).toEqual([
      ['an id with spaces', 'read'],
      ['library', 'readwrite'],
    ]);

    const storage = createOPFS({ handleId: 'library' });
    await storage.put('a', 'text');
    expect(await (await folder.getFileHandle('a')).getFile()).toHaveProperty('size', 4);
    await storage.close();
    expect(await requestAccess('library')).toMatchObject({ permission: 'granted' });

    await forgetDirectory('library');
    await forgetDirectory('library');
    await forgetDirectory('an id with spaces');
    expect(await listDirectories()).toEqual([]);
    const missing = {
      code: 'store-not-found',
      message: expect.stringContaining('"library"'),
      hint: expect.stringContaining('chooseDirectory'),
    };
    await expect(createOPFS({ handleId: 'library' }).get('a')).rejects.toMatchObject(missing);
    await expect(requestAccess('library')).rejects.toMatchObject(missing);
  });

  test('are none when the person closes the picker', async () => {
    picks(refuses('AbortError'));
    expect(await chooseDirectory({ handleId: 'x' })).toBeUndefined();
  });

  test('need a click before', async () => {
    picks(refuses('SecurityError'));
    await expect(chooseDirectory({ handleId: 'x' })).rejects.toMatchObject({
      code: 'permission-denied',
      operation: 'chooseDirectory',
      hint: expect.stringContaining('click'),
    });
    picks(() => Promise.reject(new TypeError('odd')));
    await expect(chooseDirectory({ handleId: 'x' })).rejects.toThrow('odd');
  });

  test('are unsupported where there is no picker', async () => {
    vi.stubGlobal('showDirectoryPicker', undefined);
    await expect(chooseDirectory({ handleId: 'x' })).rejects.toMatchObject({
      code: 'unsupported',
      hint: expect.stringContaining('storage-idb'),
    });
    vi.stubGlobal('indexedDB', undefined);
    await expect(listDirectories()).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('need a name', async () => {
    await expect(forgetDirectory('')).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  test('are asked for again, and the answer counts', async () => {
    const folder = await newFolder();
    picks(async () => folder);
    await chooseDirectory({ handleId: 'asked' });
    const type = FileSystemHandle.prototype as unknown as {
      requestPermission(): Promise<PermissionState>;
    };
    const asking = vi.spyOn(type, 'requestPermission');
    asking.mockResolvedValueOnce('denied');
    await expect(requestAccess('asked')).rejects.toMatchObject({ code: 'permission-denied' });
    asking.mockRejectedValueOnce(new DOMException('no', 'SecurityError'));
    await expect(requestAccess('asked')).rejects.toMatchObject({
      code: 'permission-denied',
      operation: 'requestAccess',
    });
    asking.mockRestore();
    const looking = vi.spyOn(FileSystemHandle.prototype as unknown as Queried, 'queryPermission');
    looking.mockResolvedValueOnce('prompt');
    await expect(createOPFS({ handleId: 'asked' }).get('a')).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('requestAccess("asked")'),
    });
    looking.mockRestore();
    await forgetDirectory('asked');
  });

  test('are allowed in browsers that ask nobody', async () => {
    const folder = await newFolder();
    picks(async () => folder);
    const type = FileSystemHandle.prototype as unknown as {
      queryPermission: unknown;
      requestPermission: unknown;
    };
    const { queryPermission, requestPermission } = type;
    try {
      Object.assign(type, { queryPermission: undefined, requestPermission: undefined });
      expect(await chooseDirectory({ handleId: 'open' })).toMatchObject({ permission: 'granted' });
      expect(await requestAccess('open')).toMatchObject({ permission: 'granted' });
    } finally {
      Object.assign(type, { queryPermission, requestPermission });
    }
    await forgetDirectory('open');
  });

  test('are not remembered where the browser fails to', async () => {
    const getAll = vi.spyOn(IDBObjectStore.prototype, 'getAll');
    getAll.mockImplementationOnce(function (this: IDBObjectStore) {
      const request = this.get('x');
      this.transaction.abort();
      return request;
    });
    await expect(listDirectories()).rejects.toMatchObject({ name: 'AbortError' });
    getAll.mockRestore();
    // As a later version of the package may leave it.
    const database = 'granary-opfs-handles';
    await finished(indexedDB.deleteDatabase(database));
    ((await finished(indexedDB.open(database, 99))) as IDBDatabase).close();
    await expect(listDirectories()).rejects.toMatchObject({ name: 'VersionError' });
    await finished(indexedDB.deleteDatabase(database));
  });
});

describe('pickers of files', () => {
  test('give the files that were chosen', async () => {
    const folder = await newFolder();
    const handle = await folder.getFileHandle('a.txt', { create: true });
    const show = vi.fn(async () => [handle]);
    vi.stubGlobal('showOpenFilePicker', show);
    const [file] = await openFiles({ mimeTypes: ['text/plain'], extensions: ['.txt'] });
    expect(file?.name).toBe('a.txt');
    expect((await openFiles({ multiple: false })).map(({ name }) => name)).toEqual(['a.txt']);
    vi.stubGlobal('showOpenFilePicker', refuses('AbortError'));
    expect(await openFiles()).toEqual([]);
    vi.stubGlobal('showOpenFilePicker', refuses('SecurityError'));
    await expect(openFiles()).rejects.toMatchObject({ code: 'permission-denied' });
    vi.stubGlobal('showOpenFilePicker', () => Promise.reject(new TypeError('odd')));
    await expect(openFiles()).rejects.toThrow('odd');
  });

  test('give the files of a folder that was chosen', async () => {
    const folder = await newFolder();
    expect(await filesOf(folder)).toEqual([]);
    await drop(folder, 'a.txt', 'first');
    await drop(folder, 'deep/er/b.txt', 'second');
    expect(await filesOf(folder)).toEqual(['a.txt: first', 'deep/er/b.txt: second']);
    expect(await filesOf(folder, { recursive: false })).toEqual(['a.txt: first']);
    picks(refuses('AbortError'));
    expect(await openDirectory()).toEqual([]);
    picks(refuses('SecurityError'));
    await expect(openDirectory()).rejects.toMatchObject({
      code: 'permission-denied',
      operation: 'openDirectory',
    });
  });

  test('save content where the person wants it', async () => {
    const folder = await newFolder();
    const handle = await folder.getFileHandle('saved.txt', { create: true });
    vi.stubGlobal('showSaveFilePicker', async () => handle);
    const saved = await saveFile(new Blob(['text']), {
      fileName: 'saved.txt',
      extensions: ['.txt'],
    });
    expect(saved).toBe(true);
    expect(await (await handle.getFile()).text()).toBe('text');
    vi.stubGlobal('showSaveFilePicker', refuses('AbortError'));
    expect(await saveFile(new Blob(['text']), { fileName: 'x' })).toBe(false);
    vi.stubGlobal('showSaveFilePicker', refuses('NotAllowedError'));
    await expect(saveFile(new Blob(['text']), { fileName: 'x' })).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });
});
