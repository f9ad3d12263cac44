import {
  type ObjectAttributes,
  type ObjectInfo,
  type ObjectTags,
  StorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { ALL_CAPABILITIES } from './map-capabilities.ts';
import { type Kept, type MapStore, usedBytes } from './map-store.ts';

/** Fails as a store does. */
export function fail(
  code: ConstructorParameters<typeof StorageError>[0],
  reason: string,
  outcome?: 'not-applied' | 'unknown',
): never {
  throw new StorageError(code, reason, outcome === undefined ? {} : { outcome });
}

/** Counts a request and makes the trouble that was asked for. */
export function request(store: MapStore): void {
  store.requests += 1;
  if (store.fault === 'unavailable') fail('unavailable', 'the store cannot be reached.');
}

export function copyOfInfo(info: ObjectInfo): ObjectInfo {
  return structuredClone(info) as ObjectInfo;
}

export function find(store: MapStore, key: string, version?: string): Kept {
  const found =
    version === undefined
      ? store.objects.get(key)
      : store.versions.get(key)?.find(({ info }) => info.version === version);
  return found ?? fail('not-found', 'there is no such object.');
}

export function checkConditions(
  kept: Kept | undefined,
  { ifMatch, ifNoneMatch }: WriteConditions,
): void {
  if (ifNoneMatch !== undefined && kept !== undefined)
    fail('precondition-failed', 'there is an object.', 'not-applied');
  if (ifMatch !== undefined && kept?.info.etag !== ifMatch)
    fail('precondition-failed', 'it is another write.', 'not-applied');
}

interface Write extends WriteConditions {
  readonly attributes: ObjectAttributes;
  readonly checksum?: string | undefined;
  readonly writeId?: string | undefined;
  readonly objectTags?: ObjectTags | undefined;
}

/** Commits a write, all at once. */
export function commit(store: MapStore, key: string, bytes: Uint8Array, write: Write): ObjectInfo {
  const before = store.objects.get(key);
  checkConditions(before, write);
  const attributes = structuredClone(write.attributes) as ObjectAttributes;
  if (JSON.stringify(attributes.metadata ?? {}).length > (ALL_CAPABILITIES.maxMetadataBytes ?? 0)) {
    fail('too-large', 'there is too much metadata.', 'not-applied');
  }
  if (usedBytes(store, key) + bytes.byteLength > store.capacityBytes)
    fail('quota-exceeded', 'the store is full.', 'not-applied');
  if (store.fault === 'last-step-of-write')
    fail('unavailable', 'the last step failed.', 'not-applied');
  store.writes += 1;
  const etag = store.etagOf(bytes);
  const info: ObjectInfo = {
    key,
    size: bytes.byteLength,
    etag,
    modifiedAt: new Date(Math.max(store.now(), before?.info.modifiedAt.getTime() ?? 0)),
    version: `v${store.writes}`,
    ...attributes,
    ...(write.checksum !== undefined && { checksums: { sha256: write.checksum } }),
    ...(write.writeId !== undefined && { writeId: write.writeId }),
  };
  const kept = { bytes, info };
  store.objects.set(key, kept);
  store.tags.set(key, { ...write.objectTags });
  store.versions.set(key, [...(store.versions.get(key) ?? []), kept]);
  store.publish({ type: 'put', key, etag });
  if (store.fault === 'lost-reply') fail('unavailable', 'the answer was lost.', 'unknown');
  return copyOfInfo(info);
}

export function remove(store: MapStore, key: string): boolean {
  const existed = store.objects.delete(key);
  store.tags.delete(key);
  if (existed) store.publish({ type: 'delete', key });
  return existed;
}
