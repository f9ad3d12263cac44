import { createMemory, type StorageEngine, StorageError } from '@granary/storage/browser';
import { beforeEach, describe, expect, test } from 'vitest';
import { emptyNote, fileKey, type Note, noteKey } from './note.ts';
import { createNoteFiles } from './note-files.ts';
import { createNotesStore, type NoteChange, type NotesStore } from './notes-store.ts';
import { sampleNotes } from './sample-notes.ts';

const NOW = new Date('2026-11-21T10:00:00Z');
const NOTE: Note = {
  ...emptyNote('a', NOW),
  title: 'Bread',
  text: 'Rye and honey',
  tags: ['todo'],
};

let storage: StorageEngine;
let store: NotesStore;

beforeEach(() => {
  storage = createMemory();
  store = createNotesStore(storage);
});

/** A storage that answers otherwise in some places. */
function altered(changes: Partial<StorageEngine>): StorageEngine {
  return Object.assign(Object.create(storage) as StorageEngine, changes);
}

/** The same storage where it declares less. */
function without(...names: string[]): StorageEngine {
  const less = Object.fromEntries(names.map((name) => [name, undefined]));
  return altered({ getCapabilities: () => ({ ...storage.getCapabilities(), ...less }) });
}

async function found(typed: string): Promise<string[] | undefined> {
  const pages = store.search(typed, new AbortController().signal);
  if (pages === undefined) return undefined;
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page);
  return ids.sort();
}

describe('a note', () => {
  test('comes back as it was saved, and stands in the listing', async () => {
    const summary = await store.save(NOTE, undefined);
    expect((await store.load('a')).note).toEqual(NOTE);
    expect(await store.summary('a')).toEqual(summary);
    const pages = [];
    for await (const page of store.walk()) pages.push(page);
    expect(pages).toEqual([{ notes: [summary], files: [] }]);
    expect(await storage.load(noteKey('a'))).toBe('Bread\n\nRye and honey');
  });

  test('is not written over when somebody else has changed it', async () => {
    const { etag } = await store.save(NOTE, undefined);
    await expect(store.save(NOTE, undefined)).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    await store.save({ ...NOTE, text: 'theirs' }, etag);
    await expect(store.save(NOTE, etag)).rejects.toMatchObject({ code: 'precondition-failed' });
    await store.save({ ...NOTE, text: 'mine' }, 'any');
    expect((await store.load('a')).note.text).toBe('mine');
  });

  test('is saved without conditions where the storage has none', async () => {
    const plain = createNotesStore(without('createIfAbsent', 'replaceIfMatch', 'deleteIfMatch'));
    const { etag } = await plain.save(NOTE, undefined);
    await plain.save(NOTE, undefined);
    await plain.save({ ...NOTE, text: 'later' }, etag);
    await plain.remove('a', NOW);
    expect(await plain.purge('a')).toBe(true);
  });

  test('that is deleted can be brought back until it is purged', async () => {
    await store.save(NOTE, undefined);
    await storage.put(fileKey('a', 'x.txt'), 'x');
    const removed = await store.remove('a', NOW);
    expect(removed.marked?.deletedAt).toEqual(NOW);
    expect((await store.restore(removed)).deletedAt).toBeUndefined();
    expect((await store.load('a')).note).toEqual(NOTE);
    expect(await store.purge('a')).toBe(false);
    await store.remove('a', NOW);
    expect(await store.purge('a')).toBe(true);
    expect(await storage.list('notes/')).toEqual([]);
    expect(await store.summary('a')).toBeUndefined();
    expect(await store.purge('a')).toBe(true);
  });

  test('is deleted itself where there is no room to mark it, and is stored again', async () => {
    await store.save(NOTE, undefined);
    await storage.put(fileKey('a', 'x.txt'), 'x');
    const full = new StorageError('quota-exceeded', 'no room.');
    for (const less of [altered({}), without('deleteIfMatch')]) {
      const save = () => Promise.reject(full);
      const removed = await createNotesStore(Object.assign(less, { save })).remove('a', NOW);
      expect(removed.marked).toBeUndefined();
      expect((await storage.list('notes/')).map(({ key }) => key)).toEqual([fileKey('a', 'x.txt')]);
      await store.restore(removed);
      expect((await store.load('a')).note).toEqual(NOTE);
    }
    const down = altered({ save: () => Promise.reject(new Error('down')) });
    await expect(createNotesStore(down).remove('a', NOW)).rejects.toThrow('down');
    expect((await store.load('a')).note).toEqual(NOTE);
  });

  test('fails to be purged when its files cannot be deleted', async () => {
    await store.save(NOTE, undefined);
    await store.remove('a', NOW);
    const error = new Error('stuck');
    const stuck = altered({ clear: async () => ({ deleted: 0, failed: [{ key: 'x', error }] }) });
    await expect(createNotesStore(stuck).purge('a')).rejects.toBe(error);
  });

  test('that another program wrote there is an error, not an empty note', async () => {
    await storage.save(noteKey('b'), 'text');
    await expect(store.load('b')).rejects.toThrow('is no note of this application');
    expect(await store.summary('b')).toBeUndefined();
  });

  test('passes on errors other than that it is not there', async () => {
    const stat = () => Promise.reject(new Error('down'));
    const down = createNotesStore(altered({ stat }));
    await expect(down.summary('a')).rejects.toThrow('down');
    await expect(down.purge('a')).rejects.toThrow('down');
  });
});

