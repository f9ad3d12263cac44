import { type StorageEngine, StorageError } from '@granary/storage/browser';
import { describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import {
  alertText,
  altered,
  listStatus,
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
import { sampleNotes } from '../notes/sample-notes.ts';

describe('the list', () => {
  test('draws few of many rows, is walked by keys and tells where it is', async () => {
    await createNotesStore(storage).saveMany(sampleNotes(3000, NOW), () => {});
    await start();
    await expect.poll(listStatus).toBe('3,000 notes');
    expect(document.querySelectorAll('.row').length).toBeLessThan(40);
    const rows = document.querySelector<HTMLElement>('.rows');
    rows?.focus();
    await userEvent.keyboard('{End}');
    const active = () =>
      document.getElementById(String(rows?.getAttribute('aria-activedescendant')));
    expect(active()?.getAttribute('aria-posinset')).toBe('3000');
    expect(active()?.getAttribute('aria-setsize')).toBe('3000');
    await expect.poll(() => document.querySelector('[aria-posinset="2995"]')).not.toBeNull();
    await userEvent.keyboard('{ArrowUp}{ArrowUp}{ArrowDown}');
    expect(active()?.getAttribute('aria-posinset')).toBe('2999');
    const title = active()?.querySelector('.row-title')?.textContent ?? '';
    await userEvent.keyboard('{Enter}');
    await expect.element(role('textbox', 'Title')).toHaveValue(title);
    rows?.scrollTo(0, 0);
    await expect.poll(() => document.querySelector('[aria-posinset="1"]')).not.toBeNull();
    // The active row exists, wherever the list stands.
    expect(active()?.getAttribute('aria-selected')).toBe('true');
    rows?.dispatchEvent(new KeyboardEvent('keydown', { key: 'x' }));
    expect(active()?.getAttribute('aria-posinset')).toBe('2999');
  });

  test('is narrowed down by words and tags', async () => {
    const store = createNotesStore(storage);
    for (const [id, tags, text] of [
      ['a', ['x'], 'rye'],
      ['b', ['y'], 'rye'],
      ['c', ['x'], 'oat'],
    ] as const) {
      await store.save({ ...emptyNote(id, NOW), title: id, text, tags }, undefined);
    }
    await start();
    await role('button', '#x').click();
    await expect.poll(titles).toEqual(['a', 'c']);
    await expect.element(role('button', '#x')).toHaveAttribute('aria-pressed', 'true');
    await userEvent.keyboard('/');
    await expect.element(page.getByRole('searchbox')).toHaveFocus();
    await page.getByRole('searchbox').fill('#x rye');
    await expect.poll(titles).toEqual(['a']);
    await expect.poll(listStatus).toBe('1 note found');
    await write('d', 'stays in sight');
    await expect.poll(titles).toEqual(expect.arrayContaining(['a', 'd']));
    await page.getByRole('searchbox').fill('nothing like it');
    await expect.element(words('Nothing found')).toBeVisible();
    await page.getByRole('searchbox').fill('');
    await expect.poll(() => titles().length).toBe(4);
  });

  test('tells when a search fails', async () => {
    const search = () => {
      throw new StorageError('unavailable', 'down.', { hint: 'Try later.' });
    };
    await start({ storage: altered({ search }) });
    await page.getByRole('searchbox').fill('x');
    await expect.poll(alertText).toContain('Try later.');
  });

  test('and the note take turns on a narrow screen', async () => {
    await page.viewport(360, 740);
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    await start();
    await page.getByRole('option').click();
    await expect.element(page.getByRole('listbox')).not.toBeInTheDocument();
    await role('button', 'Back to the list').click();
    await expect.element(page.getByRole('listbox')).toHaveFocus();
    await page.getByRole('option').click();
    await expect.element(role('textbox', 'Title')).toBeVisible();
    history.back();
    await expect.element(page.getByRole('listbox')).toBeVisible();
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(360);
  });

  test('shows what the last words find, however long the earlier ones take', async () => {
    const store = createNotesStore(storage);
    for (const title of ['rye', 'oat']) {
      await store.save({ ...emptyNote(title, NOW), title }, undefined);
    }
    const gate = Promise.withResolvers<void>();
    const [begun, ended]: [string[], string[]] = [[], []];
    const search = ((query: { text?: unknown }, options: object) => ({
      async *pages() {
        const isSlow = JSON.stringify(query).includes('rye');
        begun.push(isSlow ? 'slow' : 'quick');
        if (isSlow) await gate.promise;
        try {
          yield* storage.search(query as object, isSlow ? {} : options).pages();
        } finally {
          ended.push(isSlow ? 'slow' : 'quick');
        }
      },
    })) as unknown as StorageEngine['search'];
    await start({ storage: altered({ search }) });
    await page.getByRole('searchbox').fill('rye');
    await expect.poll(() => begun).toEqual(['slow']);
    await page.getByRole('searchbox').fill('oat');
    await expect.poll(titles).toEqual(['oat']);
    gate.resolve();
    await expect.poll(() => ended).toEqual(['quick', 'slow']);
    expect(titles()).toEqual(['oat']);
    expect(listStatus()).toBe('1 note found');
  });

  test('opens nothing by a click beside the rows', async () => {
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    await start();
    await expect.poll(titles).toEqual(['A']);
    document.querySelector<HTMLElement>('.rows')?.click();
    expect(location.hash).toBe('#/');
    await page.getByRole('option').click();
    expect(location.hash).toBe('#/a');
  });
});

describe('other tabs', () => {
  test('are followed at once, in the list and in the editor', async () => {
    const store = createNotesStore(storage);
    const first = await store.save({ ...emptyNote('a', NOW), title: 'A', text: 'one' }, undefined);
    await start();
    await page.getByRole('option').click();
    await store.save({ ...emptyNote('a', NOW), title: 'B', text: 'two', tags: ['t'] }, first.etag);
    await expect.element(role('textbox', 'Text')).toHaveValue('two');
    await expect.poll(titles).toEqual(['B']);
    await store.save({ ...emptyNote('c', NOW), title: 'C' }, undefined);
    await storage.put(fileKey('c', 'x'), 'x');
    await expect.poll(() => document.querySelector('.row-files')?.textContent).toBe('1');
    await storage.delete(fileKey('c', 'x'));
    await expect.poll(() => document.querySelector('.row-files')).toBeNull();
    await storage.delete(noteKey('c'));
    await expect.poll(titles).toEqual(['B']);
    await store.remove('a', NOW);
    await expect.element(words('deleted in another tab')).toBeVisible();
    await expect.element(words('Choose a note')).toBeVisible();
  });

  test('that write much are followed by listing again', async () => {
    await start();
    await createNotesStore(storage).saveMany(sampleNotes(300, NOW), () => {});
    await expect.poll(listStatus).toBe('300 notes');
    await storage.clear('notes/');
    await expect.poll(listStatus).toBe('0 notes');
  });

  test('are followed when the page comes to the front where the storage cannot watch', async () => {
    const deaf = altered({
      getCapabilities: () => ({ ...storage.getCapabilities(), watch: false }),
    });
    await start({ storage: deaf });
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    document.dispatchEvent(new Event('visibilitychange'));
    await expect.poll(titles).toEqual(['A']);
  });

  test('that cannot be followed are told of', async () => {
    const stat = () => Promise.reject(new Error('down'));
    await start({ storage: altered({ stat }) });
    await createNotesStore(storage).save(emptyNote('a', NOW), undefined);
    await expect.poll(alertText).toContain('follow the changes');
  });

  test('that delete a note leave it in the editor while it has unsaved words', async () => {
    const store = createNotesStore(storage);
    await store.save({ ...emptyNote('a', NOW), title: 'A', text: 'words' }, undefined);
    const save = () => Promise.reject(new StorageError('quota-exceeded', 'no room.'));
    await start({ storage: altered({ save }) });
    await page.getByRole('option').click();
    await role('textbox', 'Text').fill('more words');
    await expect.poll(status).toBe('Not saved');
    await store.remove('a', NOW);
    await expect.poll(titles).toEqual([]);
    await expect.element(role('textbox', 'Text')).toHaveValue('more words');
    expect(status()).toBe('Not saved');
  });

  test('that write something unknown make the list be read again', async () => {
    await start();
    const walked = vi.spyOn(storage, 'list');
    await storage.put('notes/odd', 'x');
    await expect.poll(() => walked.mock.calls.length).toBe(1);
    expect(titles()).toEqual([]);
  });

  test('are not asked for while the page is hidden, and a listing that is late takes nothing away', async () => {
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    const list = vi.fn<(what: object) => unknown>((what) => storage.list(what));
    await start({
      storage: altered({
        getCapabilities: () => ({ ...storage.getCapabilities(), watch: false }),
        list: list as unknown as StorageEngine['list'],
      }),
    });
    await expect.poll(titles).toEqual(['A']);
    const before = list.mock.calls.length;
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    document.dispatchEvent(new Event('visibilitychange'));
    expect(list.mock.calls.length).toBe(before);
    visibility.mockReturnValue('visible');
    list.mockImplementation(() => storage.list({ prefix: 'none/' }));
    const asked = vi.spyOn(storage, 'stat');
    document.dispatchEvent(new Event('visibilitychange'));
    await expect.poll(() => asked.mock.settledResults.length).toBe(1);
    await new Promise(requestAnimationFrame);
    expect(titles()).toEqual(['A']);
    await createNotesStore(storage).save({ ...emptyNote('b', NOW), title: 'B' }, undefined);
    list.mockImplementation((what) => storage.list(what));
    document.dispatchEvent(new Event('visibilitychange'));
    await expect.poll(titles).toEqual(['A', 'B']);
  });
});

describe('starting', () => {
  test('opens the note of the address, and tells when it is not there', async () => {
    await createNotesStore(storage).save({ ...emptyNote('a', NOW), title: 'A' }, undefined);
    history.replaceState(null, '', '#/a');
    await start();
    await expect.element(role('textbox', 'Title')).toHaveValue('A');
    location.hash = '#/gone';
    await expect.poll(alertText).toContain('could not open this note');
  });

  test('tells when the storage cannot be opened', async () => {
    const ready = () => Promise.reject(new StorageError('unavailable', 'down.', { hint: 'Wait.' }));
    const reload = vi.fn();
    await start({ storage: altered({ ready }), reload });
    await expect.poll(alertText).toContain('Wait.');
    await role('button', 'Reload').click();
    expect(reload).toHaveBeenCalledTimes(1);
  });

  test('shows banners, one for each name', async () => {
    const app = await start();
    const shown = () =>
      [...document.querySelectorAll('.banner')].map(({ textContent }) => textContent);
    app.banner('a', 'one');
    app.banner('a', 'two');
    app.banner('b', 'three');
    expect(shown()).toEqual(['two', 'three']);
    app.banner('a', undefined);
    expect(shown()).toEqual(['three']);
  });
});
