import {
  type Body,
  isStorageError,
  meetWriteConditions,
  type ObjectInfo,
  type PutOptions,
  readBody,
  StorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { etagOf, type NativeFile, toInfo } from './dropbox-attributes.ts';
import type { CallOptions, DropboxStore } from './dropbox-client.ts';
import { overEmptyFolder } from './dropbox-folders.ts';
import { contentHash } from './dropbox-hash.ts';
import { toPath } from './dropbox-keys.ts';
import { type NativeFields, nativeFields } from './dropbox-native.ts';
import { findFile } from './dropbox-read.ts';

/** Largest body of one request that is not in memory yet; it is held whole, to be hashed first. Units: bytes. */
export const MAX_PUT_BYTES: number = 8 * 1024 * 1024;
/**
 * Largest body of one request. The service takes 150 MiB ("Do not use this to upload a file larger than 150 MiB"),
 * but `fetch` holds a copy of what it sends, and all of it goes again when the connection breaks. Units: bytes.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-22: `upload`
 */
export const MAX_BUFFERED_PUT_BYTES: number = 48 * 1024 * 1024;
/** How often an object may change between the question for its rev and the write. */
const MAX_TRIES = 3;

/** How a file is written. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `CommitInfo` */
export interface NativeCommit {
  readonly path: string;
  readonly mode: 'add' | 'overwrite' | { readonly '.tag': 'update'; readonly update: string };
  readonly autorename: false;
  readonly mute: boolean;
  readonly client_modified?: string;
  readonly strict_conflict: boolean;
}

/** Under which conditions a file is written, and what the service is told besides. */
export interface CommitOptions extends WriteConditions, CallOptions {
  readonly native?: NativeFields | undefined;
}

/** Writes an object in one request. The service compares the hash of what it got with ours. */
export async function writeObject(
  store: DropboxStore,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal } = options;
  let native: NativeFields | undefined;
  try {
    native = nativeFields(options.native);
  } catch (error) {
    await body.cancel(error);
    throw error;
  }
  const content = await readBody(body, signal);
  if (content.byteLength > MAX_BUFFERED_PUT_BYTES) throw tooLarge();
  const conditions = { ...options, native };
  return toInfo(key, await sendContent(store, toPath(key, store.root), content, conditions));
}

/** Makes a file of content in one request. */
export async function sendContent(
  store: DropboxStore,
  path: string,
  content: Uint8Array<ArrayBuffer>,
  conditions: CommitOptions,
): Promise<NativeFile> {
  const { signal } = conditions;
  const hash = await contentHash(content);
  return commitFile(store, path, conditions, hash, (commit) =>
    store.upload<NativeFile>('files/upload', { ...commit, content_hash: hash }, content, {
      signal,
    }),
  );
}

/**
 * Makes a file under conditions. `ifMatch` is a hash of content, and the service compares revs: so it is asked
 * for the rev of the content that is there, and writes over that rev alone. `hash`: that of the new content,
 * where it is known.
 */
export async function commitFile(
  store: DropboxStore,
  path: string,
  { ifMatch, ifNoneMatch, signal, native }: CommitOptions,
  hash: string | undefined,
  send: (commit: NativeCommit) => Promise<NativeFile>,
): Promise<NativeFile> {
  const common = { path, autorename: false, mute: store.mute, ...native } as const;
  const write = (mode: NativeCommit['mode'], strict: boolean) =>
    store.writing(signal, () =>
      overEmptyFolder(store, path, { signal }, () =>
        send({ ...common, mode, strict_conflict: strict }),
      ),
    );
  if (ifNoneMatch !== undefined) return write('add', true);
  if (ifMatch === undefined) return write('overwrite', false);

  for (let tries = 1; ; tries += 1) {
    const there = await findFile(store, path, { signal });
    meetWriteConditions(there && etagOf(there), { ifMatch });
    // The same bytes are there: the service would write nothing either.
    if (there !== undefined && there.content_hash === hash) return there;
    try {
      return await write({ '.tag': 'update', update: there?.rev ?? '' }, true);
    } catch (error) {
      if (!isStorageError(error, 'precondition-failed')) throw error;
      if (tries === MAX_TRIES) {
        throw new StorageError('conflict', 'the object kept changing while it was written.', {
          cause: error,
          outcome: 'not-applied',
        });
      }
    }
  }
}

function tooLarge(): StorageError {
  return new StorageError('too-large', `one request takes ${MAX_BUFFERED_PUT_BYTES} bytes here.`, {
    outcome: 'not-applied',
    hint: 'Use an upload, which takes parts.',
  });
}
