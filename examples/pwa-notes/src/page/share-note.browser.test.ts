import { beforeEach, describe, expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';
import { alertText, apps, NOW, role, start, storage, words } from '../../test/app-page.ts';
import { emptyNote, fileKey } from '../notes/note.ts';
import { createNotesStore } from '../notes/notes-store.ts';

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

  test('hands over a new note that is not stored yet', async () => {
    const share = vi.fn(async (_data?: ShareData) => {});
    await start({ navigator: { share, canShare: () => true } });
    await role('button', 'New note').click();
    await role('textbox', 'Title').fill('B');
    await role('button', 'Share').click();
    await expect.poll(() => share.mock.calls[0]?.[0]).toMatchObject({ title: 'B' });
  });
});
