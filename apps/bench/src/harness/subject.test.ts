import { describe, expect, test } from 'vitest';
import { defineSubject, openStore, type Store, type StoreSubject } from './subject.ts';

function storeSubject(can: StoreSubject['can'], store: Partial<Store> = {}): StoreSubject {
  return defineSubject({
    id: 'thing',
    title: 'Thing',
    kind: 'peer',
    durability: 'A',
    can,
    open: async () => ({
      put: async () => {},
      get: async () => new Uint8Array(),
      delete: async () => {},
      ...store,
    }),
  });
}

describe('defineSubject', () => {
  test.each(['', 'Upper', 'a/b', '.dot', 'with space'])('refuses the id "%s"', (id) => {
    expect(() => defineSubject({ id, title: 'x', kind: 'raw' })).toThrow('cannot name a folder');
  });
});

describe('openStore', () => {
  test('leaves out abilities that the subject does not state', async () => {
    const store = await openStore(
      storeSubject(['stat'], { stat: async () => 1, list: async () => {} }),
      '/',
    );
    expect(Object.keys(store).sort()).toEqual(['delete', 'get', 'put', 'stat']);
  });

  test('keeps close', async () => {
    let isClosed = false;
    const close = async () => {
      isClosed = true;
    };
    await (await openStore(storeSubject([], { close }), '/')).close?.();
    expect(isClosed).toBe(true);
  });

  test('refuses a subject that states what it does not have', async () => {
    const streams = storeSubject(['streams'], { putFile: async () => {} });
    await expect(openStore(streams, '/')).rejects.toThrow('thing has no getFile');
  });
});
