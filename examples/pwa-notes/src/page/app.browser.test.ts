import '../style.css';
import { createMemory, type StorageEngine, StorageError } from '@granary/storage/browser';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { emptyNote, fileKey, noteKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';
import { sampleNotes } from '../notes/sample-notes.ts';
import { type App, type AppOptions, startApp } from './app.ts';

const NOW = new Date('2026-11-21T10:00:00Z');

let storage: StorageEngine;
let apps: App[];
let ids: number;

/** A button, field or row by its role and name, waited for. */
const role = (name: Parameters<typeof page.getByRole>[0], label: string | RegExp) =>
  page.getByRole(name, { name: label, exact: true });

async function start(options: Partial<AppOptions> = {}): Promise<App> {
  document.body.replaceChildren();
  const app = await startApp(document.body, {
    storage,
    shelf: localStorage,
    navigator: { locks: navigator.locks },
    newId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    now: () => NOW,
    ...options,
  });
  apps.push(app);
  return app;
}

/** The storage, where some calls are answered otherwise. */
function altered(changes: Partial<StorageEngine>): StorageEngine {
  return Object.assign(Object.create(storage) as StorageEngine, changes);
}

async function write(title: string, text: string): Promise<void> {
  await role('button', 'New note').click();
  await role('textbox', 'Title').fill(title);
  await role('textbox', 'Text').fill(text);
}

/** Chooses a file in a picker of the page. */
function choose(selector: string, ...files: readonly File[]): void {
  const picker = document.querySelector<HTMLInputElement>(selector);
  const chosen = new DataTransfer();
  for (const file of files) chosen.items.add(file);
  if (picker === null) throw new Error(`There is no ${selector}.`);
  picker.files = chosen.files;
  picker.dispatchEvent(new Event('change'));
}

/** Part of a text that is shown. */
const words = (text: string) => page.getByText(text, { exact: false });

const alertText = () => document.querySelector('[role=alert]')?.textContent;
const status = () => document.querySelector('.note-status')?.textContent;
const listStatus = () => document.querySelector('.list-status')?.textContent;
const titles = () =>
  [...document.querySelectorAll('.row')]
    .sort(
      (a, b) => Number(a.getAttribute('aria-posinset')) - Number(b.getAttribute('aria-posinset')),
    )
    .map((row) => row.querySelector('.row-title')?.textContent);

beforeEach(async () => {
  await page.viewport(1200, 800);
  history.replaceState(null, '', '#/');
  localStorage.clear();
  storage = createMemory();
  apps = [];
  ids = 0;
});

afterEach(async () => {
  vi.restoreAllMocks();
  for (const app of apps) await app.close();
});

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
});

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

