import { Dropbox, DropboxAuth, DropboxResponseError } from 'dropbox';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FakeDropbox, startFakeDropbox } from '../src/index.ts';

let fake: FakeDropbox;
let client: Dropbox;

beforeAll(async () => {
  fake = await startFakeDropbox({ isTeam: true });
});
afterAll(() => fake.stop());
beforeEach(() => {
  client = new Dropbox({
    accessToken: fake.issueToken([
      'account_info.read',
      'files.metadata.read',
      'files.content.read',
      'files.content.write',
      'files.permanent_delete',
    ]),
    fetch: fake.fetch,
  });
});

/** The tags of the error that a call of the SDK ends with. */
async function failure(call: Promise<unknown>): Promise<{ status: number; summary: unknown }> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof DropboxResponseError)) throw error ?? new Error('it succeeded');
  const body = error.error as { error_summary?: string } | string;
  return { status: error.status, summary: typeof body === 'string' ? body : body.error_summary };
}

const bytesOf = (result: object) =>
  Buffer.from((result as { fileBinary: Buffer }).fileBinary).toString();

describe('the official SDK', () => {
  test('uploads, tells, downloads, with names beyond ASCII', async () => {
    const { result } = await client.filesUpload({ path: '/Notizen/Ä 日本.txt', contents: 'hello' });
    expect(result).toMatchObject({
      name: 'Ä 日本.txt',
      path_lower: '/notizen/ä 日本.txt',
      size: 5,
    });
    const told = await client.filesGetMetadata({ path: '/notizen/ä 日本.TXT' });
    expect(told.result).toMatchObject({
      '.tag': 'file',
      rev: result.rev,
      path_display: '/Notizen/Ä 日本.txt',
    });
    const down = await client.filesDownload({ path: `rev:${result.rev}` });
    expect(bytesOf(down.result)).toBe('hello');
    expect(
      await client.filesGetMetadata({ path: result.id }).then(({ result: { name } }) => name),
    ).toBe('Ä 日本.txt');
  });

  test('keeps what is there unless it is told otherwise', async () => {
    const { result: first } = await client.filesUpload({ path: '/modes.txt', contents: 'one' });
    const same = await client.filesUpload({
      path: '/modes.txt',
      contents: 'one',
      mode: { '.tag': 'add' },
    });
    expect(same.result.rev).toBe(first.rev);
    const strict = { path: '/modes.txt', contents: 'one', strict_conflict: true };
    expect(await failure(client.filesUpload(strict))).toEqual({
      status: 409,
      summary: 'path/conflict/file/...',
    });
    expect(
      await failure(client.filesUpload({ path: '/modes.txt', contents: 'two' })),
    ).toMatchObject({ status: 409 });
    const { result: renamed } = await client.filesUpload({
      path: '/modes.txt',
      contents: 'two',
      autorename: true,
    });
    expect(renamed.name).toBe('modes (1).txt');
    const mode = { '.tag': 'update', update: first.rev } as const;
    const { result: second } = await client.filesUpload({
      path: '/modes.txt',
      contents: 'three',
      mode,
    });
    expect(second.rev).not.toBe(first.rev);
    expect(
      await failure(client.filesUpload({ path: '/modes.txt', contents: 'four', mode })),
    ).toMatchObject({ status: 409 });
    const gone = { path: '/never.txt', contents: 'x', mode, strict_conflict: true };
    expect(await failure(client.filesUpload(gone))).toMatchObject({ status: 409 });
    const over = await client.filesUpload({
      path: '/modes.txt',
      contents: 'five',
      mode: { '.tag': 'overwrite' },
    });
    expect(over.result.size).toBe(4);
  });

  test('refuses names, folders in the way and files above', async () => {
    await client.filesUpload({ path: '/tree/file', contents: 'x' });
    const upload = (path: string) =>
      failure(client.filesUpload({ path, contents: 'y', mode: { '.tag': 'overwrite' } }));
    expect(await upload('/tree')).toMatchObject({ summary: 'path/conflict/folder/...' });
    expect(await upload('/tree/file/below')).toMatchObject({
      summary: 'path/conflict/file_ancestor/...',
    });
    for (const name of ['.DS_Store', 'Thumbs.db', 'desktop.ini', '~$x.docx', 'a/.dropbox/b']) {
      expect(await upload(`/${name}`)).toMatchObject({ summary: 'path/disallowed_name/...' });
    }
    for (const name of ['a ', 'a /b', 'back\\slash', 'n'.repeat(256), 'a//b', '..', 'a/']) {
      expect(await upload(`/${name}`)).toMatchObject({ summary: 'path/malformed_path/...' });
    }
    expect(await failure(client.filesDownload({ path: '/tree' }))).toMatchObject({
      summary: 'path/not_file/...',
    });
    expect(await failure(client.filesDownload({ path: '/missing' }))).toMatchObject({
      summary: 'path/not_found/...',
    });
  });

  test('lists in pages, whole trees and single folders, and tells of changes', async () => {
    for (let number = 0; number < 7; number += 1) {
      await client.filesUpload({ path: `/list/sub/${number}`, contents: String(number) });
    }
    const names: string[] = [];
    let page = (await client.filesListFolder({ path: '/list', recursive: true, limit: 3 })).result;
    for (;;) {
      names.push(...page.entries.map(({ name }) => name));
      if (!page.has_more) break;
      page = (await client.filesListFolderContinue({ cursor: page.cursor })).result;
    }
    expect(names.toSorted()).toEqual(['0', '1', '2', '3', '4', '5', '6', 'list', 'sub']);
    const flat = await client.filesListFolder({ path: '/list' });
    expect(flat.result.entries.map(({ name }) => name)).toEqual(['sub']);

    const { cursor } = (
      await client.filesListFolderGetLatestCursor({ path: '/list', recursive: true })
    ).result;
    const polling = client.filesListFolderLongpoll({ cursor, timeout: 30 });
    await client.filesDeleteV2({ path: '/list/sub' });
    expect((await polling).result).toEqual({ changes: true });
    const news = (await client.filesListFolderContinue({ cursor })).result;
    expect(news.entries).toMatchObject([{ '.tag': 'deleted', path_lower: '/list/sub' }]);
    expect((await client.filesListFolderContinue({ cursor: news.cursor })).result.entries).toEqual(
      [],
    );
    fake.expireCursors();
    expect(await failure(client.filesListFolderContinue({ cursor }))).toMatchObject({
      summary: 'reset/...',
    });
    expect(await failure(client.filesListFolderLongpoll({ cursor }))).toMatchObject({
      summary: 'reset/...',
    });
    expect(await failure(client.filesListFolderContinue({ cursor: 'nonsense' }))).toMatchObject({
      status: 400,
    });
    expect(await failure(client.filesListFolder({ path: '/nowhere' }))).toMatchObject({
      summary: 'path/not_found/...',
    });
  });

  test('copies and moves, and never over something', async () => {
    await client.filesUpload({ path: '/from/a', contents: 'a' });
    await client.filesUpload({ path: '/from/b', contents: 'b' });
    const { result } = await client.filesCopyV2({ from_path: '/from', to_path: '/to' });
    expect(result.metadata).toMatchObject({ '.tag': 'folder', path_display: '/to' });
    expect(bytesOf((await client.filesDownload({ path: '/to/b' })).result)).toBe('b');
    expect(
      await failure(client.filesCopyV2({ from_path: '/from/a', to_path: '/to/b' })),
    ).toMatchObject({ summary: 'to/conflict/file/...' });
    const moved = await client.filesMoveV2({ from_path: '/from/a', to_path: '/to/c' });
    expect(moved.result.metadata).toMatchObject({ path_lower: '/to/c' });
    expect(
      await failure(client.filesMoveV2({ from_path: '/from/a', to_path: '/to/d' })),
    ).toMatchObject({ summary: 'from_lookup/not_found/...' });
    expect(
      await failure(client.filesMoveV2({ from_path: '/to/c', to_path: '/to/C' })),
    ).toMatchObject({ status: 409 });
    const made = await client.filesCreateFolderV2({ path: '/made' });
    expect(made.result.metadata.name).toBe('made');
    expect(await failure(client.filesCreateFolderV2({ path: '/made' }))).toMatchObject({
      summary: 'path/conflict/folder/...',
    });
  });

  test('deletes alone, by rev, in jobs and for good', async () => {
    const { rev } = (await client.filesUpload({ path: '/del/a', contents: 'a' })).result;
    expect(
      await failure(client.filesDeleteV2({ path: '/del/a', parent_rev: '123456789' })),
    ).toMatchObject({ summary: 'path_write/conflict/file/...' });
    expect(await failure(client.filesDeleteV2({ path: '/del', parent_rev: rev }))).toMatchObject({
      summary: 'path_write/conflict/folder/...',
    });
    await client.filesUpload({ path: '/del/b', contents: 'b' });
    const { result: launched } = await client.filesDeleteBatch({
      entries: [{ path: '/del/a', parent_rev: rev }, { path: '/del/none' }],
    });
    if (launched['.tag'] !== 'async_job_id') throw new Error('no job');
    const id = { async_job_id: launched.async_job_id };
    expect((await client.filesDeleteBatchCheck(id)).result['.tag']).toBe('in_progress');
    const { result: done } = await client.filesDeleteBatchCheck(id);
    expect(done).toMatchObject({
      '.tag': 'complete',
      entries: [{ '.tag': 'success' }, { '.tag': 'failure', failure: { '.tag': 'path_lookup' } }],
    });
    expect(await failure(client.filesDeleteBatchCheck({ async_job_id: 'other' }))).toMatchObject({
      status: 409,
    });
    await client.filesPermanentlyDelete({ path: '/del/b' });
    expect(await failure(client.filesListRevisions({ path: '/del/b' }))).toMatchObject({
      summary: 'path/not_found/...',
    });
  });

  test('keeps revisions, and restores them', async () => {
    const revs: string[] = [];
    for (const contents of ['one', 'two', 'three']) {
      const { result } = await client.filesUpload({
        path: '/rev',
        contents,
        mode: { '.tag': 'overwrite' },
      });
      revs.unshift(result.rev);
    }
    const first = (await client.filesListRevisions({ path: '/rev', limit: 2 })).result;
    expect(first).toMatchObject({ is_deleted: false, has_more: true });
    const rest = (await client.filesListRevisions({ path: '/rev', before_rev: revs[1] ?? '' }))
      .result;
    expect([...first.entries, ...rest.entries].map(({ rev }) => rev)).toEqual(revs);
    await client.filesDeleteV2({ path: '/rev' });
    expect((await client.filesListRevisions({ path: '/rev' })).result.is_deleted).toBe(true);
    const restored = await client.filesRestore({ path: '/rev', rev: revs[2] ?? '' });
    expect(restored.result.size).toBe(3);
    expect(await failure(client.filesRestore({ path: '/rev', rev: 'abcdef123456' }))).toMatchObject(
      { summary: 'invalid_revision/...' },
    );
    expect(
      await failure(client.filesListRevisions({ path: '/rev', before_rev: 'abcdef123456' })),
    ).toMatchObject({ summary: 'invalid_before_rev/...' });
    expect(await failure(client.filesListRevisions({ path: '/to' }))).toMatchObject({
      summary: 'path/not_file/...',
    });
  });

  test('uploads in sessions, one piece after the other', async () => {
    const begun = await client.filesUploadSessionStart({ contents: 'abc' });
    const { session_id: id } = begun.result;
    await client.filesUploadSessionAppendV2({
      cursor: { session_id: id, offset: 3 },
      contents: 'def',
    });
    const wrong = client.filesUploadSessionAppendV2({
      cursor: { session_id: id, offset: 0 },
      contents: '',
    });
    await expect(wrong).rejects.toMatchObject({
      error: { error: { '.tag': 'incorrect_offset', correct_offset: 6 } },
    });
    const finish = (offset: number, contents: string, session_id = id) =>
      client.filesUploadSessionFinish({
        cursor: { session_id, offset },
        commit: { path: '/session' },
        contents,
      });
    expect(await failure(finish(1, ''))).toMatchObject({
      summary: 'lookup_failed/incorrect_offset/...',
    });
    expect((await finish(6, 'ghi')).result).toMatchObject({ size: 9, name: 'session' });
    expect(await failure(finish(6, ''))).toMatchObject({ summary: 'lookup_failed/not_found/...' });
    const { session_id: late } = (
      await client.filesUploadSessionStart({ contents: '', close: true })
    ).result;
    expect(fake.pendingUploads()).toContain(late);
    const append = () =>
      failure(
        client.filesUploadSessionAppendV2({
          cursor: { session_id: late, offset: 0 },
          contents: 'x',
        }),
      );
    expect(await append()).toMatchObject({ summary: 'closed/...' });
    fake.advance(8 * 24 * 60 * 60 * 1000);
    client = new Dropbox({ accessToken: fake.issueToken(), fetch: fake.fetch });
    expect(await append()).toMatchObject({ summary: 'not_found/...' });
  });

  test('uploads in concurrent sessions, by their rules', async () => {
    const step = 4 * 1024 * 1024;
    const session_type = { '.tag': 'concurrent' } as const;
    expect(
      await failure(client.filesUploadSessionStart({ session_type, contents: 'x' })),
    ).toMatchObject({ status: 409 });
    expect(
      await failure(client.filesUploadSessionStart({ session_type, close: true, contents: '' })),
    ).toMatchObject({ status: 409 });
    const { session_id } = (await client.filesUploadSessionStart({ session_type, contents: '' }))
      .result;
    const append = (offset: number, contents: Buffer, close = false) =>
      client.filesUploadSessionAppendV2({ cursor: { session_id, offset }, contents, close });
    expect(await failure(append(1, Buffer.alloc(step)))).toMatchObject({
      summary: 'concurrent_session_invalid_offset/...',
    });
    expect(await failure(append(0, Buffer.alloc(5)))).toMatchObject({
      summary: 'concurrent_session_invalid_data_size/...',
    });
    const finish = (contents: string) =>
      client.filesUploadSessionFinish({
        cursor: { session_id, offset: step + 1 },
        commit: { path: '/par' },
        contents,
      });
    expect(await failure(finish(''))).toMatchObject({
      summary: 'concurrent_session_not_closed/...',
    });
    expect(await failure(finish('x'))).toMatchObject({
      summary: 'concurrent_session_data_not_allowed/...',
    });
    await append(step, Buffer.alloc(1), true);
    expect(await failure(finish(''))).toMatchObject({
      summary: 'concurrent_session_missing_data/...',
    });
  });

  test('hands out links that are good by themselves for four hours', async () => {
    await client.filesUpload({ path: '/linked', contents: 'linked' });
    const { link } = (await client.filesGetTemporaryLink({ path: '/linked' })).result;
    expect(await (await fetch(link)).text()).toBe('linked');
    expect((await fetch(link, { method: 'DELETE' })).status).toBe(405);
    const { link: up } = (
      await client.filesGetTemporaryUploadLink({ commit_info: { path: '/up' }, duration: 60 })
    ).result;
    expect((await fetch(up)).status).toBe(405);
    expect((await fetch(up, { method: 'POST', body: 'x' })).status).toBe(400);
    const post = () =>
      fetch(up, {
        method: 'POST',
        body: 'up',
        headers: { 'content-type': 'application/octet-stream' },
      });
    expect(await (await post()).json()).toHaveProperty('content-hash');
    expect((await post()).status).toBe(409);
    fake.advance(5 * 60 * 60 * 1000);
    expect((await fetch(link)).status).toBe(410);
    client = new Dropbox({ accessToken: fake.issueToken(), fetch: fake.fetch });
    expect(await failure(client.filesGetTemporaryLink({ path: '/to' }))).toMatchObject({
      summary: 'path/not_file/...',
    });
  });

  test('exports what is no plain file', async () => {
    await client.filesUpload({ path: '/docs/paper', contents: 'doc' });
    fake.makeDocument('/docs/paper');
    expect(() => fake.makeDocument('/none')).toThrow('no file');
    expect(await failure(client.filesDownload({ path: '/docs/paper' }))).toMatchObject({
      summary: 'unsupported_file/...',
    });
    expect(await failure(client.filesGetTemporaryLink({ path: '/docs/paper' }))).toMatchObject({
      summary: 'unsupported_file/...',
    });
    const plain = await client.filesListFolder({
      path: '/docs',
      include_non_downloadable_files: false,
    });
    expect(plain.result.entries).toEqual([]);
    const all = await client.filesListFolder({ path: '/docs' });
    expect(all.result.entries).toMatchObject([
      { is_downloadable: false, export_info: { export_as: 'html' } },
    ]);
  });

  test('tells of the account, and refreshes tokens by itself', async () => {
    expect((await client.usersGetSpaceUsage()).result.allocation['.tag']).toBe('team');
    expect((await client.usersGetCurrentAccount()).result.account_type['.tag']).toBe('business');
    expect((await client.checkUser({ query: 'ping' })).result).toEqual({ result: 'ping' });
    const auth = new DropboxAuth({
      clientId: fake.clientId,
      refreshToken: fake.refreshToken,
      fetch: fake.fetch,
    });
    const refreshed = new Dropbox({ auth });
    expect((await refreshed.checkUser({})).result).toEqual({ result: '' });
    const bad = new DropboxAuth({
      clientId: fake.clientId,
      refreshToken: 'other',
      fetch: fake.fetch,
    });
    expect(await failure(new Dropbox({ auth: bad }).checkUser({}))).toMatchObject({ status: 400 });
  });

  test('is told apart: scopes, expired and revoked tokens, rates, roots', async () => {
    const narrow = new Dropbox({
      accessToken: fake.issueToken(['files.metadata.read']),
      fetch: fake.fetch,
    });
    const refusedUpload = narrow.filesUpload({ path: '/x', contents: 'x' });
    await expect(refusedUpload).rejects.toMatchObject({
      status: 401,
      error: { error: { '.tag': 'missing_scope', required_scope: 'files.content.write' } },
    });
    fake.limitRate(1, 7);
    const limited = await client.checkUser({}).catch((error: unknown) => error);
    expect(limited).toMatchObject({
      status: 429,
      error: { error: { reason: { '.tag': 'too_many_requests' } } },
    });
    const rooted = (pathRoot: string) =>
      new Dropbox({ accessToken: fake.issueToken(), fetch: fake.fetch, pathRoot });
    expect((await rooted('{".tag": "home"}').checkUser({})).status).toBe(200);
    expect(await failure(rooted('{".tag": "root", "root": "7"}').checkUser({}))).toMatchObject({
      status: 422,
    });
    fake.advance(5 * 60 * 60 * 1000);
    expect(await failure(narrow.filesListFolder({ path: '' }))).toMatchObject({
      summary: 'expired_access_token/...',
    });
    fake.revokeTokens();
    expect(await failure(client.checkUser({}))).toMatchObject({
      summary: 'invalid_access_token/...',
    });
    client = new Dropbox({ accessToken: fake.issueToken(), fetch: fake.fetch });
    await client.authTokenRevoke();
    expect(await failure(client.checkUser({}))).toMatchObject({ status: 401 });
  });
});
