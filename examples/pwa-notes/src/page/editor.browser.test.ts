import { type StorageEngine, StorageError } from '@granary/storage/browser';
import { describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import {
  alertText,
  altered,
  NOW,
  role,
  start,
  status,
  storage,
  titles,
  words,
  write,
} from '../../test/app-page.ts';
import { emptyNote, noteKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';

describe('writing', () => {
  test('saves by itself, and shows the note in the list', async () => {
    await start();
    await expect.element(words('No notes yet')).toBeVisible();
    await write('Bread', 'Rye and honey');
    await userEvent.fill(role('combobox', 'Add a tag'), 'To Do');
    await userEvent.keyboard('{Enter}');
    await expect.poll(status).toBe('Saved');
    await expect.poll(titles).toEqual(['Bread']);
    const { value, info } = await storage.loadItem(noteKey('id-2'));
    expect(value).toBe('Bread\n\nRye and honey');
    expect(info.tags).toEqual(['to-do']);
    expect(localStorage.length).toBe(0);
  });

  test('keeps every keystroke where a crash cannot reach it', async () => {
    const gate = Promise.withResolvers<never>();
    await start({ storage: altered({ save: () => gate.promise }) });
    await write('Bread', 'last words');
    const kept = Object.values(localStorage).join();
    expect(kept).toContain('last words');
    gate.reject(new Error('over'));
  });

  test('begins to save when the page goes away', async () => {
    await start();
    await write('Bread', 'Rye');
    window.dispatchEvent(new Event('pagehide'));
    expect(status()).toBe('Saving…');
    await role('textbox', 'Text').fill('Rye and more');
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    await expect.poll(() => storage.load(noteKey('id-2'))).toBe('Bread\n\nRye and more');
  });

  test('stores nothing for a note that stays empty', async () => {
    await start();
    await role('button', 'New note').click();
    const field = document.querySelector<HTMLTextAreaElement>('.note-title');
    // In one go, before it could be saved.
    for (const value of ['x', '']) {
      if (field !== null) field.value = value;
      field?.dispatchEvent(new Event('input'));
    }
    await role('button', 'New note').click();
    expect(await storage.list()).toEqual([]);
    expect(localStorage.length).toBe(0);
  });

  test('takes tags away by click and by key', async () => {
    await createNotesStore(storage).save(
      { ...emptyNote('a', NOW), tags: ['x', 'y', 'z'] },
      undefined,
    );
    await start();
    await page.getByRole('option').click();
    await role('button', 'Remove the tag y').click();
    await userEvent.keyboard('{Backspace}');
    await userEvent.keyboard('w,');
    await expect.poll(async () => (await storage.stat(noteKey('a'))).tags).toEqual(['x', 'w']);
  });

  test('goes from the title to the text by Enter', async () => {
    await start();
    await role('button', 'New note').click();
    await userEvent.keyboard('Title{Enter}Text');
    await expect.element(role('textbox', 'Text')).toHaveValue('Text');
  });
});

describe('a save that fails', () => {
  test('keeps the note in the editor, marked, with a hint, and is tried again', async () => {
    let isFull = true;
    const error = new StorageError('quota-exceeded', 'no room.', { hint: 'Make room.' });
    const save: StorageEngine['save'] = (...args) =>
      isFull ? Promise.reject(error) : storage.save(...args);
    await start({ storage: altered({ save }) });
    await write('Bread', 'Rye');
    await expect.poll(status).toBe('Not saved');
    await expect.poll(alertText).toContain('Make room.');
    await role('button', 'New note').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('Rye');
    expect(location.hash).toBe('#/id-2');
    expect(Object.values(localStorage).join()).toContain('Rye');
    isFull = false;
    await page.getByRole('alert').getByRole('button', { name: 'Save again' }).click();
    await expect.poll(status).toBe('Saved');
    expect(alertText()).toBe('');
    expect(await storage.load(noteKey('id-2'))).toBe('Bread\n\nRye');
  });

  test('because another tab was faster asks whose words count', async () => {
    const store = createNotesStore(storage);
    const { etag } = await store.save({ ...emptyNote('a', NOW), text: 'ours' }, undefined);
    await start({
      storage: altered({ getCapabilities: () => ({ ...storage.getCapabilities(), watch: false }) }),
    });
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('mine');
    await store.save({ ...emptyNote('a', NOW), text: 'theirs' }, etag);
    await expect.poll(status).toBe('Not saved');
    expect((await store.load('a')).note.text).toBe('theirs');
    await role('button', 'Keep mine').click();
    await expect.poll(async () => (await store.load('a')).note.text).toBe('mine');
  });
});

describe('what happens while a note is saved or read', () => {
  const stored = async (id: string, text: string) =>
    createNotesStore(storage).save({ ...emptyNote(id, NOW), title: id, text }, undefined);
  const full = () => Promise.reject(new StorageError('quota-exceeded', 'no room.'));

  test('typing during a save keeps a draft of its own until that is saved', async () => {
    const gate = Promise.withResolvers<void>();
    const save = vi.fn<StorageEngine['save']>(async (...args) => {
      if (save.mock.calls.length === 1) await gate.promise;
      return storage.save(...args);
    });
    const app = await start({ storage: altered({ save }) });
    await write('Bread', 'Rye');
    const flushed = app.flush();
    await role('textbox', 'Text').fill('Rye and honey');
    const drafts: string[] = [];
    const kept = vi.spyOn(Storage.prototype, 'setItem').mockImplementation((_key, value) => {
      drafts.push(value);
    });
    gate.resolve();
    expect(await flushed).toBe(true);
    kept.mockRestore();
    // It says which write it comes after: the one that has just been done.
    expect(drafts.map((draft) => JSON.parse(draft))).toMatchObject([
      { note: { text: 'Rye and honey' }, etag: expect.any(String) },
    ]);
    expect(await storage.load(noteKey('id-2'))).toBe('Bread\n\nRye and honey');
    expect(localStorage.length).toBe(0);
  });

  test('the button in the editor saves again', async () => {
    let isFull = true;
    const save: StorageEngine['save'] = (...args) => (isFull ? full() : storage.save(...args));
    await start({ storage: altered({ save }) });
    await write('Bread', 'Rye');
    await expect.element(role('button', 'Retry')).toBeVisible();
    isFull = false;
    await role('button', 'Retry').click();
    await expect.poll(status).toBe('Saved');
    await expect.element(role('button', 'Retry')).not.toBeInTheDocument();
    expect(await storage.load(noteKey('id-2'))).toBe('Bread\n\nRye');
  });

  test('a note that cannot be saved stays, whatever else is asked for', async () => {
    await stored('a', 'words');
    await start({ storage: altered({ save: full }) });
    await write('Bread', 'Rye');
    await expect.poll(status).toBe('Not saved');
    const stays = async () => {
      await expect.poll(() => location.hash).toBe('#/id-2');
      expect(document.querySelector<HTMLTextAreaElement>('.note-text')?.value).toBe('Rye');
    };
    for (const address of ['#/a', '#/new', '#/']) {
      location.hash = address;
      await stays();
    }
    expect(document.querySelector<HTMLElement>('.app')?.dataset['view']).toBe('note');
  });

  test('a row that is open already stays open, with what is typed', async () => {
    await stored('a', 'words');
    await start();
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('more words');
    await page.getByRole('option').click();
    await expect.poll(status).toBe('Saved');
    await expect.element(role('textbox', 'Text')).toHaveValue('more words');
  });

  test('a note that loads slowly does not cover one that was opened later', async () => {
    for (const id of ['a', 'b']) await stored(id, `words of ${id}`);
    const gate = Promise.withResolvers<void>();
    let isRead = false;
    const loadItem = (async (key: string) => {
      if (key !== noteKey('a')) return storage.loadItem(key);
      await gate.promise;
      const item = await storage.loadItem(key);
      isRead = true;
      return item;
    }) as StorageEngine['loadItem'];
    await start({ storage: altered({ loadItem }) });
    await role('option', /^a/).click();
    await role('option', /^b/).click();
    await expect.element(role('textbox', 'Title')).toHaveValue('b');
    gate.resolve();
    await expect.poll(() => isRead).toBe(true);
    await expect.element(role('textbox', 'Title')).toHaveValue('b');
    expect(location.hash).toBe('#/b');
  });

  test('what another tab wrote does not cover what is typed while it is read', async () => {
    const { etag } = await stored('a', 'ours');
    const gate = Promise.withResolvers<void>();
    let reads = 0;
    const loadItem = (async (key: string) => {
      reads += 1;
      if (reads === 2) await gate.promise;
      return storage.loadItem(key);
    }) as StorageEngine['loadItem'];
    await start({ storage: altered({ loadItem }) });
    await page.getByRole('option').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('ours');
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), text: 'theirs' }, etag);
    await expect.poll(() => reads).toBe(2);
    await role('textbox', 'Text').fill('mine');
    gate.resolve();
    await expect.element(role('button', 'Keep mine')).toBeVisible();
    await expect.element(role('textbox', 'Text')).toHaveValue('mine');
  });

  test('what another tab wrote leaves the caret and the tags where they are', async () => {
    const note = { ...emptyNote('a', NOW), title: 'A', text: 'one two', tags: ['x'] };
    const { etag } = await createNotesStore(storage).save(note, undefined);
    await start();
    await page.getByRole('option').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('one two');
    const field = document.querySelector<HTMLTextAreaElement>('.note-text');
    field?.focus();
    field?.setSelectionRange(3, 5);
    const chip = document.querySelector('.tags-chips .tag');
    await createNotesStore(storage).save({ ...note, text: 'one two three' }, etag);
    await expect.element(role('textbox', 'Text')).toHaveValue('one two three');
    expect([field?.selectionStart, field?.selectionEnd]).toEqual([3, 5]);
    expect(document.querySelector('.tags-chips .tag')).toBe(chip);
    expect(status()).toBe('Changed in another tab');
  });

  test('what another tab wrote and cannot be read is told of', async () => {
    const { etag } = await stored('a', 'ours');
    let isDown = false;
    const loadItem = ((key: string) =>
      isDown
        ? Promise.reject(new Error('down'))
        : storage.loadItem(key)) as StorageEngine['loadItem'];
    await start({ storage: altered({ loadItem }) });
    await page.getByRole('option').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('ours');
    isDown = true;
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), text: 'theirs' }, etag);
    await expect.poll(alertText).toContain('Could not read this note');
    await expect.element(role('textbox', 'Text')).toHaveValue('ours');
  });
});