describe('files', () => {
  const picture = async () => {
    const canvas = new OffscreenCanvas(8, 8);
    canvas.getContext('2d')?.fillRect(0, 0, 8, 8);
    return new File([await canvas.convertToBlob()], 'dot.png', { type: 'image/png' });
  };

  test('are attached to a new note, shown, downloaded and removed', async () => {
    await start();
    await role('button', 'New note').click();
    choose('.attachments input', await picture(), new File(['text'], 'a.txt'));
    await expect.element(page.getByRole('img', { name: 'dot.png' })).toBeVisible();
    await expect.element(words('2 files attached.')).toBeVisible();
    await expect.poll(() => document.querySelector('.row-files')?.textContent).toBe('2');
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
    await role('button', 'Download a.txt').click();
    await expect.poll(() => clicked.mock.contexts[0]).toMatchObject({ download: 'a.txt' });
    await role('button', 'Remove a.txt').click();
    await expect.element(words('no longer attached')).toBeVisible();
    expect((await storage.list('notes/id-2/files/')).map(({ key }) => key)).toEqual([
      fileKey('id-2', 'dot.png'),
    ]);
  });

  test('are taken from a drop and from the clipboard', async () => {
    await start();
    await role('button', 'New note').click();
    const transfer = new DataTransfer();
    transfer.items.add(new File(['dropped'], 'drop.txt'));
    const sheet = document.querySelector('.note');
    const over = new DragEvent('dragover', { dataTransfer: transfer, cancelable: true });
    expect(sheet?.dispatchEvent(over)).toBe(false);
    expect(
      sheet?.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, cancelable: true })),
    ).toBe(false);
    await expect.element(words('drop.txt')).toBeVisible();
    const pasted = new DataTransfer();
    pasted.items.add(new File(['pasted'], 'paste.txt'));
    const paste = new ClipboardEvent('paste', { clipboardData: pasted, cancelable: true });
    document.querySelector('.note-text')?.dispatchEvent(paste);
    await expect.element(words('paste.txt')).toBeVisible();
    // Text alone is pasted and dropped as ever.
    const text = new DataTransfer();
    text.setData('text/plain', 'words');
    expect(
      sheet?.dispatchEvent(new DragEvent('drop', { dataTransfer: text, cancelable: true })),
    ).toBe(true);
    const typed = new ClipboardEvent('paste', { clipboardData: text, cancelable: true });
    expect(document.querySelector('.note-text')?.dispatchEvent(typed)).toBe(true);
  });

  test('that cannot be attached are told of, and tried again', async () => {
    let isDown = true;
    const down = new StorageError('quota-exceeded', 'no room.');
    const put: StorageEngine['put'] = (...args) =>
      isDown ? Promise.reject(down) : storage.put(...args);
    await start({ storage: altered({ put }) });
    await role('button', 'New note').click();
    choose('.attachments input', new File(['x'], 'a.txt'));
    await expect.poll(alertText).toContain('Remove large files');
    isDown = false;
    await role('button', 'Try again').click();
    await expect.element(words('1 file attached.')).toBeVisible();
  });

  test('that cannot be read or removed are told of', async () => {
    await createNotesStore(storage).save(emptyNote('a', NOW), undefined);
    await storage.put(fileKey('a', 'x.png'), 'x', { contentType: 'image/png' });
    const down = (what: string) => () => Promise.reject(new Error(what));
    await start({ storage: altered({ get: down('no get'), delete: down('no delete') }) });
    await page.getByRole('option').click();
    await expect.poll(alertText).toContain('Could not show “x.png”');
    await role('button', 'Dismiss').click();
    await role('button', 'Download x.png').click();
    await expect.element(words('Could not read “x.png”')).toBeVisible();
    await role('button', 'Dismiss').click();
    await role('button', 'Remove x.png').click();
    await expect.element(words('Could not remove “x.png”')).toBeVisible();
    await role('button', 'Share').click();
    await expect.element(words('Could not read the files of this note')).toBeVisible();
  });
});

describe('sharing', () => {
  beforeEach(async () => {
    const note = { ...emptyNote('a', NOW), title: 'A', text: 'words' };
    await createNotesStore(storage).save(note, undefined);
  });

  test('hands the note and its files to the system', async () => {
    await storage.put(fileKey('a', 'x.txt'), 'x', { contentType: 'text/plain' });
    const share = vi.fn(async (_data?: ShareData) => {});
    await start({ navigator: { share, canShare: () => true } });
    await page.getByRole('option').click();
    await expect.element(words('x.txt')).toBeVisible();
    await role('button', 'Share').click();
    await expect.poll(() => share.mock.calls.length).toBe(1);
    expect(share.mock.calls[0]?.[0]).toMatchObject({ title: 'A', files: [{ name: 'x.txt' }] });
  });

  test('says nothing when somebody thinks better of it, and tells a failure', async () => {
    const share = vi.fn(async () => {
      throw new DOMException('closed', share.mock.calls.length === 1 ? 'AbortError' : 'DataError');
    });
    await start({ navigator: { share } });
    await page.getByRole('option').click();
    await role('button', 'Share').click();
    await expect.poll(() => share.mock.calls.length).toBe(1);
    expect(alertText()).toBe('');
    await role('button', 'Share').click();
    await expect.poll(alertText).toContain('Could not share this note');
  });

  test('copies where it cannot share, and downloads where it cannot copy', async () => {
    const clicked = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
    const writeText = vi.fn(async (_text: string) => {});
    const clipboard = { writeText } as unknown as Clipboard;
    await start({ navigator: { clipboard } });
    await page.getByRole('option').click();
    await role('button', 'Share').click();
    await expect.poll(() => writeText.mock.calls).toEqual([['A\n\nwords']]);
    writeText.mockRejectedValueOnce(new DOMException('no', 'NotAllowedError'));
    await role('button', 'Share').click();
    await expect.poll(() => clicked.mock.contexts[0]).toMatchObject({ download: 'note.md' });
    await apps[0]?.close();
    await start({ navigator: {} });
    await role('button', 'Share').click();
    await expect.poll(() => clicked.mock.contexts[1]).toMatchObject({ download: 'A.md' });
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
});

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
});

