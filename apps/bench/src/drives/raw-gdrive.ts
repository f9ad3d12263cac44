import { Readable } from 'node:stream';
import { type drive_v3, google } from 'googleapis';
import type { DriveSite } from './drive-site.ts';
import type { DriveStore } from './drive-store.ts';
import { forEach } from './for-each.ts';

const FOLDER_TYPE = 'application/vnd.google-apps.folder';
const TYPE = 'application/octet-stream';
/** What the fields are that an application wants to know of a file. */
const FIELDS = 'id,name,size,md5Checksum,modifiedTime,mimeType';

/**
 * What a careful user of googleapis writes who has paths: the folder is looked up, and the name in it, and
 * then the file is used by its id. Nothing is remembered.
 */
export function openRawGdrive({ token, fetch }: DriveSite): DriveStore {
  const auth = new google.auth.OAuth2();
  auth.setCredentials({ access_token: token });
  const drive = google.drive({ version: 'v3', auth, fetchImplementation: fetch });

  async function find(parent: string, name: string): Promise<drive_v3.Schema$File | undefined> {
    const { data } = await drive.files.list({
      q: `name = '${name}' and '${parent}' in parents and trashed = false`,
      fields: `files(${FIELDS})`,
    });
    return data.files?.[0];
  }

  async function folderOf(key: string): Promise<{ folder: string; name: string }> {
    const [top = '', name = ''] = key.split('/');
    const found = await find('root', top);
    if (found?.id) return { folder: found.id, name };
    const requestBody = { name: top, mimeType: FOLDER_TYPE };
    const { data } = await drive.files.create({ requestBody, fields: 'id' });
    return { folder: data.id ?? '', name };
  }

  async function fileAt(key: string): Promise<drive_v3.Schema$File & { readonly id: string }> {
    const { folder, name } = await folderOf(key);
    const { id, ...file } = (await find(folder, name)) ?? {};
    if (!id) throw new Error(`${key} is not there.`);
    return { ...file, id };
  }

  async function content(fileId: string, range?: string): Promise<Uint8Array> {
    const { data } = await drive.files.get(
      { fileId, alt: 'media' },
      { responseType: 'arraybuffer', ...(range !== undefined && { headers: { Range: range } }) },
    );
    return new Uint8Array(data as unknown as ArrayBuffer);
  }

  return {
    async put(key, bytes) {
      const { folder, name } = await folderOf(key);
      const existing = await find(folder, name);
      const media = { mimeType: TYPE, body: Readable.from([bytes]) };
      if (existing?.id) await drive.files.update({ fileId: existing.id, media });
      else await drive.files.create({ requestBody: { name, parents: [folder] }, media });
    },
    async get(key) {
      return { bytes: await content((await fileAt(key)).id) };
    },
    async range(key, offset, length) {
      return content((await fileAt(key)).id, `bytes=${offset}-${offset + length - 1}`);
    },
    async stat(key) {
      return { size: Number((await fileAt(key)).size) };
    },
    async list(folder) {
      const found = await find('root', folder);
      const names: string[] = [];
      let pageToken: string | undefined;
      do {
        const page: { data: drive_v3.Schema$FileList } = await drive.files.list({
          q: `'${found?.id}' in parents and trashed = false`,
          pageSize: 1000,
          fields: `nextPageToken,files(${FIELDS})`,
          ...(pageToken !== undefined && { pageToken }),
        });
        names.push(...(page.data.files ?? []).map(({ name }) => name ?? ''));
        pageToken = page.data.nextPageToken ?? undefined;
      } while (pageToken !== undefined);
      return names;
    },
    deleteMany: (keys) =>
      forEach(keys, async (key) => {
        const { id } = await fileAt(key);
        await drive.files.update({ fileId: id, requestBody: { trashed: true } });
      }),
  };
}
