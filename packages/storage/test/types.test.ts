import {
  createGoogleDrive as createBrowserGoogleDrive,
  createOneDrive as createBrowserOneDrive,
  createStorage as createBrowserStorage,
} from '@granary/storage/browser';
import {
  createDropbox,
  createGoogleDrive,
  createOneDrive,
  createStorage,
  type DriveSignIn,
  type StorageEngine,
} from '@granary/storage/desktop';
import { openStorage } from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, expectTypeOf, test } from 'vitest';

describe('the types of createStorage', () => {
  test('refuse the file system in a browser', () => {
    // @ts-expect-error: there is no file system in a browser
    const config: Parameters<typeof createBrowserStorage>[0] = { type: 'filesystem' };
    expect(config).toBeDefined();
    // @ts-expect-error: under none of its names
    expect(() => createBrowserStorage({ type: 'fs' })).toThrow('needs a file system');
    // @ts-expect-error: under none of its names
    expect(() => createBrowserStorage({ type: 'local' })).toThrow('needs a file system');
    // @ts-expect-error: nor with its options
    expect(() => createBrowserStorage({ type: 'filesystem', baseDir: '.' })).toThrow();
  });

  test('take it in a chain, where what the platform lacks is passed over', () => {
    const storage = createBrowserStorage({ primary: 'filesystem', fallbacks: ['memory'] });
    expectTypeOf(storage).toExtend<StorageEngine>();
  });

  test('refuse what says two things at once', () => {
    // @ts-expect-error: a type and a primary
    expect(() => createStorage({ type: 'memory', primary: 'memory' })).toThrow();
    // @ts-expect-error: options of another backend
    createStorage({ type: 'memory', baseDir: '.' });
    // @ts-expect-error: no such backend
    expect(() => createStorage({ type: 'floppy' })).toThrow();
    // @ts-expect-error: no such platform
    expect(() => createStorage({ platform: 'windows' })).toThrow();
  });

  test('take the stores of a browser with their options', () => {
    createBrowserStorage({ type: 'indexeddb', dbName: 'a', version: 2, largeObjects: false });
    createBrowserStorage({ type: 'localstorage', namespace: 'a' });
    createStorage({ type: 'idb', durability: 'strict' });
    createBrowserStorage({ appName: 'a', onQuota: () => {}, largeObjects: { fromBytes: 1 } });
    createBrowserStorage({ version: 2, durability: 'strict', indexes: ['a'], onEvicted: () => {} });
    // What is wrong leads to no other place.
    expect(() => createBrowserStorage({ version: 0 })).toThrow('version is a whole number');
    // @ts-expect-error: the place is named after the application
    expect(() => createBrowserStorage({ dbName: 'a' })).toThrow('Give `type` as well');
    // @ts-expect-error: a folder needs its type
    expect(() => createStorage({ baseDir: '.' })).toThrow('Give `type` as well');
    // @ts-expect-error: options of one place stand in its entry
    expect(() => createStorage({ primary: 'memory', baseDir: '.' })).toThrow('in its entry');
    // @ts-expect-error: options of another backend
    createBrowserStorage({ type: 'localstorage', dbName: 'a' });
    // A desktop has no localStorage: its package says how to get it.
    expect(() => createStorage({ type: 'localstorage', namespace: 1 })).toThrow('npm install');
    // @ts-expect-error: IndexedDB is for the best place alone
    createBrowserStorage({ type: 'memory', largeObjects: false });
  });

  test('give an engine back as what it is', () => {
    const own = Object.assign(createMemory(), { extra: 1 as const });
    expectTypeOf(createStorage({ engine: own })).toEqualTypeOf(own);
  });

  test('give values the types of their keys', async () => {
    interface Ui {
      readonly theme: 'dark' | 'light';
    }
    const storage = createStorage<{ 'settings/ui': Ui }>({ type: 'memory' });
    await storage.save('settings/ui', { theme: 'dark' });
    // @ts-expect-error: no such theme
    await storage.save('settings/ui', { theme: 'blue' });
    expectTypeOf(await storage.load('settings/ui')).toEqualTypeOf<Ui>();
  });
});

describe('the types of the drives', () => {
  test('take what the drives are asked for, and give a sign-in', () => {
    const google = createGoogleDrive({ clientId: 'a', scopes: ['drive.file'], trash: false });
    expectTypeOf(google.auth).toEqualTypeOf<DriveSignIn>();
    expectTypeOf(google).toExtend<StorageEngine>();
    const { auth } = createOneDrive({ clientId: 'a', redirectUri: 'http://localhost:8000/' });
    expectTypeOf(auth.signIn).toBeFunction();
    expectTypeOf(createDropbox.provider({ appKey: 'a' }).auth).toEqualTypeOf<DriveSignIn>();
    createBrowserOneDrive({ clientId: 'a', redirectUri: 'https://app.example/', flow: 'redirect' });
    interface Items {
      readonly 'settings/ui': { readonly theme: string };
    }
    expectTypeOf(createDropbox<Items>({ appKey: 'a' }).load('settings/ui')).resolves.toEqualTypeOf<{
      readonly theme: string;
    }>();
  });

  test('give none where the application signs in', () => {
    const storage = createDropbox({ auth: () => 'token' });
    // @ts-expect-error: the application has it
    expect(storage.auth).toBeUndefined();
    // @ts-expect-error: one of the two
    expect(() => createDropbox({ appKey: 'a', auth: 'token' })).toThrow('not both');
  });

  test('refuse what belongs to another drive or platform', () => {
    // @ts-expect-error: Dropbox has an app key
    expect(() => createDropbox({ clientId: 'a' })).toThrow('the option "appKey" is missing.');
    // @ts-expect-error: there are no tenants
    createGoogleDrive({ clientId: 'a', tenant: 'b' });
    // @ts-expect-error: a page holds no secret
    createBrowserGoogleDrive({ clientId: 'a', clientSecret: 'b' });
    // @ts-expect-error: a desktop has no windows to open
    expect(() => createOneDrive({ clientId: 'a', flow: 'popup' })).toThrow('no flow "popup"');
  });

  test('fit where backends are listed', () => {
    const backends = [createGoogleDrive, createOneDrive, createDropbox, createBrowserGoogleDrive];
    expect(openStorage('dropbox:?appKey=a', { backends }).getInfo().provider).toBe('dropbox');
  });
});