describe('the storage panel', () => {
  const room = {
    estimate: async () => ({ usage: 5e6, quota: 1e9 }),
    persisted: async () => false,
    persist: vi.fn(async () => true),
  };
  const facts = () => document.querySelector('.facts')?.textContent;
  const report = () => document.querySelector('.panel-report')?.textContent;

  test('tells what is used and why, and asks to keep it', async () => {
    await start({ navigator: { storage: room } });
    await role('button', 'Storage').click();
    await expect.poll(facts).toContain('5.0 MB of 1.0 GB');
    expect(facts()).toContain('memory');
    expect(facts()).toContain('only while this page is open');
    await role('button', 'Ask the browser to keep the notes').click();
    await expect.poll(report).toContain('keeps the notes until you delete them');
    room.persist.mockResolvedValueOnce(false);
    await role('button', 'Ask the browser to keep the notes').click();
    await expect.poll(report).toContain('did not agree');
    room.persist.mockRejectedValueOnce(new Error('odd'));
    await role('button', 'Ask the browser to keep the notes').click();
    await expect.poll(alertText).toContain('odd');
    await role('button', 'Close').click();
    expect(document.querySelector('dialog')?.open).toBe(false);
  });

  test('tells what a durable storage says, and closes by a click beside it', async () => {
    const other = altered({
      getInfo: () => ({
        ...storage.getInfo(),
        provider: 'idb',
        durable: true,
        reason: 'It lasts.',
      }),
      usage: () => Promise.reject(new Error('no usage')),
    });
    const persisted = async () => true;
    await start({ storage: other, navigator: { storage: { persisted } } });
    await role('button', 'Storage').click();
    await expect.poll(facts).toContain('It lasts.');
    expect(facts()).toContain('after the page is closed');
    expect(facts()).toContain('Safe from clean-upyes');
    expect(alertText()).toContain('no usage');
    document.querySelector('dialog')?.click();
    expect(document.querySelector('dialog')?.open).toBe(false);
  });

  test('fills the list with samples, exports them and imports them again', async () => {
    await start();
    const content = Promise.withResolvers<Blob>();
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      content.resolve(blob as Blob);
      return 'blob:test';
    });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => {});
    await role('button', 'Storage').click();
    await expect.poll(facts).toContain('this browser does not say');
    await role('button', 'Add 10,000 samples').click();
    await expect.poll(report, { timeout: 90_000 }).toMatch(/^10,000 notes saved in/);
    expect(listStatus()).toBe('10,000 notes');
    await role('button', 'Export').click();
    await expect.poll(report, { timeout: 90_000 }).toBe('10,000 notes exported.');
    const file = new File([await content.promise], 'notes.json');
    await storage.clear('notes/sample-000');
    await expect.poll(listStatus).toBe('9,901 notes');
    choose('dialog input', file);
    await expect
      .poll(report, { timeout: 90_000 })
      .toBe('99 notes added, 0 updated, 9901 were here already.');
    choose('dialog input', new File(['nonsense'], 'notes.json'));
    await expect.poll(alertText).toContain('it is not JSON');
  });

  test('tells what stopped a batch, and shows what was saved before', async () => {
    const error = new StorageError('quota-exceeded', 'no room.', { hint: 'Make room.' });
    const saveMany: StorageEngine['saveMany'] = async (entries) => {
      const saved = await storage.saveMany(entries.slice(0, 10));
      return [...saved, { key: 'x', ok: false, error }];
    };
    await start({ storage: altered({ saveMany }) });
    await role('button', 'Storage').click();
    await role('button', 'Add 10,000 samples').click();
    await expect.poll(alertText).toContain('Make room.');
    expect(listStatus()).toBe('10 notes');
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
    await start({ storage: altered({ ready }) });
    await expect.poll(alertText).toContain('Wait.');
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
