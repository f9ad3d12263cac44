import {
  type AttributesPatch,
  type BatchResult,
  type CopyOptions,
  isStorageError,
  type ListPage,
  type ObjectInfo,
  type OperationOptions,
  ownOperation,
  type PutEntry,
  type PutOptions,
  type SetMetadataOptions,
  StorageError,
  type StorageProvider,
  type StoredObject,
  toStorageError,
  type UploadSession,
  unsupported,
} from '@granary/storage-core/provider';
import { putManyApart } from '../compress/put-apart.ts';
import { takesInParts } from '../compress/put-parts.ts';
import { expectedOf } from './checksum.ts';
import {
  checkMetadata,
  integrityCapabilities,
  keepsRecords,
  keptIn,
  recordedSum,
  upInfo,
} from './kept-checksums.ts';
import type { Repairer } from './repair.ts';
import { verifiedObject } from './verified-object.ts';
import { keepRecord, recordKeeper, summedBody } from './write-checked.ts';

/** How often a change of metadata begins again because the object was written meanwhile. */
const MOST_RACES = 8;

/** Settings of {@link integrityLayer}. */
export interface IntegrityLayerSettings {
  readonly repairer: Repairer | undefined;
  readonly unchecked: 'allow' | 'read' | 'refuse';
}

/** The guarded provider below, with a checksum on every write and checked on every read. */
export function integrityLayer(
  below: StorageProvider,
  { repairer, unchecked }: IntegrityLayerSettings,
): StorageProvider {
  const own = ownOperation(below);
  const allows = unchecked === 'allow';
  const terms = { repairer, refusesUnchecked: unchecked === 'refuse' };
  const keeper = recordKeeper(below, allows);
  const capabilities = () => integrityCapabilities(below.capabilities, allows);
  const place = () => keptIn(below.capabilities);
  const records = () => keepsRecords(below.capabilities);

  function checkWrite(metadata: PutOptions['metadata'] | null): void {
    checkMetadata(metadata);
    if (place() !== 'nowhere' || allows) return;
    throw unsupported(below.name, 'keeping checksums').with({
      outcome: 'not-applied',
      hint: 'It keeps no attributes. Write without checksums with unchecked: "allow".',
    });
  }

  async function put(
    key: string,
    body: PutEntry['body'],
    options: PutOptions,
  ): Promise<ObjectInfo> {
    checkWrite(options.metadata);
    if (place() === 'nowhere') return below.put(key, body, options);
    return upInfo(await keeper.put(key, body, options));
  }

  /** What a damaged object is mended by when what is below cannot even open it. */
  async function mended(
    key: string,
    failure: unknown,
    signal?: AbortSignal,
  ): Promise<StoredObject> {
    const asked = signal === undefined ? {} : { signal };
    if (repairer === undefined || !isStorageError(failure, 'corrupted')) throw failure;
    const info = await below.stat(key, asked).catch(() => undefined);
    const expected = info && expectedOf(upInfo(info));
    if (info === undefined || expected === undefined) throw failure;
    return repairer.read(await repairer.repair(info, expected, asked), upInfo(info), asked);
  }

  async function present(key: string, options: OperationOptions): Promise<ObjectInfo | undefined> {
    try {
      return await below.stat(key, options);
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function setMetadata(
    key: string,
    patch: AttributesPatch,
    options: SetMetadataOptions,
  ): Promise<ObjectInfo> {
    checkMetadata(patch.metadata);
    const set = own('setMetadata');
    if (!records() || patch.metadata === undefined) {
      return upInfo(await set(key, patch, options));
    }
    const { signal, ifMatch } = options;
    const asked = signal === undefined ? {} : { signal };
    for (let race = 1; ; race += 1) {
      const now = await present(key, asked);
      // The change itself says that there is nothing to change.
      if (now === undefined) return upInfo(await set(key, patch, options));
      const metadata = keepRecord(patch.metadata, recordedSum(now.metadata));
      const { setMetadataIfMatch, etagCovers } = below.capabilities;
      try {
        const pinned = setMetadataIfMatch && { ifMatch: ifMatch ?? now.etag };
        const info = await set(key, { ...patch, metadata }, { ...asked, ...pinned });
        const isSame = setMetadataIfMatch || etagCovers === 'attributes' || info.etag === now.etag;
        // Somebody wrote meanwhile, so what was recorded is not about that.
        return upInfo(isSame || expectedOf(info) ? info : await keeper.recordStored(info, asked));
      } catch (error) {
        const isRace = ifMatch === undefined && isStorageError(error, 'precondition-failed');
        if (!isRace || race === MOST_RACES) throw error;
      }
    }
  }

  async function copied(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    options: CopyOptions,
  ): Promise<ObjectInfo> {
    const { attributes: patch, signal, sourceIfMatch } = options;
    checkMetadata(patch?.metadata);
    const run = own(operation);
    if (!records() || patch?.metadata === undefined) {
      return upInfo(await run(from, to, options));
    }
    const asked = signal === undefined ? {} : { signal };
    if (!below.capabilities.copyIfMatch) {
      const info = await run(from, to, options);
      return upInfo(expectedOf(info) ? info : await keeper.recordStored(info, asked));
    }
    const source = await present(from, asked);
    if (source === undefined) return upInfo(await run(from, to, options));
    const metadata = keepRecord(patch.metadata, recordedSum(source.metadata));
    const pinned = { ...options, sourceIfMatch: sourceIfMatch ?? source.etag };
    try {
      return upInfo(await run(from, to, { ...pinned, attributes: { ...patch, metadata } }));
    } catch (error) {
      const isOurs = sourceIfMatch === undefined && options.ifNoneMatch === undefined;
      if (!isOurs || !isStorageError(error, 'precondition-failed')) throw error;
      throw new StorageError('conflict', 'the source was written while it was copied.', {
        retryable: true,
        outcome: 'not-applied',
        cause: error,
      });
    }
  }

  function recordedSession(session: UploadSession): UploadSession {
    const { key, token, part, expiresAt } = session;
    return {
      key,
      token,
      part,
      ...(expiresAt && { expiresAt }),
      status: (options) => session.status(options),
      write: (offset, bytes, options) => session.write(offset, bytes, options),
      async complete(options = {}) {
        const info = await session.complete(options);
        return upInfo(await keeper.recordStored(info, options));
      },
      abort: (options) => session.abort(options),
    };
  }

  async function* upPages(
    pages: AsyncIterable<ListPage>,
  ): AsyncGenerator<ListPage, void, undefined> {
    for await (const page of pages) {
      const entries = page.entries.map((entry) => (entry.kind === 'item' ? upInfo(entry) : entry));
      yield { ...page, entries };
    }
  }

  const layer: StorageProvider = {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      return capabilities();
    },
    async open(options) {
      await below.open?.(options);
      return capabilities();
    },

    async get(key, options) {
      let object: StoredObject;
      try {
        object = await below.get(key, options);
      } catch (error) {
        if (options.version !== undefined || options.range !== undefined) throw error;
        return mended(key, error, options.signal);
      }
      return verifiedObject(object, options, terms);
    },
    put,
    stat: async (key, options) => upInfo(await below.stat(key, options)),
    delete: (key, options) => below.delete(key, options),
    list: (options) => upPages(below.list(options)),

    candidates: (query, options) => upPages(own('candidates')(query, options)),
    async putMany(entries, options) {
      const { signal } = options;
      const places = await Promise.all(
        entries.map(async ({ key, body, options: given = {} }): Promise<Place> => {
          try {
            checkWrite(given.metadata);
            if (place() === 'nowhere') return { entry: { key, body, options: given } };
            const isNative = (size: number | undefined) =>
              place() === 'info' && !(records() && takesInParts(below, size));
            const native = { ...given, checksum: 'sha256' as const };
            if (isNative(body.size)) return { entry: { key, body, options: native } };
            const summed = await summedBody(body, signal === undefined ? {} : { signal });
            if (isNative(summed.body.size)) {
              return { entry: { key, body: summed.body, options: native } };
            }
            if (summed.sum === undefined && !allows) throw unsummed(below.name);
            const { checksum: _here, metadata = {}, ...rest } = given;
            const kept = keepRecord(metadata, summed.sum) ?? {};
            return { entry: { key, body: summed.body, options: { ...rest, metadata: kept } } };
          } catch (error) {
            if (signal?.aborted) throw error;
            return { failure: { key, ok: false, error: toStorageError(error, { key }) } };
          }
        }),
      );
      for (const { failure } of places) if (options.atomic && failure) throw failure.error;
      const ready = places.flatMap(({ entry }) => entry ?? []);
      const answers = (await putManyApart(below, ready, options)).values();
      return places.flatMap(({ failure }): BatchResult<ObjectInfo>[] => {
        const result = failure ?? answers.next().value;
        if (result === undefined) return [];
        return [result.ok ? { ...result, value: upInfo(result.value) } : result];
      });
    },
    async getMany(keys, options) {
      const results = await own('getMany')(keys, options);
      return Promise.all(
        results.map(async (result): Promise<BatchResult<StoredObject>> => {
          try {
            if (result.ok) {
              return { ...result, value: await verifiedObject(result.value, options, terms) };
            }
            return { ...result, ok: true, value: await mended(result.key, result.error) };
          } catch (error) {
            if (options.signal?.aborted) throw error;
            return { key: result.key, ok: false, error: toStorageError(error, result) };
          }
        }),
      );
    },
    async statMany(keys, options) {
      const results = await own('statMany')(keys, options);
      return results.map((result) =>
        result.ok ? { ...result, value: upInfo(result.value) } : result,
      );
    },
    deleteMany: (keys, options) => own('deleteMany')(keys, options),

    copy: (from, to, options) => copied('copy', from, to, options),
    move: (from, to, options) => copied('move', from, to, options),
    setMetadata,

    async upload(key, options) {
      checkWrite(options.attributes?.metadata);
      const upload = own('upload');
      if (records()) return recordedSession(await upload(key, options));
      const isNew = place() === 'info' && options.token === undefined;
      return upload(key, { ...options, ...(isNew && { checksum: 'sha256' as const }) });
    },
    uploads: (options) => own('uploads')(options),

    presign: (key, options) => own('presign')(key, options),
    publicUrl: (key) => own('publicUrl')(key),

    versions: {
      async *list(key, options) {
        for await (const infos of own('versions').list(key, options)) yield infos.map(upInfo);
      },
      restore: async (key, version, options) =>
        upInfo(await own('versions').restore(key, version, options)),
    },
    objectTags: {
      get: (key, options) => own('objectTags').get(key, options),
      set: (key, tags, options) => own('objectTags').set(key, tags, options),
    },

    watch: (options) => own('watch')(options),
    changes: (options) => own('changes')(options),
    usage: (options) => own('usage')(options),
    health: (options) => own('health')(options),
    async close() {
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;
}

interface Place {
  readonly entry?: PutEntry;
  readonly failure?: { readonly key: string; readonly ok: false; readonly error: Error };
}

function unsummed(provider: string): StorageError {
  return unsupported(provider, 'a stream whose checksum is not known before, in a batch,').with({
    outcome: 'not-applied',
    hint: 'Put it by itself.',
  });
}
