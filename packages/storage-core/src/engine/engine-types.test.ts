import { describe, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { mapProvider } from '../../test/map-provider.ts';
import {
  type AnyItems,
  createStorage,
  type FileHandle,
  type IStorageEngine,
  type ListEntry,
  type Listing,
  type LoadedItem,
  type ObjectInfo,
  openStorage,
  type StorageCapabilities,
  type StorageEngine,
  type StorageInfo,
  type StorageItem,
  type StorageOptions,
  type StorageQuery,
  type ValueOf,
} from '../index.ts';

interface User {
  readonly name: string;
}
interface Declared {
  'settings/ui': { readonly dark: boolean };
  'users/*': User;
  'notes/*.txt': string;
}
// biome-ignore lint/style/useConsistentTypeDefinitions: item types may be written either way
type Written = { readonly 'users/*': User; readonly 'users/admin': string };

describe('typed keys', () => {
  const storage = createStorage<Declared>(mapProvider());

  test('give values their types by key and by pattern', () => {
    expectTypeOf(() => storage.load('settings/ui')).returns.resolves.toEqualTypeOf<{
      readonly dark: boolean;
    }>();
    expectTypeOf(() => storage.load('users/1')).returns.resolves.toEqualTypeOf<User>();
    expectTypeOf(() => storage.load('notes/a.txt')).returns.resolves.toEqualTypeOf<string>();
    expectTypeOf(() => storage.load('elsewhere')).returns.resolves.toBeUnknown();
    expectTypeOf<ValueOf<Declared, 'users/1'>>().toEqualTypeOf<User>();
    expectTypeOf<ValueOf<Declared, 'nowhere'>>().toBeUnknown();
    expectTypeOf<ValueOf<Written, 'users/admin'>>().toEqualTypeOf<string>();
    expectTypeOf(() =>
      createStorage<Written>(storage).load('users/1'),
    ).returns.resolves.toEqualTypeOf<User>();
  });

  test('check what is saved', () => {
    expectTypeOf(storage.save<'users/1'>)
      .parameter(1)
      .toEqualTypeOf<User>();
    // @ts-expect-error a user has a name
    const wrong = () => storage.save('users/1', { nam: 'x' });
    // @ts-expect-error a note is text
    const alsoWrong = () => storage.save('notes/a.txt', 5);
    expectTypeOf(wrong).returns.resolves.toEqualTypeOf<ObjectInfo>();
    expectTypeOf(alsoWrong).returns.resolves.toEqualTypeOf<ObjectInfo>();
  });

  test('reach loadItem, update and file', () => {
    expectTypeOf(() => storage.loadItem('users/1')).returns.resolves.toEqualTypeOf<
      LoadedItem<User>
    >();
    expectTypeOf(() => storage.file('users/1')).returns.toEqualTypeOf<FileHandle<User>>();
    const update = () =>
      storage.update('users/1', (user) => {
        expectTypeOf(user).toEqualTypeOf<User | undefined>();
        return { name: 'x' };
      });
    expectTypeOf(update).returns.resolves.toEqualTypeOf<ObjectInfo>();
  });

  test('give way to a schema', () => {
    const schema = z.object({ age: z.number() });
    const load = () => storage.load('elsewhere', { schema });
    expectTypeOf(load).returns.resolves.toEqualTypeOf<{ age: number }>();
  });
});

describe('a storage without item types', () => {
  const storage = createStorage(mapProvider());

  test('leaves values to the caller', () => {
    expectTypeOf(storage).toEqualTypeOf<StorageEngine<AnyItems>>();
    expectTypeOf(() => storage.load('a')).returns.resolves.toBeAny();
    const load = () => storage.load<'a', number>('a');
    expectTypeOf(load).returns.resolves.toEqualTypeOf<number>();
    expectTypeOf(() => openStorage<Declared>('a:', { backends: [] })).returns.toEqualTypeOf<
      StorageEngine<Declared>
    >();
  });

  test('lists items, and groups with a delimiter', () => {
    expectTypeOf(() => storage.list()).returns.toEqualTypeOf<Listing<StorageItem>>();
    expectTypeOf(() => storage.list('p')).returns.toEqualTypeOf<Listing<StorageItem>>();
    const plain = () => storage.list({ prefix: 'p' });
    expectTypeOf(plain).returns.toEqualTypeOf<Listing<StorageItem>>();
    const grouped = () => storage.list({ delimiter: '/' });
    expectTypeOf(grouped).returns.toEqualTypeOf<Listing<ListEntry>>();
    expectTypeOf(async () => await storage.list('p')).returns.resolves.toEqualTypeOf<
      StorageItem[]
    >();
  });

  test('has the methods and types of the storage architecture', () => {
    expectTypeOf(storage).toExtend<IStorageEngine>();
    expectTypeOf(storage.getInfo).returns.toEqualTypeOf<StorageInfo>();
    expectTypeOf(storage.getCapabilities).returns.toEqualTypeOf<StorageCapabilities>();
    expectTypeOf(storage.search).parameter(0).toEqualTypeOf<StorageQuery>();
    expectTypeOf<StorageOptions>().toExtend<{ readonly tags?: readonly string[] }>();
  });

  test('clears everything only when that is said', () => {
    // @ts-expect-error a prefix, or all: true
    const clear = () => storage.clear({});
    expectTypeOf(clear).toBeFunction();
    expectTypeOf(storage.clear).toBeCallableWith('p/');
    expectTypeOf(storage.clear).toBeCallableWith({ all: true });
  });

  test('is not thenable', () => {
    expectTypeOf(storage).not.toHaveProperty('then');
  });
});
