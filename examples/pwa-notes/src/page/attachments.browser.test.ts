import { type StorageEngine, StorageError } from '@granary/storage/browser';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import {
  alertText,
  altered,
  apps,
  choose,
  NOW,
  role,
  start,
  storage,
  words,
} from '../../test/app-page.ts';
import { emptyNote, fileKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';

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
    const overText = new DragEvent('dragover', { dataTransfer: text, cancelable: true });
    expect(sheet?.dispatchEvent(overText)).toBe(true);
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

  test('are chosen by a button, and choosing none changes nothing', async () => {
    await start();
    await role('button', 'New note').click();
    const clicked = vi.spyOn(HTMLInputElement.prototype, 'click').mockImplementation(() => {});
    await role('button', 'Attach files').click();
    expect(clicked.mock.contexts).toEqual([document.querySelector('.attachments input')]);
    choose('.attachments input');
    await apps[0]?.flush();
    expect(await storage.list()).toEqual([]);
  });

  test('are not attached to a note that cannot be saved, or that was closed', async () => {
    const full = new StorageError('quota-exceeded', 'no room.');
    const put = vi.fn<StorageEngine['put']>();
    const save = vi.fn(() => Promise.reject(full));
    await start({ storage: altered({ save, put }) });
    choose('.attachments input', new File(['x'], 'none.txt'));
    await role('button', 'New note').click();
    choose('.attachments input', new File(['x'], 'a.txt'));
    await expect.poll(alertText).toContain('could not save this note');
    expect(save).toHaveBeenCalledTimes(1);
    expect(put).not.toHaveBeenCalled();
  });

  test('that cannot be listed are told of', async () => {
    await createNotesStore(storage).save(emptyNote('a', NOW), undefined);
    const list = ((what: unknown) =>
      typeof what === 'string'
        ? Promise.reject(new Error('down'))
        : storage.list(what as object)) as StorageEngine['list'];
    await start({ storage: altered({ list }) });
    await page.getByRole('option').click();
    await expect.poll(alertText).toContain('Could not list the files of this note');
  });

  describe('of another note', () => {
    const names = () =>
      [...document.querySelectorAll('.file-name')].map(({ textContent }) => textContent);

    beforeEach(async () => {
      for (const id of ['a', 'b']) {
        await createNotesStore(storage).save({ ...emptyNote(id, NOW), title: id }, undefined);
      }
      await storage.put(fileKey('b', 'of-b.txt'), 'x');
    });

    test('are not shown here, however slowly they are listed', async () => {
      await storage.put(fileKey('a', 'of-a.txt'), 'x');
      const gate = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      const list = ((what: unknown) => {
        if (what !== fileKey('a', '')) return storage.list(what as object);
        return gate.promise.then(async () => {
          const items = await storage.list(fileKey('a', ''));
          answered.resolve();
          return items;
        });
      }) as StorageEngine['list'];
      await start({ storage: altered({ list }) });
      await role('option', /^a/).click();
      await expect.element(role('textbox', 'Title')).toHaveValue('a');
      await role('option', /^b/).click();
      await expect.poll(names).toEqual(['of-b.txt']);
      gate.resolve();
      await answered.promise;
      await expect.poll(names).toEqual(['of-b.txt']);
    });

    test('are not drawn here, however slowly a picture is read', async () => {
      await storage.put(fileKey('a', 'dot.png'), await picture(), { contentType: 'image/png' });
      const gate = Promise.withResolvers<void>();
      const answered = Promise.withResolvers<void>();
      const get = (async (key: string) => {
        await gate.promise;
        const object = await storage.get(key);
        answered.resolve();
        return object;
      }) as StorageEngine['get'];
      await start({ storage: altered({ get }) });
      const made = vi.spyOn(URL, 'createObjectURL');
      await role('option', /^a/).click();
      await expect.poll(names).toEqual(['dot.png']);
      await role('option', /^b/).click();
      await expect.poll(names).toEqual(['of-b.txt']);
      gate.resolve();
      await answered.promise;
      await role('button', 'Download of-b.txt').click();
      await expect.poll(() => made.mock.calls.length).toBe(1);
      expect(made.mock.calls[0]?.[0]).toMatchObject({ name: 'of-b.txt' });
    });

    test('are attached to the note that they were dropped on', async () => {
      const gate = Promise.withResolvers<void>();
      const put: StorageEngine['put'] = async (...args) => {
        await gate.promise;
        return storage.put(...args);
      };
      await start({ storage: altered({ put }) });
      await role('option', /^a/).click();
      await expect.element(role('textbox', 'Title')).toHaveValue('a');
      choose('.attachments input', new File(['1'], 'one.txt'), new File(['2'], 'two.txt'));
      await expect.element(page.getByRole('progressbar', { name: /one.txt/ })).toBeVisible();
      await role('option', /^b/).click();
      await expect.poll(names).toEqual(['of-b.txt']);
      gate.resolve();
      await expect.element(words('2 files attached.')).toBeVisible();
      expect(names()).toEqual(['of-b.txt']);
      expect((await storage.list('notes/a/files/')).map(({ key }) => key)).toEqual([
        fileKey('a', 'one.txt'),
        fileKey('a', 'two.txt'),
      ]);
    });
  });
});
