import { type StorageEngine, StorageError } from '@granary/storage/browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
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
import { emptyNote, fileKey, noteKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';

describe('deleting', () => {
  beforeEach(async () => {
    await createNotesStore(storage).save(
      { ...emptyNote('a', NOW), title: 'A', text: 'words' },
      undefined,
    );
  });

  test('can be undone', async () => {
    await start();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await expect.poll(titles).toEqual([]);
    await role('button', 'Undo').click();
    await expect.poll(titles).toEqual(['A']);
    await expect.element(role('textbox', 'Text')).toHaveValue('words');
  });

  test('is final when the notice is dismissed', async () => {
    await storage.put(fileKey('a', 'x.txt'), 'x');
    await start();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await expect.element(words('The note was deleted.')).toBeVisible();
    await role('button', 'Dismiss').click();
    await expect.poll(() => storage.list()).toEqual([]);
  });

  test('that a closed page began is ended by the next one', async () => {
    const store = createNotesStore(storage);
    await store.remove('a', new Date(NOW.getTime() - 3_600_000));
    await start();
    await expect.poll(() => storage.list()).toEqual([]);
  });

  test('of what was never stored only closes the editor', async () => {
    await start();
    await role('button', 'New note').click();
    await role('button', 'Delete').click();
    await expect.element(words('Choose a note')).toBeVisible();
  });

  test('tells what it could not do', async () => {
    const down = new StorageError('unavailable', 'down.', { hint: 'Try later.' });
    await start({ storage: altered({ save: () => Promise.reject(down) }) });
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await expect.poll(alertText).toContain('Try later.');
    await expect.element(role('textbox', 'Text')).toHaveValue('words');
  });
});

describe('deleting in a full storage', () => {
  const full = new StorageError('quota-exceeded', 'no room.', { hint: 'Make room.' });
  let isFull: boolean;
  /** The key that finds no room even then. */
  let refused: string | undefined;

  const startFull = () => {
    const save: StorageEngine['save'] = (...args) =>
      isFull || args[0] === refused ? Promise.reject(full) : storage.save(...args);
    return start({ storage: altered({ save }) });
  };

  beforeEach(async () => {
    isFull = true;
    refused = undefined;
    await createNotesStore(storage).save(
      { ...emptyNote('a', NOW), title: 'A', text: 'words' },
      undefined,
    );
    await storage.put(fileKey('a', 'x.txt'), 'x');
  });

  test('makes room at once, and undo stores the note again', async () => {
    await startFull();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await expect.element(words('The note was deleted.')).toBeVisible();
    expect((await storage.list('notes/')).map(({ key }) => key)).toEqual([fileKey('a', 'x.txt')]);
    expect(titles()).toEqual([]);
    // A page that is closed now leaves the note to the next one.
    expect(Object.values(localStorage).join()).toContain('words');
    isFull = false;
    await role('button', 'Undo').click();
    await expect.poll(titles).toEqual(['A']);
    await expect.element(role('textbox', 'Text')).toHaveValue('words');
    await expect.poll(() => document.querySelector('.row-files')?.textContent).toBe('1');
    expect(localStorage.length).toBe(0);
  });

  test('is final when the notice is dismissed', async () => {
    await startFull();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await role('button', 'Dismiss').click();
    await expect.poll(() => storage.list()).toEqual([]);
    await expect.poll(() => localStorage.length).toBe(0);
  });

  test('keeps the note when there is no room to bring it back, and brings it back later', async () => {
    await startFull();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await role('button', 'Undo').click();
    await expect.poll(alertText).toContain('could not bring back “A”');
    expect(Object.values(localStorage).join()).toContain('words');
    isFull = false;
    await role('button', 'Bring it back').click();
    await expect.poll(titles).toEqual(['A']);
    await expect.element(role('textbox', 'Text')).toHaveValue('words');
    expect(localStorage.length).toBe(0);
  });

  test('and undoing it brings back what was typed and could not be saved', async () => {
    await startFull();
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('more words');
    await expect.poll(status).toBe('Not saved');
    await role('button', 'Delete').click();
    isFull = false;
    await role('button', 'Undo').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('more words');
    await expect.poll(() => storage.load(noteKey('a'))).toBe('A\n\nmore words');
    await expect.poll(status).toBe('Saved');
    expect(location.hash).toBe('#/a');
    expect(localStorage.length).toBe(0);
  });

  test('of a note that was never stored can be undone too', async () => {
    await startFull();
    await write('Bread', 'Rye');
    await expect.poll(status).toBe('Not saved');
    await role('button', 'Delete').click();
    await expect.element(words('Choose a note')).toBeVisible();
    isFull = false;
    await role('button', 'Undo').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('Rye');
    await expect.poll(() => storage.load(noteKey('id-2'))).toBe('Bread\n\nRye');
  });

  test('cannot be undone over another note that is not saved, and waits for that', async () => {
    await startFull();
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('more words');
    await expect.poll(status).toBe('Not saved');
    await role('button', 'Delete').click();
    await write('Bread', 'Rye');
    await expect.poll(status).toBe('Not saved');
    isFull = false;
    refused = noteKey('id-2');
    await role('button', 'Undo').click();
    await expect.poll(alertText).toContain('Another note could not be saved');
    await expect.element(role('textbox', 'Text')).toHaveValue('Rye');
    // What the storage had is back, and the rest is kept.
    expect(await storage.load(noteKey('a'))).toBe('A\n\nwords');
    expect(Object.values(localStorage).join()).toContain('more words');
    refused = undefined;
    await role('button', 'Retry').click();
    await expect.poll(status).toBe('Saved');
    await role('button', 'Bring it back').click();
    await expect.element(role('textbox', 'Text')).toHaveValue('more words');
    await expect.poll(() => storage.load(noteKey('a'))).toBe('A\n\nmore words');
  });
});

describe('deleting what another tab has changed', () => {
  test('brings both back: theirs in the storage, and mine in the editor, which asks', async () => {
    const store = createNotesStore(storage);
    const { etag } = await store.save({ ...emptyNote('a', NOW), text: 'ours' }, undefined);
    await start({
      storage: altered({ getCapabilities: () => ({ ...storage.getCapabilities(), watch: false }) }),
    });
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('mine');
    await store.save({ ...emptyNote('a', NOW), text: 'theirs' }, etag);
    await expect.poll(status).toBe('Not saved');
    await role('button', 'Delete').click();
    await role('button', 'Undo').click();
    await expect.element(role('button', 'Keep mine')).toBeVisible();
    await expect.element(role('textbox', 'Text')).toHaveValue('mine');
    expect((await store.load('a')).note.text).toBe('theirs');
  });

  test('leaves it when it was brought back elsewhere', async () => {
    const store = createNotesStore(storage);
    await store.save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    await start();
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await expect.element(words('The note was deleted.')).toBeVisible();
    await store.save({ ...emptyNote('a', NOW), title: 'A' }, 'any');
    await expect.poll(titles).toEqual(['A']);
    const stat = vi.spyOn(storage, 'stat');
    await role('button', 'Dismiss').click();
    await expect.poll(() => stat.mock.calls.length).toBeGreaterThan(0);
    await expect.poll(titles).toEqual(['A']);
    expect((await store.load('a')).note.title).toBe('A');
  });

  test('tells when it cannot be deleted for good', async () => {
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    const down = new StorageError('unavailable', 'down.', { hint: 'Try later.' });
    await start({ storage: altered({ delete: () => Promise.reject(down) }) });
    await page.getByRole('option').click();
    await role('button', 'Delete').click();
    await role('button', 'Dismiss').click();
    await expect.poll(alertText).toContain('could not delete the note for good');
  });
});
