import { StorageError } from '@granary/storage-core';
import { checkSecret } from './check-secret.ts';
import type { RecordStore } from './record-store.ts';
import { type Secret, toSecret } from './secret.ts';
import type { RotateOptions, RotationStart } from './vault.ts';
import { nextNumber, type SecretVersion, type VaultRecord } from './vault-record.ts';

/** What a rotation needs to know. */
export interface Rotation extends RotateOptions {
  readonly entry: string;
  readonly makeNew: (start: RotationStart) => string | Promise<string>;
  /** Units: ISO 8601. */
  readonly now: () => string;
}

/**
 * Old in use; new stored beside it and read back; new tried; new in use. No step is without one that
 * works, and none holds the lock of the place while the application's code runs.
 */
export async function rotateSecret(store: RecordStore, rotation: Rotation): Promise<Secret> {
  const { entry, makeNew, verify, keepOld = false, now } = rotation;
  const before = await store.read(entry);
  if (before === undefined) {
    throw new StorageError('not-found', 'there is no such credential to rotate.', {
      outcome: 'not-applied',
      hint: 'Store a first one with set().',
    });
  }
  const { current, next: pending } = before;
  const value = await makeNew({
    current: toSecret(current),
    pending: pending && toSecret(pending),
  });
  checkSecret(value);

  const isSame = pending?.value === value;
  const made: SecretVersion = isSame ? pending : { value, version: nextNumber(before), at: now() };
  const held = await store.update(
    entry,
    (record) => ({ ...unchanged(record, before), next: made }),
    { readBack: true },
  );
  await verify?.(toSecret(made));
  const { old } = before;
  await store.update(
    entry,
    (record) => {
      unchanged(record, held);
      return { current: made, old: keepOld ? [current, ...old] : old };
    },
    { readBack: true },
  );
  return toSecret(made);
}

function unchanged(
  record: VaultRecord | undefined,
  expected: VaultRecord | undefined,
): VaultRecord {
  if (record !== undefined && isEqual(record, expected)) return record;
  throw new StorageError(
    'conflict',
    'something else changed the credential while it was rotated.',
    {
      outcome: 'not-applied',
      retryable: false,
      hint: 'What was made for it is not in use: revoke it where it was issued, and rotate again.',
    },
  );
}

function isEqual(one: VaultRecord, other: VaultRecord | undefined): boolean {
  return (
    one.current.value === other?.current.value &&
    one.current.version === other.current.version &&
    one.next?.value === other.next?.value
  );
}
