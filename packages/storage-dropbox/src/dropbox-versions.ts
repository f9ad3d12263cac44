import {
  type ObjectInfo,
  type OperationOptions,
  StorageError,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { type NativeFile, toInfo } from './dropbox-attributes.ts';
import type { DropboxStore } from './dropbox-client.ts';
import { failureOf } from './dropbox-errors.ts';
import { toPath } from './dropbox-keys.ts';

/** Most revisions of an answer. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `ListRevisionsArg` */
const PAGE_SIZE = 100;

interface NativeRevisions {
  readonly entries: readonly NativeFile[];
  readonly has_more: boolean;
}

/** Old revisions of files, which the service keeps for 30 days or longer and deletes by itself alone. */
export function versionOperations(store: DropboxStore): VersionOperations {
  return {
    async *list(key, { signal }) {
      const path = toPath(key, store.root);
      let before: string | undefined;
      do {
        const page = await revisions(store, path, before, signal);
        if (page.entries.length > 0) yield page.entries.map((file) => toInfo(key, file));
        before = page.has_more ? page.entries.at(-1)?.rev : undefined;
      } while (before !== undefined);
    },
    async restore(key, version, { signal }): Promise<ObjectInfo> {
      const path = toPath(key, store.root);
      const file = await restoreRev(store, path, version, { ...(signal && { signal }) });
      return toInfo(key, file);
    },
  };
}

async function revisions(
  store: DropboxStore,
  path: string,
  before: string | undefined,
  signal: AbortSignal | undefined,
): Promise<NativeRevisions> {
  const arg = {
    path,
    mode: 'path',
    limit: PAGE_SIZE,
    ...(before !== undefined && { before_rev: before }),
  };
  try {
    return await store.call<NativeRevisions>('files/list_revisions', arg, { signal });
  } catch (error) {
    const tags = failureOf(error)?.tags ?? [];
    if (tags.includes('not_found') || tags.includes('not_file')) {
      return { entries: [], has_more: false };
    }
    throw error;
  }
}

function restoreRev(
  store: DropboxStore,
  path: string,
  rev: string,
  { signal }: OperationOptions,
): Promise<NativeFile> {
  if (!/^[0-9a-f]{9,}$/.test(rev)) {
    throw new StorageError('not-found', 'there is no such version.');
  }
  return store.writing(signal, () =>
    store.call<NativeFile>('files/restore', { path, rev }, { signal }),
  );
}
