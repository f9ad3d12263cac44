import { describe, expect, test, vi } from 'vitest';
import { alertText, altered, NOW, start, storage, titles, words } from '../../test/app-page.ts';
import { emptyNote, noteKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';

describe('what a closed page left', () => {
  const draft = (id: string, text: string, etag?: string) =>
    localStorage.setItem(
      `pwa-notes-draft:gone:${id}`,
      JSON.stringify({ note: { ...emptyNote(id, NOW), title: 'T', text }, etag }),
    );

  test('is saved, as a copy where somebody wrote meanwhile', async () => {
    const store = createNotesStore(storage);
    const { etag } = await store.save({ ...emptyNote('a', NOW), text: 'old' }, undefined);
    await store.save({ ...emptyNote('b', NOW), text: 'theirs' }, undefined);
    await store.save({ ...emptyNote('c', NOW), title: 'T', text: 'same' }, undefined);
    draft('a', 'new', etag);
    draft('b', 'mine', 'other');
    draft('c', 'same');
    draft('d', 'never stored');
    await start();
    await expect.poll(() => localStorage.length).toBe(0);
    expect((await store.load('a')).note.text).toBe('new');
    expect((await store.load('b')).note.text).toBe('theirs');
    expect((await store.load('d')).note.text).toBe('never stored');
    await expect.poll(() => titles().includes('T (recovered)')).toBe(true);
    await expect.element(words('It is here as a copy.')).toBeVisible();
  });

  test('is left to a tab that lives, and kept where it cannot be saved', async () => {
    draft('a', 'new');
    const alive = Promise.withResolvers<void>();
    const held = navigator.locks.request('pwa-notes-tab:gone', () => alive.promise);
    const save = () => Promise.reject(new Error('down'));
    await start({ storage: altered({ save }) });
    expect(localStorage.length).toBe(1);
    alive.resolve();
    await held;
    await expect.poll(alertText).toContain('what a closed page left');
    expect(localStorage.length).toBe(1);
  });

  test('is saved at once where there are no locks', async () => {
    draft('a', 'new');
    localStorage.setItem('pwa-notes-draft:gone:e', JSON.stringify({ note: emptyNote('e', NOW) }));
    await start({ navigator: {} });
    await expect.poll(() => localStorage.length).toBe(0);
    expect((await storage.list('notes/')).map(({ key }) => key)).toEqual([noteKey('a')]);
  });

  test('is kept when the stored note cannot be read, or no lock can be had', async () => {
    draft('a', 'new');
    const loadItem = () => Promise.reject(new Error('down'));
    await start({ storage: altered({ loadItem }) });
    await expect.poll(alertText).toContain('Could not save what a closed page left');
    expect(localStorage.length).toBe(1);
    const request = vi.fn(() => Promise.reject(new Error('no locks')));
    await start({ navigator: { locks: { request } as unknown as LockManager } });
    await expect.poll(alertText).toContain('no locks');
    expect(localStorage.length).toBe(1);
  });

  test('is told of by what it is when it has no title', async () => {
    localStorage.setItem(
      'pwa-notes-draft:gone:a',
      JSON.stringify({ note: { ...emptyNote('a', NOW), text: 'words' } }),
    );
    await start();
    await expect.element(words('A note was not saved when its page was closed.')).toBeVisible();
  });
});
