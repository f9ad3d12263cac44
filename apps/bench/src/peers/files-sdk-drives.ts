import { drive, auth as google } from '@googleapis/drive';
import { Dropbox } from 'dropbox';
import { type Adapter, Files } from 'files-sdk';
import { dropbox } from 'files-sdk/dropbox';
import { googleDrive } from 'files-sdk/google-drive';
import { onedrive } from 'files-sdk/onedrive';
import type { DriveSite } from '../drives/drive-site.ts';
import { type DriveStore, NOTE } from '../drives/drive-store.ts';
import { graphClient } from '../drives/graph-client.ts';

/** As many as a vendor gives in one page. */
const PAGES = { gdrive: 1000, onedrive: 1000, dropbox: 2000 } as const;

/** The store as its manual shows to use it. `inFolder` opens it below a folder, which is how it lists one. */
function filesSdkDrive(
  adapter: Adapter,
  limit: number,
  inFolder: ((folder: string) => Adapter) | undefined,
  keepsAttributes = false,
): DriveStore {
  const files = new Files({ adapter });
  const options = keepsAttributes ? { metadata: { note: NOTE } } : {};
  return {
    put: (key, bytes) => files.upload(key, bytes, options),
    async get(key) {
      const file = await files.download(key);
      return { bytes: new Uint8Array(await file.arrayBuffer()), note: file.metadata?.['note'] };
    },
    async range(key, offset, length) {
      const part = await files.download(key, {
        range: { start: offset, end: offset + length - 1 },
      });
      return new Uint8Array(await part.arrayBuffer());
    },
    async stat(key) {
      const { size, metadata } = await files.head(key);
      return { size, note: metadata?.['note'] };
    },
    async list(folder) {
      const names: string[] = [];
      const lister = inFolder ? new Files({ adapter: inFolder(folder) }) : files;
      const prefix = inFolder ? '' : `${folder}/`;
      for await (const { key } of lister.listAll({
        limit,
        ...(prefix !== '' && { prefix }),
      })) {
        names.push(key.slice(prefix.length));
      }
      return names;
    },
    async deleteMany(keys) {
      const { errors = [] } = await files.delete([...keys]);
      if (errors.length > 0) throw new Error(`${errors.length} keys could not be deleted.`);
    },
  };
}

/** Over googleapis' drive. It keeps every object in the root, and its key as a property. */
export function openFilesSdkGdrive(
  { token, fetch }: DriveSite,
  keepsAttributes = false,
): DriveStore {
  const auth = new google.OAuth2();
  auth.setCredentials({ access_token: token });
  const client = drive({ version: 'v3', auth, fetchImplementation: described(fetch) });
  return filesSdkDrive(googleDrive({ client }), PAGES.gdrive, undefined, keepsAttributes);
}

/** It sends a parameter of `files.list` with every call, which the fake refuses where it is not described. */
function described(send: typeof fetch): typeof fetch {
  return (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const isList = url.pathname.endsWith('/files') && (init?.method ?? 'GET') === 'GET';
    if (!isList) url.searchParams.delete('includeItemsFromAllDrives');
    return send(url, init);
  };
}

/** Over microsoft-graph-client. It lists one folder, that which it is opened with. */
export function openFilesSdkOneDrive(site: DriveSite): DriveStore {
  const client = graphClient(site);
  return filesSdkDrive(onedrive({ client }), PAGES.onedrive, (rootFolderPath) =>
    onedrive({ client, rootFolderPath }),
  );
}

/** Over the SDK of Dropbox. */
export function openFilesSdkDropbox({ token, fetch }: DriveSite): DriveStore {
  const client = new Dropbox({ accessToken: token, fetch });
  return filesSdkDrive(dropbox({ client }), PAGES.dropbox, (rootFolderPath) =>
    dropbox({ client, rootFolderPath }),
  );
}
