import { expect, test } from 'vitest';
import type { DriveSite } from './drive-site.ts';
import { openRawDropbox } from './raw-dropbox.ts';
import { openRawGdrive } from './raw-gdrive.ts';

/** A site that gives these answers one after the other, and tells what was asked. */
function siteWith(answers: readonly object[]): { site: DriveSite; asked: string[] } {
  const asked: string[] = [];
  const site: DriveSite = {
    ...{ url: 'http://127.0.0.1:9', token: 't', folder: '' },
    log: () => [],
    setDelay() {},
    async fetch(input) {
      asked.push(String(input));
      return Response.json(answers[asked.length - 1] ?? {});
    },
    proxy: () => Promise.reject(new Error('no proxy')),
    async stop() {},
  };
  return { site, asked };
}

test('googleapis reads a list page by page, below the folder that it looked up', async () => {
  const { site, asked } = siteWith([
    { files: [{ id: 'folder' }] },
    { files: [{ name: 'a' }], nextPageToken: 'more' },
    { files: [{ name: 'b' }, {}] },
  ]);
  expect(await openRawGdrive(site).list('many')).toEqual(['a', 'b', '']);
  expect(asked[2]).toContain('pageToken=more');
});

test('googleapis says what is not there', async () => {
  const { site } = siteWith([{ files: [{ id: 'folder' }] }, { files: [] }]);
  await expect(openRawGdrive(site).stat('many/a')).rejects.toThrow('many/a is not there.');
  const { site: empty } = siteWith([{}, {}, {}]);
  await expect(openRawGdrive(empty).stat('a')).rejects.toThrow('a is not there.');
  expect(await openRawGdrive(siteWith([{}, {}]).site).list('many')).toEqual([]);
});

test('the SDK of Dropbox reads a list page by page', async () => {
  const { site } = siteWith([
    { entries: [{ name: 'a' }], has_more: true, cursor: 'more' },
    { entries: [{ name: 'b' }], has_more: false },
  ]);
  expect(await openRawDropbox(site).list('many')).toEqual(['a', 'b']);
});
