import type { StorageEngine } from '@granary/storage-core';
import { defineSubject } from '../harness/subject.ts';
import type { DriveId } from './drive-services.ts';
import type { DriveSite } from './drive-site.ts';
import { type DriveStore, type DriveSubject, NOTE } from './drive-store.ts';

/*
 * Granary's backends as an application opens them, loaded when they are opened.
 */

const LOOKS =
  'looks for the attributes that an object may have, which no peer keeps there, and is held against none';

type Attributes = 'companion' | 'none';

/** How each is opened; Google Drive keeps attributes by itself. */
const OPEN: Readonly<
  Record<DriveId, (site: DriveSite, attributes: Attributes) => Promise<StorageEngine>>
> = {
  async gdrive({ url, token }) {
    const { createGoogleDrive } = await import('@granary/storage-gdrive');
    return createGoogleDrive({ auth: () => token, endpoint: url });
  },
  async onedrive({ url, token }, attributes) {
    const { createOneDrive } = await import('@granary/storage-onedrive');
    return createOneDrive({ auth: () => token, endpoint: url, attributes });
  },
  async dropbox({ url, token }, attributes) {
    const { createDropbox } = await import('@granary/storage-dropbox');
    return createDropbox({ auth: token, endpoint: url, attributes });
  },
};

/** The ways in which Granary is used over a service. */
export function granaryDrives(service: DriveId): readonly DriveSubject[] {
  const keepsOwn = service === 'gdrive';
  const open = async (site: DriveSite, attributes: Attributes, keepsAttributes = false) =>
    driveStore(await OPEN[service](site, attributes), keepsAttributes);
  return [
    defineSubject({
      id: `granary-${service}`,
      title: 'Granary',
      kind: 'granary',
      ...(!keepsOwn && { note: LOOKS, looksForAttributes: true }),
      open: (site) => open(site, 'companion'),
    }),
    ...(keepsOwn
      ? []
      : [
          defineSubject<DriveSubject>({
            id: `granary-${service}-none`,
            title: "Granary, attributes: 'none'",
            kind: 'granary',
            open: (site) => open(site, 'none'),
          }),
        ]),
    defineSubject({
      id: `granary-${service}-attributes`,
      title: 'Granary, with attributes',
      kind: 'granary',
      keepsAttributes: true,
      open: (site) => open(site, 'companion', true),
    }),
  ];
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
