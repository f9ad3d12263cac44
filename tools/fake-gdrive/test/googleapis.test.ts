import { Readable } from 'node:stream';
import { type drive_v3, google } from 'googleapis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeGdrive, type FakeTokenOptions, startFakeGdrive } from '../src/index.ts';

let fake: FakeGdrive;

beforeEach(async () => {
  fake = await startFakeGdrive();
});
afterEach(() => fake.stop());

/** The official client, unchanged; `rootUrl` alone does not reach its uploads, so requests are led here. */
function client(options?: FakeTokenOptions): drive_v3.Drive {
  const auth = new google.auth.OAuth2();
  auth.setCredentials({ access_token: fake.token(options) });
  const fetchImplementation: typeof fetch = (input, init) =>
    fetch(String(input).replace('https://www.googleapis.com', fake.url), init);
  return google.drive({ version: 'v3', auth, fetchImplementation, retry: false });
}

async function make(
  drive: drive_v3.Drive,
  name: string,
  body: string,
  more: drive_v3.Schema$File = {},
): Promise<string> {
  const { data } = await drive.files.create({
    requestBody: { name, ...more },
    media: { mimeType: 'text/plain', body },
    fields: 'id',
  });
  return data.id ?? '';
}

describe('the official client, unchanged', () => {
  test('makes, reads, finds, changes and deletes a file', async () => {
    const drive = client();
    const id = await make(drive, "it's.txt", 'content', { appProperties: { a: '1', b: '2' } });
    const found = await drive.files.list({
      q: "name = 'it\\'s.txt' and trashed = false and 'root' in parents",
      fields: 'nextPageToken,files(id,name,size,md5Checksum,appProperties)',
    });
    expect(found.data.files).toMatchObject([{ id, name: "it's.txt", size: '7' }]);
    const read = await drive.files.get({ fileId: id, alt: 'media' }, { responseType: 'text' });
    expect(read.data).toBe('content');
    const part = await drive.files.get(
      { fileId: id, alt: 'media' },
      { responseType: 'text', headers: { range: 'bytes=1-3' } },
    );
    expect([part.status, part.data]).toEqual([206, 'ont']);
    const patch = { name: 'b.txt', appProperties: { a: null } } as unknown as drive_v3.Schema$File;
    const changed = await drive.files.update({
      fileId: id,
      requestBody: patch,
      fields: 'name,appProperties,modifiedTime',
    });
    expect(changed.data).toMatchObject({ name: 'b.txt', appProperties: { b: '2' } });
    await drive.files.update({ fileId: id, requestBody: { trashed: true } });
    expect((await drive.files.list({ q: 'trashed = false' })).data.files).toEqual([]);
    await drive.files.delete({ fileId: id });
    await expect(drive.files.get({ fileId: id })).rejects.toMatchObject({ status: 404 });
  });

  test('uploads a stream and a new content, which makes a revision', async () => {
    const drive = client();
    const { data } = await drive.files.create({
      requestBody: { name: 'a' },
      media: { mimeType: 'application/octet-stream', body: Readable.from([Buffer.from('one')]) },
      fields: 'id,headRevisionId',
    });
    const fileId = data.id ?? '';
    await drive.files.update({
      fileId,
      media: { mimeType: 'text/plain', body: 'two' },
      keepRevisionForever: true,
    });
    const { revisions = [] } = (await drive.revisions.list({ fileId, fields: '*' })).data;
    expect(revisions.map(({ size, keepForever }) => [size, keepForever])).toEqual([
      ['3', false],
      ['3', true],
    ]);
    const revisionId = data.headRevisionId ?? '';
    const old = await drive.revisions.get(
      { fileId, revisionId, alt: 'media' },
      { responseType: 'text' },
    );
    expect(old.data).toBe('one');
    await drive.revisions.update({ fileId, revisionId, requestBody: { keepForever: true } });
    const kept = await drive.revisions.get({ fileId, revisionId, fields: 'keepForever' });
    expect(kept.data).toEqual({ keepForever: true });
    await drive.revisions.delete({ fileId, revisionId });
    await expect(
      drive.revisions.delete({ fileId, revisionId: revisions[1]?.id ?? '' }),
    ).rejects.toMatchObject({ status: 403 });
  });

  test('makes folders, moves and copies', async () => {
    const drive = client();
    const folder = await drive.files.create({
      requestBody: { name: 'f', mimeType: 'application/vnd.google-apps.folder' },
      fields: 'id',
    });
    const folderId = folder.data.id ?? '';
    const id = await make(drive, 'a', 'content', { appProperties: { n: '1' } });
    const parents = (await drive.files.get({ fileId: id, fields: 'parents' })).data.parents ?? [];
    await drive.files.update({
      fileId: id,
      addParents: folderId,
      removeParents: parents.join(),
    });
    const copy = await drive.files.copy({
      fileId: id,
      requestBody: { name: 'b' },
      fields: 'name,parents,appProperties,size',
    });
    expect(copy.data).toEqual({
      name: 'b',
      parents: [folderId],
      appProperties: { n: '1' },
      size: '7',
    });
    expect(fake.paths()).toEqual(['f', 'f/a', 'f/b']);
    await expect(
      drive.files.update({ fileId: id, requestBody: { parents: ['root'] } }),
    ).rejects.toMatchObject({ status: 403 });
    await drive.files.delete({ fileId: folderId });
    expect(fake.paths()).toEqual([]);
  });

  test('follows the feed of changes', async () => {
    const drive = client();
    const { data: start } = await drive.changes.getStartPageToken({});
    const id = await make(drive, 'a', 'content');
    const gone = await make(drive, 'b', 'content');
    await drive.files.delete({ fileId: gone });
    const first = await drive.changes.list({
      pageToken: start.startPageToken ?? '',
      pageSize: 1,
      fields: 'nextPageToken,changes(fileId,removed,file(name,trashed))',
    });
    expect(first.data.changes).toEqual([
      { fileId: id, removed: false, file: { name: 'a', trashed: false } },
    ]);
    const rest = await drive.changes.list({ pageToken: first.data.nextPageToken ?? '' });
    expect(rest.data.changes).toMatchObject([{ fileId: gone, removed: true }]);
    expect(rest.data.newStartPageToken).toBeDefined();
  });

  test('pages through a listing, tells ids and how full it is', async () => {
    const drive = client();
    for (const name of ['a', 'b', 'c']) await make(drive, name, name);
    const one = await drive.files.list({ pageSize: 2, q: 'trashed = false' });
    const two = await drive.files.list({
      pageSize: 2,
      q: 'trashed = false',
      pageToken: one.data.nextPageToken ?? '',
    });
    expect([one.data.files?.length, two.data.files?.length]).toEqual([2, 1]);
    expect((await drive.files.generateIds({ count: 3 })).data.ids).toHaveLength(3);
    fake.setQuota(10);
    const about = await drive.about.get({ fields: 'storageQuota(limit,usage)' });
    expect(about.data.storageQuota).toEqual({ limit: '10', usage: '3' });
    await expect(make(drive, 'd', '12345678')).rejects.toMatchObject({ status: 403 });
  });

  test('exports a document, and reads no content of one', async () => {
    const drive = client({ scopes: ['drive'] });
    const fileId = fake.addFile({ name: 'doc', exports: { 'text/plain': 'words' } });
    const text = await drive.files.export(
      { fileId, mimeType: 'text/plain' },
      { responseType: 'text' },
    );
    expect(text.data).toBe('words');
    await expect(drive.files.get({ fileId, alt: 'media' })).rejects.toMatchObject({ status: 403 });
    await expect(drive.files.export({ fileId, mimeType: 'application/pdf' })).rejects.toMatchObject(
      { status: 400 },
    );
  });

  test('reaches the app folder and shared drives', async () => {
    const app = client({ scopes: ['drive.appdata'] });
    const { data } = await app.files.create({
      requestBody: { name: 'settings', parents: ['appDataFolder'] },
      media: { mimeType: 'text/plain', body: '{}' },
      fields: 'id',
    });
    const fileId = data.id ?? '';
    expect((await app.files.list({ spaces: 'appDataFolder' })).data.files).toHaveLength(1);
    await expect(
      app.files.update({ fileId, requestBody: { trashed: true } }),
    ).rejects.toMatchObject({ status: 403 });
    const driveId = fake.addDrive('Team');
    const drive = client({ scopes: ['drive'] });
    expect((await drive.drives.get({ driveId })).data.name).toBe('Team');
    await expect(drive.drives.get({ driveId: 'none' })).rejects.toMatchObject({ status: 404 });
    const shared = { supportsAllDrives: true };
    const made = await drive.files.create({
      ...shared,
      requestBody: { name: 'a', parents: [driveId] },
      media: { mimeType: 'text/plain', body: 'x' },
    });
    await expect(drive.files.get({ fileId: made.data.id ?? '' })).rejects.toMatchObject({
      status: 404,
    });
    const listed = await drive.files.list({
      ...shared,
      corpora: 'drive',
      driveId,
      includeItemsFromAllDrives: true,
    });
    expect(listed.data.files).toMatchObject([{ name: 'a' }]);
    await expect(drive.files.list({ driveId, corpora: 'drive' })).rejects.toMatchObject({
      status: 403,
    });
  });

  test('is told that its token is not enough, or no more good', async () => {
    const drive = client({ scopes: ['drive.metadata.readonly'] });
    const fileId = fake.addFile({ name: 'a', content: 'x', app: 'other' });
    expect((await drive.files.get({ fileId })).data.name).toBe('a');
    await expect(drive.files.get({ fileId, alt: 'media' })).rejects.toMatchObject({ status: 403 });
    await expect(make(drive, 'b', 'x')).rejects.toMatchObject({ status: 403 });
    await expect(client().files.get({ fileId })).rejects.toMatchObject({ status: 404 });
    fake.revokeTokens();
    await expect(drive.files.get({ fileId })).rejects.toMatchObject({ status: 401 });
  });
});
