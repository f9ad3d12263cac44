import {
  type Capabilities,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  layersOf,
  type ObjectInfo,
  type OperationOptions,
  ownOperation,
  type StorageProvider,
  unsupported,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { checkErasable, eraseOlder, eraseTraces, versionIds } from './erase.ts';
import { held, type ShredOptions } from './options.ts';
import { notPromised, type ShredReport } from './report.ts';
import { shredKey } from './shred-key.ts';

/** The guarded provider below, where deletes leave as little behind as can be. */
export function shredLayer(below: StorageProvider, options: ShredOptions): StorageProvider {
  const own = ownOperation(below);
  const { overwrite = 'auto', copies = [], onReplace = false, mayDelete } = options;
  const { destroyKey, onShred } = options;
  const encrypted = layersOf(below).includes('encrypted');
  const isPlainDelete = overwrite === 'never' || (overwrite === 'auto' && !encrypted);
  /** Whether a move of the store itself leaves no more behind than a delete does. */
  const moves = isPlainDelete && copies.length === 0 && destroyKey === undefined;

  function capabilities(): Capabilities {
    // Each key is shredded for itself, so nothing is all or nothing.
    const {
      deleteMany: _1,
      atomicBatch: _2,
      putMany,
      move,
      versions,
      deleteVersion,
      ...rest
    } = below.capabilities;
    const batches = mayDelete === undefined && !(onReplace && versions);
    return {
      ...rest,
      // With `onReplace` no old version is left to be listed.
      ...(versions !== undefined && !onReplace && { versions, deleteVersion }),
      ...(batches && putMany !== undefined && { putMany }),
      ...(moves && move !== undefined && { move }),
    };
  }

  const mayGo = async (key: string): Promise<boolean> =>
    mayDelete === undefined || (await mayDelete(key)) === true;

  async function checkHold(key: string): Promise<void> {
    if (!(await mayGo(key))) throw held(key);
  }

  async function remove(key: string, asked: DeleteOptions): Promise<DeleteResult> {
    await checkHold(key);
    if (asked.version !== undefined) return below.delete(key, asked);
    const report = await shredKey(below, key, { ...options, ...asked });
    return { existed: report.existed };
  }

  /** A write that may take the place of another one. Under a hold it only creates. */
  async function writing<Options extends OperationOptions & WriteConditions>(
    key: string,
    asked: Options,
    canCreate: boolean | undefined,
    write: (asked: Options) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo> {
    if (onReplace) checkErasable(below);
    const keepsOld = below.versions !== undefined && !onReplace;
    if (keepsOld || (await mayGo(key))) return tidied(await write(asked), asked);
    if (asked.ifMatch !== undefined) throw held(key);
    if (!canCreate) {
      await checkAbsent(key, asked);
      return write(asked);
    }
    try {
      return await write({ ...asked, ifNoneMatch: '*' });
    } catch (error) {
      const isHeld =
        asked.ifNoneMatch === undefined && isStorageError(error, 'precondition-failed');
      throw isHeld ? held(key) : error;
    }
  }

  async function checkAbsent(key: string, { signal }: OperationOptions): Promise<void> {
    try {
      await below.stat(key, { ...(signal !== undefined && { signal }) });
    } catch (error) {
      if (isStorageError(error, 'not-found')) return;
      throw error;
    }
    throw held(key);
  }

  /** Deletes what a write has replaced. */
  async function tidied(info: ObjectInfo, { signal }: OperationOptions): Promise<ObjectInfo> {
    if (!onReplace || below.versions === undefined) return info;
    const versions = await eraseOlder(below, info, signal === undefined ? {} : { signal });
    if (versions > 0) tell(info.key, 'replace', { versions, uploads: 0 });
    return info;
  }

  function tell(
    key: string,
    cause: ShredReport['cause'],
    done: Pick<ShredReport, 'versions' | 'uploads'>,
  ): void {
    const report = { overwritten: 'none', encrypted, keyDestroyed: false } as const;
    onShred?.({
      ...{ key, cause, name: below.name, at: new Date(), existed: true, copies: [] },
      ...report,
      ...done,
      notPromised: notPromised(below, report),
    });
  }

  const layer: StorageProvider = {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      return capabilities();
    },
    async open(asked) {
      await below.open?.(asked);
      return capabilities();
    },

    get: (key, asked) => below.get(key, asked),
    put: (key, body, asked) =>
      writing(key, asked, below.capabilities.createIfAbsent, (each) => below.put(key, body, each)),
    stat: (key, asked) => below.stat(key, asked),
    delete: remove,
    list: (asked) => below.list(asked),

    candidates: (query, asked) => own('candidates')(query, asked),
    putMany: (entries, asked) => own('putMany')(entries, asked),
    getMany: (keys, asked) => own('getMany')(keys, asked),
    statMany: (keys, asked) => own('statMany')(keys, asked),

    copy: (from, to, asked) =>
      from === to
        ? own('copy')(from, to, asked)
        : writing(to, asked, below.capabilities.copyIfAbsent, (each) =>
            own('copy')(from, to, each),
          ),
    async move(from, to, asked) {
      if (from === to) return own('move')(from, to, asked);
      const { signal } = asked;
      const only = signal === undefined ? {} : { signal };
      await checkHold(from);
      const old = await asOperation('move', () => versionIds(below, from, only));
      const info = await writing(to, asked, below.capabilities.copyIfAbsent, (each) =>
        own('move')(from, to, each),
      );
      tell(from, 'move', await eraseTraces(below, from, old, only));
      return info;
    },
    async setMetadata(key, patch, asked) {
      const info = await own('setMetadata')(key, patch, asked);
      return onReplace && (await mayGo(key)) ? tidied(info, asked) : info;
    },

    async upload(key, asked) {
      const session = await own('upload')(key, asked);
      const { token, part, expiresAt } = session;
      return {
        ...{ key, token, part },
        ...(expiresAt !== undefined && { expiresAt }),
        status: (each) => session.status(each),
        write: (offset, bytes, each) => session.write(offset, bytes, each),
        complete: (conditions = {}) =>
          writing(key, conditions, below.capabilities.uploadConditions, (each) =>
            session.complete(each),
          ),
        abort: (each) => session.abort(each),
      };
    },
    uploads: (asked) => own('uploads')(asked),

    async presign(key, asked) {
      if (asked.method === 'PUT' && (mayDelete !== undefined || onReplace)) {
        throw unsupported(below.name, 'a presigned PUT, after which nothing is shredded,');
      }
      return own('presign')(key, asked);
    },
    publicUrl: (key) => own('publicUrl')(key),
    versions: {
      list: (key, asked) => own('versions').list(key, asked),
      restore: (key, version, asked) => own('versions').restore(key, version, asked),
    },
    objectTags: {
      get: (key, asked) => own('objectTags').get(key, asked),
      set: (key, tags, asked) => own('objectTags').set(key, tags, asked),
    },

    watch: (asked) => own('watch')(asked),
    changes: (asked) => own('changes')(asked),
    usage: (asked) => own('usage')(asked),
    health: (asked) => own('health')(asked),
    async close() {
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;
}
