import {
  type Capabilities,
  type CopyOptions,
  type GetOptions,
  isStorageError,
  type ObjectAttributes,
  type ObjectInfo,
  ownOperation,
  StorageError,
  type StorageProvider,
  type StoredObject,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import type { Sweeper } from './sweeper.ts';

export interface ExpireSettings {
  /** How long an item of this key lives where its writer does not say. Units: ms. */
  ttlOf(key: string): number | undefined;
  readonly sliding: boolean;
  readonly sweeper: Sweeper | undefined;
  now(): number;
}

/** An item is renewed when less than this share of its time is left. */
const RENEWED_SHARE = 0.5;

/** The guarded provider below, where items without an expiration get one. */
export function expireLayer(below: StorageProvider, settings: ExpireSettings): StorageProvider {
  const own = ownOperation(below);
  const { ttlOf, sliding, sweeper, now } = settings;

  function capabilities(): Capabilities {
    const { getMany, ...rest } = below.capabilities;
    // A renewal is a request for each item, so a batch would not be one.
    return { ...rest, ...(getMany !== undefined && !sliding && { getMany }) };
  }

  /** What is written under a key, with the expiration that its writer did not give. */
  function dated<Attributes extends ObjectAttributes>(key: string, given: Attributes): Attributes {
    const ttlMs = given.expiresAt === undefined ? ttlOf(key) : undefined;
    return ttlMs === undefined ? given : { ...given, expiresAt: new Date(now() + ttlMs) };
  }

  async function transfer(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    options: CopyOptions,
  ): Promise<ObjectInfo> {
    const { attributes = {}, sourceIfMatch, signal } = options;
    const isSaid = attributes.expiresAt !== undefined;
    if (isSaid || from === to || ttlOf(to) === undefined) return own(operation)(from, to, options);
    const source = await asOperation(operation, () =>
      below.stat(from, { ...(signal !== undefined && { signal }) }),
    );
    // A copy keeps the expiration of its source.
    if (source.expiresAt !== undefined) return own(operation)(from, to, options);
    const { expiresAt } = dated<ObjectAttributes>(to, {});
    const pins = sourceIfMatch === undefined && below.capabilities.copyIfMatch === true;
    try {
      return await own(operation)(from, to, {
        ...options,
        ...(pins && { sourceIfMatch: source.etag }),
        attributes: { ...attributes, ...(expiresAt !== undefined && { expiresAt }) },
      });
    } catch (error) {
      const isRace = pins && isStorageError(error, 'precondition-failed');
      if (!isRace || options.ifNoneMatch !== undefined) throw error;
      throw new StorageError('conflict', 'the source changed while it was looked at.', {
        key: from,
        outcome: 'not-applied',
        hint: 'Try again.',
        cause: error,
      });
    }
  }

  async function get(key: string, options: GetOptions): Promise<StoredObject> {
    const object = await below.get(key, options);
    const ttlMs = sliding ? ttlOf(key) : undefined;
    const isPlain = [options.version, options.ifMatch, options.ifNoneMatch].every(
      (value) => value === undefined,
    );
    const leftMs = (object.info.expiresAt?.getTime() ?? Number.NaN) - now();
    // Not a number where the item never expires.
    const isDue = ttlMs !== undefined && leftMs > 0 && leftMs < ttlMs * RENEWED_SHARE;
    if (!isDue || !isPlain) return object;
    await object.cancel();
    await renew(object.info, new Date(now() + ttlMs), options);
    return below.get(key, options);
  }

  /** Reading an item does not fail because its time could not be prolonged. */
  async function renew(
    { key, etag }: ObjectInfo,
    expiresAt: Date,
    { signal }: GetOptions,
  ): Promise<void> {
    const { setMetadataIfMatch } = below.capabilities;
    try {
      await own('setMetadata')(
        key,
        { expiresAt },
        {
          ...(signal !== undefined && { signal }),
          ...(setMetadataIfMatch && { ifMatch: etag }),
        },
      );
    } catch (error) {
      if (isStorageError(error, 'aborted')) throw error;
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
      if (sliding && !below.capabilities.setMetadata) {
        throw new StorageError('invalid-config', 'it cannot prolong the time of an item.', {
          hint: 'Leave `sliding` out: this storage changes attributes with the content alone.',
        });
      }
      sweeper?.start();
      return capabilities();
    },

    get,
    put: (key, body, options) => below.put(key, body, dated(key, options)),
    stat: (key, options) => below.stat(key, options),
    delete: (key, options) => below.delete(key, options),
    list: (options) => below.list(options),

    candidates: (query, options) => own('candidates')(query, options),
    putMany: (entries, options) =>
      own('putMany')(
        entries.map(({ key, body, options: each = {} }) => ({
          key,
          body,
          options: dated(key, each),
        })),
        options,
      ),
    getMany: (keys, options) => own('getMany')(keys, options),
    statMany: (keys, options) => own('statMany')(keys, options),
    deleteMany: (keys, options) => own('deleteMany')(keys, options),

    copy: (from, to, options) => transfer('copy', from, to, options),
    move: (from, to, options) => transfer('move', from, to, options),
    setMetadata: (key, patch, options) => own('setMetadata')(key, patch, options),

    upload(key, options) {
      const { token, attributes = {} } = options;
      const isNew = token === undefined;
      return own('upload')(key, {
        ...options,
        ...(isNew && { attributes: dated(key, attributes) }),
      });
    },
    uploads: (options) => own('uploads')(options),

    presign: (key, options) => own('presign')(key, options),
    publicUrl: (key) => own('publicUrl')(key),
    versions: {
      list: (key, options) => own('versions').list(key, options),
      restore: (key, version, options) => own('versions').restore(key, version, options),
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
      await sweeper?.stop();
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;
}
