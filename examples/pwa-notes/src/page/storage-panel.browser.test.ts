import { type StorageEngine, StorageError } from '@granary/storage/browser';
import { describe, expect, test, vi } from 'vitest';
import {
  alertText,
  altered,
  choose,
  listStatus,
  role,
  start,
  storage,
} from '../../test/app-page.ts';

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
    await expect.poll(report).toMatch(/^10,000 notes saved in/);
    expect(listStatus()).toBe('10,000 notes');
    await role('button', 'Export').click();
    await expect.poll(report).toBe('10,000 notes exported.');
    const file = new File([await content.promise], 'notes.json');
    await storage.clear('notes/sample-000');
    await expect.poll(listStatus).toBe('9,901 notes');
    choose('dialog input', file);
    await expect.poll(report).toBe('99 notes added, 0 updated, 9901 were here already.');
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

  test('tells what is known where the browser and the storage say little', async () => {
    const silent = () => Promise.reject(new Error('not allowed'));
    const plain = altered({
      getCapabilities: () => ({ ...storage.getCapabilities(), usage: false }),
    });
    const app = await start({
      storage: plain,
      navigator: { storage: { estimate: silent, persisted: silent } },
    });
    await role('button', 'Storage').click();
    await expect.poll(facts).toContain('this browser does not say');
    expect(facts()).not.toContain('Room in this browser');
    expect(facts()).not.toContain('Used by notes');
    expect(document.querySelector('meter')?.hidden).toBe(true);
    await app.close();
    const estimate = async () => ({ usage: 0, quota: 0 });
    await start({ navigator: { storage: { estimate } } });
    await role('button', 'Storage').click();
    await expect.poll(facts).toContain('Room in this browser');
    expect(document.querySelector('meter')?.value).toBe(1);
  });

  test('asks for the file of an import, and imports nothing without one', async () => {
    await start();
    await role('button', 'Storage').click();
    const clicked = vi.spyOn(HTMLInputElement.prototype, 'click').mockImplementation(() => {});
    await role('button', 'Import…').click();
    expect(clicked.mock.contexts).toEqual([document.querySelector('dialog input')]);
    choose('dialog input');
    expect(report()).toBe('');
    expect(alertText()).toBe('');
  });
});
