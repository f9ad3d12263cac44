import { StorageError } from '@granary/storage-core';
import { fromBase64, toBase64 } from './base64.ts';
import { keyEntryOf } from './credential-name.ts';
import type { RecordStore } from './record-store.ts';
import { hideBytes } from './secret.ts';
import type { KeyVersion } from './vault.ts';
import { nextNumber, type SecretVersion, type VaultRecord } from './vault-record.ts';

const KEY_BYTES = 32;

/**
 * The key, made with the first use. It is made while nobody else changes the vault and read back before
 * it is given out, so that all who ask at once encrypt with one key.
 */
export async function dataKey(
  store: RecordStore,
  name: string,
  version: number | undefined,
  now: () => string,
): Promise<Uint8Array<ArrayBuffer>> {
  const entry = keyEntryOf(name);
  let record = await store.read(entry);
  if (record === undefined && version === undefined && !store.driver.isReadOnly) {
    record = await store.update(entry, (existing) => existing ?? firstKey(now()), {
      readBack: true,
    });
  }
  const wanted = all(record).find((one) => version === undefined || one.version === version);
  if (wanted === undefined) {
    throw new StorageError('not-found', 'there is no such version of this data key.', {
      hint: 'keyVersions() tells which there are. What a lost key encrypts can be read no more.',
    });
  }
  return bytesOf(wanted);
}

export async function keyVersions(
  store: RecordStore,
  name: string,
): Promise<readonly KeyVersion[]> {
  const record = await store.read(keyEntryOf(name));
  return all(record).map(({ version, at }) => ({
    version,
    createdAt: at === undefined ? undefined : new Date(at),
    isCurrent: version === record?.current.version,
  }));
}

export async function rotateKey(
  store: RecordStore,
  name: string,
  now: () => string,
): Promise<number> {
  const record = await store.update(
    keyEntryOf(name),
    (before) =>
      before === undefined
        ? firstKey(now())
        : { current: newKey(nextNumber(before), now()), old: [before.current, ...before.old] },
    { readBack: true },
  );
  return record?.current.version ?? 0;
}

export async function dropKey(store: RecordStore, name: string, version: number): Promise<boolean> {
  let isDropped = false;
  await store.update(keyEntryOf(name), (record) => {
    if (record?.current.version === version) {
      throw new StorageError('invalid-argument', 'the current data key cannot be dropped.', {
        outcome: 'not-applied',
        hint: 'Call rotateKey() first, or deleteKey() to give up all that it encrypts.',
      });
    }
    const old = record?.old.filter((one) => one.version !== version) ?? [];
    isDropped = record !== undefined && old.length < record.old.length;
    return record !== undefined && isDropped ? { ...record, old } : record;
  });
  return isDropped;
}

function all(record: VaultRecord | undefined): readonly SecretVersion[] {
  return record === undefined ? [] : [record.current, ...record.old];
}

function firstKey(at: string): VaultRecord {
  return { current: newKey(1, at), old: [] };
}

function newKey(version: number, at: string): SecretVersion {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return { value: toBase64(bytes), version, at };
}

function bytesOf({ value }: SecretVersion): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64(value);
  if (bytes?.byteLength === KEY_BYTES) return hideBytes(bytes);
  throw new StorageError('invalid-data', 'the data key is not 32 bytes of base64.', {
    hint: 'It was damaged, or something else wrote it. Restore the vault from a backup.',
  });
}
