import { randomBytes } from 'node:crypto';
import { type FakeFile, FOLDER_TYPE, isGoogleType } from './file-resource.ts';
import { refusal, refuse } from './refusal.ts';
import type { Identity } from './tokens.ts';

/** A change in the feed. */
export interface FakeChange {
  readonly number: number;
  readonly fileId: string;
  readonly time: string;
  readonly file: FakeFile;
}

/** What {@link DriveState.addFile} makes a file of. */
export interface NewFile {
  readonly id?: string | undefined;
  readonly name: string;
  readonly mimeType: string;
  readonly parent: string;
  readonly app: string;
  readonly content?: Buffer | undefined;
  readonly exports?: ReadonlyMap<string, Buffer> | undefined;
  readonly createdTime?: string | undefined;
  readonly modifiedTime?: string | undefined;
}

/** A user's Drive, in memory. */
export interface DriveState {
  readonly files: Map<string, FakeFile>;
  readonly changes: FakeChange[];
  readonly rootId: string;
  readonly appDataId: string;
  /** Shared drives, by id, with their names. */
  readonly drives: Map<string, string>;
  quotaBytes: number | undefined;
  advance(ms: number): void;
  nowMs(): number;
  /** The time of something that is done now. No two are equal. */
  tick(): string;
  newId(): string;
  addFile(file: NewFile): FakeFile;
  addRevision(file: FakeFile, content: Buffer, mimeType: string): void;
  /** Writes down that a file has changed. */
  touch(file: FakeFile): void;
  remove(file: FakeFile): void;
  isTrashed(file: FakeFile): boolean;
  isVisible(file: FakeFile, who: Identity): boolean;
  /** The file of an id or alias. Errors: `notFound`, also for one that the app may not see. */
  find(id: string, who: Identity, allDrives: boolean): FakeFile;
  /** The id that an alias stands for. */
  resolveAlias(id: string): string;
  usedBytes(): number;
  checkQuota(bytes: number): void;
}

/** "A user's My Drive can't contain more than 100 levels of nested folders." https://developers.google.com/drive/docs/release-notes (2023-11-21), read 2026-11-21 */
const MAX_LEVELS = 100;

/** Makes an empty Drive. */
export function driveState(): DriveState {
  let offsetMs = 0;
  let lastMs = 0;
  const files = new Map<string, FakeFile>();
  const changes: FakeChange[] = [];
  const drives = new Map<string, string>();
  const newId = () => `1${randomBytes(24).toString('base64url')}`;
  const nowMs = () => Date.now() + offsetMs;

  const state: DriveState = {
    files,
    changes,
    drives,
    rootId: `0A${randomBytes(12).toString('base64url')}`,
    appDataId: `1${randomBytes(24).toString('base64url')}`,
    quotaBytes: undefined,
    nowMs,
    newId,
    advance(ms) {
      offsetMs += ms;
    },
    tick() {
      lastMs = Math.max(lastMs + 1, nowMs());
      return new Date(lastMs).toISOString();
    },
    addFile({ id = newId(), name, mimeType, parent, app, content, exports, ...times }) {
      const parentFile = files.get(parent);
      if (parentFile === undefined) throw refuse.notFound(parent);
      if (parentFile.mimeType !== FOLDER_TYPE) {
        throw refusal(403, 'parentNotAFolder', 'The specified parent is not a folder.');
      }
      if (files.has(id)) {
        throw refusal(409, 'fileIdInUse', 'A file already exists with the provided ID.');
      }
      if (levelsTo(parentFile) > MAX_LEVELS) {
        throw refusal(
          403,
          'myDriveHierarchyDepthLimitExceeded',
          'My Drive cannot contain more than 100 levels of folders.',
        );
      }
      const now = state.tick();
      const file: FakeFile = {
        id,
        name,
        mimeType,
        parent,
        createdTime: times.createdTime ?? now,
        modifiedTime: times.modifiedTime ?? now,
        version: 1,
        trashed: false,
        space: parentFile.space,
        driveId: parentFile.driveId,
        app,
        appProperties: new Map(),
        properties: new Map(),
        revisions: [],
        rest: {},
        exports,
      };
      files.set(id, file);
      if (!isGoogleType(mimeType)) {
        file.revisions.push({
          id: `0B${randomBytes(20).toString('base64url')}`,
          content: content ?? Buffer.alloc(0),
          mimeType,
          modifiedTime: file.modifiedTime,
          keepForever: false,
        });
      }
      state.touch(file);
      return file;
    },
    addRevision(file, content, mimeType) {
      file.modifiedTime = state.tick();
      file.mimeType = mimeType;
      file.revisions.push({
        id: `0B${randomBytes(20).toString('base64url')}`,
        content,
        mimeType,
        modifiedTime: file.modifiedTime,
        keepForever: false,
      });
    },
    touch(file) {
      file.version += 1;
      changes.push({ number: changes.length + 1, fileId: file.id, time: state.tick(), file });
    },
    remove(file) {
      for (const child of [...files.values()]) if (child.parent === file.id) state.remove(child);
      files.delete(file.id);
      state.touch(file);
    },
    isTrashed(file) {
      for (let at: FakeFile | undefined = file; at; at = files.get(at.parent ?? '')) {
        if (at.trashed) return true;
      }
      return false;
    },
    isVisible(file, { scopes, app }) {
      if (file.space === 'appDataFolder') return scopes.has('drive.appdata') && file.app === app;
      const sees = [
        'drive',
        'drive.readonly',
        'drive.metadata',
        'drive.metadata.readonly',
      ] as const;
      if (sees.some((scope) => scopes.has(scope))) return true;
      return scopes.has('drive.file') && file.app === app;
    },
    find(id, who, allDrives) {
      const file = files.get(state.resolveAlias(id));
      if (file === undefined || !state.isVisible(file, who)) throw refuse.notFound(id);
      if (file.driveId !== undefined && !allDrives) throw refuse.notFound(id);
      return file;
    },
    resolveAlias(id) {
      if (id === 'root') return state.rootId;
      return id === 'appDataFolder' ? state.appDataId : id;
    },
    usedBytes() {
      const revisions = [...files.values()].flatMap((file) => file.revisions.slice(-1));
      return revisions.reduce((sum, { content }) => sum + content.byteLength, 0);
    },
    checkQuota(bytes) {
      if (state.quotaBytes === undefined || state.usedBytes() + bytes <= state.quotaBytes) return;
      throw refusal(
        403,
        'storageQuotaExceeded',
        "The user's Drive storage quota has been exceeded.",
      );
    },
  };

  function levelsTo(file: FakeFile): number {
    let levels = 0;
    for (let at: FakeFile | undefined = file; at; at = files.get(at.parent ?? '')) levels += 1;
    return levels;
  }

  files.set(state.rootId, rootFolder(state.rootId, 'My Drive', 'drive', undefined, ''));
  files.set(
    state.appDataId,
    rootFolder(state.appDataId, 'Application Data', 'appDataFolder', undefined, 'app-1'),
  );
  return state;
}

/** A folder that nothing is above. */
export function rootFolder(
  id: string,
  name: string,
  space: FakeFile['space'],
  driveId: string | undefined,
  app: string,
): FakeFile {
  return {
    id,
    name,
    mimeType: FOLDER_TYPE,
    parent: undefined,
    createdTime: '2020-01-01T00:00:00.000Z',
    modifiedTime: '2020-01-01T00:00:00.000Z',
    version: 1,
    trashed: false,
    space,
    driveId,
    app,
    appProperties: new Map(),
    properties: new Map(),
    revisions: [],
    rest: {},
  };
}
