import { createStorage } from '@granary/storage-core';
import {
  type AttributesPatch,
  type BatchResult,
  type CopyOptions,
  isStorageError,
  type ListPage,
  meetWriteConditions,
  type ObjectInfo,
  type OperationOptions,
  ownOperation,
  patchAttributes,
  type SetMetadataOptions,
  StorageError,
  type StorageProvider,
  signalOf,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { encryptCapabilities } from './capabilities.ts';
import { fileKeyring } from './file-cipher.ts';
import type { EncryptSettings } from './options.ts';
import { objectReader } from './read-object.ts';
import { isRuled } from './rules.ts';
import { sampleKey } from './sample-key.ts';
import { bareInfo, infoOpener, isUnreadable } from './stored-info.ts';
import { uploadSessions } from './upload-session.ts';
import { checkPlainAttributes, objectWriter, type SealedPut } from './write-object.ts';

/** How often attributes are read again when somebody else changed them meanwhile. */
const MAX_RACES = 5;

/** The guarded provider below, with its content and attributes encrypted. */
export function encryptLayer(below: StorageProvider, settings: EncryptSettings): StorageProvider {
  const own = ownOperation(below);
  const { provider, binding, isRequired, rules } = settings;
  const keyring = fileKeyring(provider, sampleKey(below));
  const infos = infoOpener(keyring, binding, isRequired);
  const capabilities = () => encryptCapabilities(below.capabilities, settings);
  const reader = objectReader({ below, keyring, binding, isRequired, infos });
  const writer = objectWriter({
    ...{ below, keyring, binding, isRequired, rules, reader },
    maxMetadataBytes: () => capabilities().maxMetadataBytes,
  });
  const sessions = uploadSessions({ below, keyring, binding, writer, info: reader.info });

  async function* pagesOver(
    pages: AsyncIterable<ListPage>,
    needed: boolean,
    options: OperationOptions,
  ): AsyncGenerator<ListPage, void, undefined> {
    for await (const page of pages) {
      const entries = await Promise.all(
        page.entries.map((entry) => infos.openEntry(entry, needed, signalOf(options))),
      );
      yield { ...page, entries };
    }
  }

  /** Replaces attributes: those there are, changed, and encrypted anew. */
  async function setAttributes(
    key: string,
    patch: AttributesPatch,
    options: SetMetadataOptions,
  ): Promise<ObjectInfo> {
    const asked = signalOf(options);
    for (let race = 1; ; race += 1) {
      const info = await below.stat(key, asked);
      meetWriteConditions(info.etag, { ifMatch: options.ifMatch });
      if (!(await reader.isEncrypted(key, info, asked))) return setPlain(key, info, patch, options);
      const file = await reader.file(key, info, asked);
      const current = await infos.open(key, info, asked);
      const attributes = patchAttributes(current.info, patch);
      const { metadata } = await writer.record(file, key, attributes);
      try {
        const changed = await own('setMetadata')(
          key,
          { ...cleared(info), metadata: metadata ?? null },
          {
            ...asked,
            ...(below.capabilities.setMetadataIfMatch && { ifMatch: info.etag }),
          },
        );
        return await reader.info(key, changed, asked);
      } catch (error) {
        const isRaced =
          isStorageError(error, 'precondition-failed') && options.ifMatch === undefined;
        if (!isRaced || race === MAX_RACES) throw error;
      }
    }
  }

  async function setPlain(
    key: string,
    { tags }: ObjectInfo,
    patch: AttributesPatch,
    options: SetMetadataOptions,
  ): Promise<ObjectInfo> {
    if (isRuled(rules.get(), key, patch.tags === undefined ? tags : (patch.tags ?? []))) {
      throw new StorageError(
        'unsupported',
        'a rule says that this object is encrypted, and it is not yet.',
        {
          outcome: 'not-applied',
          hint: 'Save it again with these attributes.',
        },
      );
    }
    checkPlainAttributes({ ...(patch.metadata && { metadata: patch.metadata }) });
    return own('setMetadata')(key, patch, options);
  }

  /** A copy that the service makes, of what is bound to the context alone. */
  async function copyBelow(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    options: CopyOptions,
  ): Promise<ObjectInfo> {
    const { attributes: patch, ...rest } = options;
    const asked = signalOf(options);
    if (patch === undefined || Object.values(patch).every((value) => value === undefined)) {
      return reader.info(to, await own(operation)(from, to, rest), asked);
    }
    const info = await below.stat(from, asked);
    meetWriteConditions(info.etag, { ifMatch: options.sourceIfMatch });
    const file = await reader.file(from, info, asked);
    const current = await infos.open(from, info, asked);
    const stored = await writer.record(file, to, patchAttributes(current.info, patch));
    const pinned = below.capabilities.copyIfMatch && { sourceIfMatch: info.etag };
    const copied = await own(operation)(from, to, { ...rest, ...pinned, attributes: stored });
    return reader.info(to, copied, asked);
  }

  /** A copy through this process, which keeps what is encrypted encrypted. */
  async function copyThrough(from: string, to: string, options: CopyOptions): Promise<ObjectInfo> {
    const { attributes: patch, sourceIfMatch, ifNoneMatch } = options;
    const asked = signalOf(options);
    const source = await below.get(from, {
      ...asked,
      ...(sourceIfMatch !== undefined && { ifMatch: sourceIfMatch }),
    });
    const object = await reader.open(from, source, asked);
    // An encrypted object is always larger than its content.
    const isEncrypted = object.info.size !== source.info.size;
    const tags = below.capabilities.objectTags && (await own('objectTags').get(from, asked));
    // The engine sends up in parts what is too large for one put.
    return createStorage(layer).put(to, object.stream(), {
      ...asked,
      ...patchAttributes(object.info, patch),
      size: object.info.size,
      ...(isEncrypted && { encrypt: true }),
      ...(tags && { objectTags: tags }),
      ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    });
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

    get: (key, options) => reader.get(key, options),
    async put(key, body, options) {
      const { entry, up } = await writer.put(key, body, options);
      return up(await below.put(key, entry.body, entry.options ?? {}));
    },
    stat: async (key, options) => reader.info(key, await below.stat(key, options), options),
    delete: (key, options) => below.delete(key, options),
    list: (options) => pagesOver(below.list(options), options.include !== undefined, options),

    async putMany(entries, options) {
      const puts = new Map<number, SealedPut>();
      const failures = new Map<number, Error>();
      for (const [index, { key, body, options: each = {} }] of entries.entries()) {
        try {
          puts.set(index, await writer.put(key, body, { ...each, ...signalOf(options) }));
        } catch (error) {
          if (options.atomic || !isStorageError(error)) throw error;
          failures.set(index, error);
        }
      }
      const results = await own('putMany')(
        [...puts.values()].map(({ entry }) => entry),
        options,
      );
      const told = results.values();
      return entries.map(({ key }, index): BatchResult<ObjectInfo> => {
        const put = puts.get(index);
        const result = put && told.next().value;
        if (put === undefined || result === undefined) {
          return { key, ok: false, error: failures.get(index) ?? missingResult() };
        }
        return result.ok ? { key, ok: true, value: put.up(result.value) } : result;
      });
    },
    async getMany(keys, options) {
      const results = await own('getMany')(keys, options);
      return mapResults(results, (key, object) => reader.open(key, object, signalOf(options)));
    },
    async statMany(keys, options) {
      const results = await own('statMany')(keys, options);
      return mapResults(results, (key, info) => reader.info(key, info, signalOf(options)));
    },
    deleteMany: (keys, options) => own('deleteMany')(keys, options),

    copy: (from, to, options) =>
      asOperation(
        'copy',
        () => (isRequired ? copyBelow('copy', from, to, options) : copyThrough(from, to, options)),
        from,
      ),
    move: (from, to, options) =>
      asOperation('move', () => copyBelow('move', from, to, options), from),
    setMetadata: (key, patch, options) =>
      asOperation('setMetadata', () => setAttributes(key, patch, options), key),

    upload: (key, options) => sessions.open(key, options),
    async *uploads(options) {
      for await (const pending of own('uploads')(options)) {
        yield { ...pending, token: sessions.orphanToken(pending.key, pending.token) };
      }
    },

    versions: {
      async *list(key, options) {
        for await (const page of own('versions').list(key, options)) {
          yield await Promise.all(
            page.map((info) => {
              const { version } = info;
              const asked = { ...options, ...(version !== undefined && { version }) };
              return reader.info(key, info, asked).catch((error: unknown) => {
                // As in a listing: what cannot be opened can still be deleted.
                if (isUnreadable(error)) return bareInfo(key, info);
                throw error;
              });
            }),
          );
        }
      },
      restore: async (key, version, options) =>
        reader.info(key, await own('versions').restore(key, version, options), options),
    },
    objectTags: {
      get: (key, options) => own('objectTags').get(key, options),
      set: (key, tags, options) => own('objectTags').set(key, tags, options),
    },

    watch: (options) => own('watch')(options),
    changes: (options) => own('changes')(options),
    usage: (options) => own('usage')(options),
    health: (options) => own('health')(options),
    close: async () => below.close?.(),
  };
  Object.defineProperty(layer, 'storeId', { enumerable: true, get: () => below.storeId });
  return layer;
}

async function mapResults<Value, Above>(
  results: readonly BatchResult<Value>[],
  map: (key: string, value: Value) => Promise<Above>,
): Promise<readonly BatchResult<Above>[]> {
  return Promise.all(
    results.map(async (result): Promise<BatchResult<Above>> => {
      if (!result.ok) return result;
      const { key } = result;
      try {
        return { key, ok: true, value: await map(key, result.value) };
      } catch (error) {
        if (!isStorageError(error)) throw error;
        return { key, ok: false, error };
      }
    }),
  );
}

/** What below holds of attributes besides the record, which others have put there. */
function cleared(info: ObjectInfo): AttributesPatch {
  return {
    ...(info.tags !== undefined && { tags: null }),
    ...(info.expiresAt !== undefined && { expiresAt: null }),
  };
}

function missingResult(): StorageError {
  return new StorageError('unknown', 'the batch told nothing of this object.');
}
