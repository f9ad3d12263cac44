import { StorageError } from '@granary/storage-core';
import type { VaultDriver } from './vault-driver.ts';
import type { VaultEntries } from './vault-entries.ts';
import { readOnlyError } from './vault-errors.ts';
import { decodeRecord, encodeRecord, type VaultRecord } from './vault-record.ts';

/** The records of a vault that is open and unlocked. */
export interface RecordStore {
  readonly driver: VaultDriver;
  readonly entries: VaultEntries;
  read(entry: string): Promise<VaultRecord | undefined>;
  /**
   * Replaces a record by what `change` makes of it, while nobody else changes it; the same record
   * leaves it. Returns what is there then.
   */
  update(
    entry: string,
    change: (record: VaultRecord | undefined) => VaultRecord | undefined,
    options?: { readonly readBack?: boolean },
  ): Promise<VaultRecord | undefined>;
  /** Removes an entry, readable or not. Returns whether there was one. */
  remove(entry: string): Promise<boolean>;
}

export function recordStore(driver: VaultDriver, entries: VaultEntries): RecordStore {
  async function read(entry: string): Promise<VaultRecord | undefined> {
    const text = await entries.read(entry);
    return text === undefined ? undefined : decodeRecord(text);
  }

  async function checkWritten(entry: string, text: string): Promise<void> {
    if ((await entries.read(entry)) === text) return;
    throw new StorageError('corrupted', 'what was stored is not what is read back.', {
      outcome: 'unknown',
      hint: 'The secret before is still the one to use. Check the place that keeps the secrets.',
    });
  }

  return {
    driver,
    entries,
    read,
    async update(entry, change, { readBack = false } = {}) {
      if (driver.isReadOnly) throw readOnlyError();
      return driver.exclusively(async () => {
        const record = await read(entry);
        const changed = change(record);
        if (changed === record || changed === undefined) return record;
        const text = encodeRecord(changed);
        await entries.write(entry, text);
        if (readBack) await checkWritten(entry, text);
        return changed;
      });
    },

    async remove(entry) {
      if (driver.isReadOnly) throw readOnlyError();
      return driver.exclusively(() => entries.remove(entry));
    },
  };
}
