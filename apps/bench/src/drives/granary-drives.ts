import type { StorageEngine } from '@granary/storage-core';
import { defineSubject } from '../harness/subject.ts';
import type { DriveSite } from './drive-site.ts';
import { type DriveStore, type DriveSubject, NOTE } from './drive-store.ts';

/*
 * Granary's backends as an application opens them, loaded when they are opened.
 */

const LOOKS =
  'looks for the attributes that an object may have, which no peer keeps there, and is held against none';

async function openGdrive({ url, token }: DriveSite): Promise<StorageEngine> {
  const { createGoogleDrive } = await import('@granary/storage-gdrive');
  return createGoogleDrive({ auth: () => token, endpoint: url });
}

type Attributes = 'companion' | 'none';

async function openOneDrive(
  { url, token }: DriveSite,
  attributes: Attributes = 'companion',
): Promise<StorageEngine> {
  const { createOneDrive } = await import('@granary/storage-onedrive');
  return createOneDrive({ auth: () => token, endpoint: url, attributes });
}

async function openDropbox(
  { url, token }: DriveSite,
  attributes: Attributes = 'companion',
): Promise<StorageEngine> {
  const { createDropbox } = await import('@granary/storage-dropbox');
  return createDropbox({ auth: token, endpoint: url, attributes });
}

function driveStore(storage: StorageEngine, keepsAttributes = false): DriveStore {
  const options = keepsAttributes ? { metadata: { note: NOTE } } : {};
  const noteOf = (metadata: Readonly<Record<string, unknown>> | undefined) =>
    metadata?.['note'] === undefined ? undefined : String(metadata['note']);
  return {
    setUp: () => storage.ready(),
    put: (key, bytes) => storage.put(key, bytes, options),
    async get(key) {
      const object = await storage.get(key);
      return { bytes: await object.bytes(), note: noteOf(object.info.metadata) };
    },
    async range(key, offset, length) {
      return (await storage.get(key, { range: { offset, length } })).bytes();
    },
    async stat(key) {
      const { size, metadata } = await storage.stat(key);
      return { size, note: noteOf(metadata) };
    },
    async list(folder) {
      const entries = await storage.list(`${folder}/`);
      return entries.map(({ key }) => key.slice(folder.length + 1));
    },
    async deleteMany(keys) {
      const failed = (await storage.deleteMany(keys)).filter(({ ok }) => !ok);
      if (failed.length > 0) throw new Error(`${failed.length} keys could not be deleted.`);
    },
    close: () => storage.close(),
  };
}

export const granaryGdrive: DriveSubject = defineSubject({
  id: 'granary-gdrive',
  title: 'Granary',
  kind: 'granary',
  open: async (site) => driveStore(await openGdrive(site)),
});

export const granaryGdriveAttributes: DriveSubject = defineSubject({
  id: 'granary-gdrive-attributes',
  title: 'Granary, with attributes',
  kind: 'granary',
  keepsAttributes: true,
  open: async (site) => driveStore(await openGdrive(site), true),
});

export const granaryOneDrive: DriveSubject = defineSubject({
  id: 'granary-onedrive',
  title: 'Granary',
  kind: 'granary',
  note: LOOKS,
  looksForAttributes: true,
  open: async (site) => driveStore(await openOneDrive(site)),
});

export const granaryOneDrivePlain: DriveSubject = defineSubject({
  id: 'granary-onedrive-none',
  title: "Granary, attributes: 'none'",
  kind: 'granary',
  open: async (site) => driveStore(await openOneDrive(site, 'none')),
});

export const granaryOneDriveAttributes: DriveSubject = defineSubject({
  id: 'granary-onedrive-attributes',
  title: 'Granary, with attributes',
  kind: 'granary',
  keepsAttributes: true,
  open: async (site) => driveStore(await openOneDrive(site), true),
});

export const granaryDropbox: DriveSubject = defineSubject({
  id: 'granary-dropbox',
  title: 'Granary',
  kind: 'granary',
  note: LOOKS,
  looksForAttributes: true,
  open: async (site) => driveStore(await openDropbox(site)),
});

export const granaryDropboxPlain: DriveSubject = defineSubject({
  id: 'granary-dropbox-none',
  title: "Granary, attributes: 'none'",
  kind: 'granary',
  open: async (site) => driveStore(await openDropbox(site, 'none')),
});

export const granaryDropboxAttributes: DriveSubject = defineSubject({
  id: 'granary-dropbox-attributes',
  title: 'Granary, with attributes',
  kind: 'granary',
  keepsAttributes: true,
  open: async (site) => driveStore(await openDropbox(site), true),
});
