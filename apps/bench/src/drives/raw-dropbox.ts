import { Dropbox, type files } from 'dropbox';
import type { DriveSite } from './drive-site.ts';
import type { DriveStore } from './drive-store.ts';
import { forEach } from './for-each.ts';

const LIMIT = 2000;

/** What a careful user of the SDK writes: files by their path. */
export function openRawDropbox({ token, fetch }: DriveSite): DriveStore {
  const client = new Dropbox({ accessToken: token, fetch });

  return {
    put: (key, bytes) =>
      client.filesUpload({ path: `/${key}`, contents: bytes, mode: { '.tag': 'overwrite' } }),
    async get(key) {
      const { result } = await client.filesDownload({ path: `/${key}` });
      // The SDK's own types leave the content out.
      const { fileBinary } = result as unknown as { fileBinary: Uint8Array };
      return { bytes: new Uint8Array(fileBinary) };
    },
    async range(key, offset, length) {
      const { result } = await client.filesGetTemporaryLink({ path: `/${key}` });
      const answer = await fetch(result.link, {
        headers: { range: `bytes=${offset}-${offset + length - 1}` },
      });
      return new Uint8Array(await answer.arrayBuffer());
    },
    async stat(key) {
      const { result } = await client.filesGetMetadata({ path: `/${key}` });
      return { size: (result as files.FileMetadata).size };
    },
    async list(folder) {
      const names: string[] = [];
      let { result } = await client.filesListFolder({ path: `/${folder}`, limit: LIMIT });
      for (;;) {
        names.push(...result.entries.map(({ name }) => name));
        if (!result.has_more) return names;
        ({ result } = await client.filesListFolderContinue({ cursor: result.cursor }));
      }
    },
    deleteMany: (keys) => forEach(keys, (key) => client.filesDeleteV2({ path: `/${key}` })),
  };
}