describe('many notes', () => {
  test('are saved in batches, listed, searched and read back', async () => {
    const samples = sampleNotes(1200, NOW);
    const progress: number[] = [];
    expect(await store.saveMany(samples, (done) => progress.push(done))).toEqual({ saved: 1200 });
    expect(progress).toEqual([500, 1000, 1200]);
    const read: Note[] = [];
    for await (const page of store.readAll()) read.push(...page);
    const byId = (a: Note, b: Note) => (a.id < b.id ? -1 : 1);
    expect(read.sort(byId)).toEqual(samples.sort(byId));
    const salty = samples.filter(
      ({ text, tags }) => text.includes('salt') && tags.includes('garden'),
    );
    expect(await found('#garden SALT')).toEqual(salty.map(({ id }) => id));
  });

  test('tell the first error of a batch', async () => {
    const error = new Error('full');
    const saveMany = async (entries: readonly { readonly key: string }[]) =>
      entries.map(({ key }, index) =>
        index === 0
          ? { key, ok: true as const, value: { key, size: 1, etag: 'e', modifiedAt: NOW } }
          : { key, ok: false as const, error },
      );
    const full = createNotesStore(altered({ saveMany }));
    expect(await full.saveMany(sampleNotes(3, NOW), () => {})).toEqual({ saved: 1, error });
  });

  test('leave out of an export what is deleted, and fail it when one cannot be read', async () => {
    await store.saveMany(sampleNotes(3, NOW), () => {});
    await store.remove('sample-00001', NOW);
    const ids: string[] = [];
    const racing = altered({
      async loadMany(keys) {
        await storage.delete(noteKey('sample-00002'));
        return storage.loadMany(keys);
      },
    });
    for await (const page of createNotesStore(racing).readAll())
      ids.push(...page.map(({ id }) => id));
    expect(ids).toEqual(['sample-00003']);
    const error = new Error('damaged');
    const damaged = altered({ loadMany: async ([key = '']) => [{ key, ok: false, error }] });
    const read = Array.fromAsync(createNotesStore(damaged).readAll());
    await expect(read).rejects.toBe(error);
  });

  test('are found where a listing does not tell attributes', async () => {
    await store.save(NOTE, undefined);
    await storage.put(fileKey('a', 'x.txt'), 'x');
    const pages = [];
    for await (const page of createNotesStore(without('listAttributes')).walk()) pages.push(page);
    expect(pages).toMatchObject([
      { notes: [{ title: 'Bread' }], files: [{ id: 'a', name: 'x.txt' }] },
    ]);
  });

  test('are searched by text and tags, not by times and files', async () => {
    await store.save(NOTE, undefined);
    await storage.put(fileKey('a', 'secret.txt'), 'secret');
    expect(await found('  ')).toBeUndefined();
    expect(await found('honey RYE')).toEqual(['a']);
    expect(await found('bread')).toEqual(['a']);
    expect(await found('todo')).toEqual(['a']);
    expect(await found('#todo')).toEqual(['a']);
    for (const typed of ['secret', '#other', '2026', 'note', String(NOW.getTime())]) {
      expect(await found(typed)).toEqual([]);
    }
  });
});

describe('watching', () => {
  test('tells of notes and files until it ends', async () => {
    const changes: NoteChange[] = [];
    const stop = await store.watch(
      (change) => changes.push(change),
      () => expect.unreachable(),
    );
    await store.save(NOTE, undefined);
    await storage.put(fileKey('a', 'x.txt'), 'x');
    await storage.delete(fileKey('a', 'x.txt'));
    await storage.delete(noteKey('a'));
    await storage.put('notes/odd', 'x');
    await expect
      .poll(() => changes)
      .toEqual([
        { kind: 'note', id: 'a' },
        { kind: 'file', id: 'a', name: 'x.txt', isGone: false },
        { kind: 'file', id: 'a', name: 'x.txt', isGone: true },
        { kind: 'gone', id: 'a' },
        { kind: 'all' },
      ]);
    await stop?.();
  });

  test('is not there where the storage cannot tell, and tells its errors', async () => {
    const deaf = createNotesStore(without('watch'));
    expect(
      await deaf.watch(
        () => {},
        () => {},
      ),
    ).toBeUndefined();
    const failing = altered({
      watch: async () => ({
        async *[Symbol.asyncIterator]() {
          yield { type: 'reset' as const };
          throw new Error('lost');
        },
        close: async () => {},
        [Symbol.asyncDispose]: async () => {},
      }),
    });
    const [changes, errors]: [NoteChange[], unknown[]] = [[], []];
    await createNotesStore(failing).watch(
      (change) => changes.push(change),
      (error) => errors.push(error),
    );
    await expect.poll(() => errors).toEqual([new Error('lost')]);
    expect(changes).toEqual([{ kind: 'all' }]);
  });
});

describe('files', () => {
  test('are attached under free names, listed, read and removed', async () => {
    const files = createNoteFiles(storage);
    const steps: number[] = [];
    const picture = new File(['pixels'], 'a.png', { type: 'image/png' });
    const first = await files.attach('a', picture, (done) => steps.push(done));
    const second = await files.attach('a', new File(['raw'], 'a.png'), () => {});
    expect(first).toEqual({ name: 'a.png', sizeBytes: 6, type: 'image/png' });
    expect(second).toMatchObject({ name: 'a (2).png', type: 'application/octet-stream' });
    expect(steps.at(-1)).toBe(6);
    expect(await files.list('a')).toEqual([second, first]);
    const read = await files.read('a', 'a.png');
    expect([read.name, read.type, await read.text()]).toEqual(['a.png', 'image/png', 'pixels']);
    await files.remove('a', 'a.png');
    expect(await files.list('a')).toEqual([second]);
  });

  test('are asked for one by one where a listing says little', async () => {
    await storage.put(fileKey('a', 'x'), 'xyz');
    const list = () => Promise.resolve([{ kind: 'item', key: fileKey('a', 'x') }]);
    const plain = createNoteFiles(
      Object.assign(without('createIfAbsent'), { list: list as unknown as StorageEngine['list'] }),
    );
    expect(await plain.list('a')).toEqual([{ name: 'x', sizeBytes: 3, type: '' }]);
    expect(await plain.attach('a', new File(['y'], 'x'), () => {})).toMatchObject({
      name: 'x (2)',
    });
  });
});
