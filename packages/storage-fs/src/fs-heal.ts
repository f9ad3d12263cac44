import {
  type CompanionSide,
  type ObjectInfo,
  StorageError,
  selectAttributes,
} from '@granary/storage-core/provider';
import type { Backups, Proof } from './fs-backup.ts';
import type { Committer } from './fs-commit.ts';
import { notFound } from './fs-errors.ts';
import { hashFile } from './fs-hash.ts';
import { fingerprintOf } from './fs-info.ts';
import { claimOf } from './fs-keys.ts';
import type { Lock, Purpose } from './fs-lock.ts';
import type { Found, Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { closeTemp } from './fs-temp-file.ts';

/** An object came back from its backup. */
export interface RecoveryEvent {
  readonly key: string;
  /** `damaged`: its bytes were not those that were written. `missing`: a process died while it wrote it. */
  readonly reason: 'damaged' | 'missing';
}

/** Brings objects back from their backups. */
export interface Healer {
  /** Brings an object back when it is damaged. Errors: `corrupted` when its backup is too. */
  heal(key: string): Promise<void>;
  /** Brings an object back as it was backed up, whatever is there now. Errors: `not-found`. */
  restore(key: string): Promise<ObjectInfo>;
  /** Mends what a process left half done that died with the lock. */
  mend(purpose: Purpose, lock: Lock): Promise<void>;
}

export interface HealerSettings {
  readonly store: Store;
  readonly resolve: Resolver;
  readonly committer: Committer;
  readonly backups: Backups | undefined;
  readonly onRecovery: ((event: RecoveryEvent) => void) | undefined;
}

export function healer(settings: HealerSettings): Healer {
  const { store, resolve, committer, backups, onRecovery } = settings;
  const { calls, companions, locks } = store;

  /** Makes the backup the object. `undefined` when there is no good one. */
  async function bringBack(key: string, lock: Lock): Promise<ObjectInfo | undefined> {
    const copy = await backups?.reproduce(key);
    if (copy === undefined) return undefined;
    const { file, proof } = copy;
    let isCommitted = false;
    try {
      const side = await sideOf(key, proof);
      const { sha256 } = proof;
      const info = await committer.commitLocked({ key, file, side, sha256, conditions: {} }, lock);
      isCommitted = true;
      return info;
    } finally {
      await closeTemp(calls, file, isCommitted);
    }
  }

  /** What was said about the object when it was good. */
  async function sideOf(key: string, { size, mtimeMs }: Proof): Promise<CompanionSide> {
    const found = (await resolve.find(key)) ?? (await resolve.firstPlace(key));
    if (found === undefined) return { attributes: {} };
    try {
      const record = await committer.recordOf(found, key);
      const { matched: _matched, ...side } = selectAttributes(
        record,
        fingerprintOf({ size, mtimeMs }),
      );
      return side;
    } finally {
      found.folder.release();
    }
  }

  async function isDamaged(key: string, { folder, name, stats }: Found): Promise<boolean> {
    const proof = await backups?.proofOf(key, stats);
    if (proof === undefined) return false;
    if (proof.size !== stats.size) return true;
    const fd = await calls.open(folder.at(name), 0);
    try {
      return (await hashFile(calls, fd, stats.size)) !== proof.sha256;
    } finally {
      calls.closeSync(fd);
    }
  }

  /** Takes away what says something about an object that is not there. */
  async function removeOrphan(key: string, lock: Lock): Promise<void> {
    const place = await resolve.firstPlace(key);
    if (place === undefined) return;
    const { folder, name } = place;
    try {
      const companion = companions.nameOf(name);
      if (companion === undefined || (await store.look(folder.at(companion))) === undefined) return;
      await companions.write({ folder, file: name, key, record: undefined, lock, mode: 0o666 });
    } finally {
      folder.release();
    }
  }

  return {
    heal: (key) =>
      locks.exclusively(claimOf(key, undefined), async (lock) => {
        const found = await resolve.find(key);
        if (found === undefined) return;
        try {
          if (!(await isDamaged(key, found))) return;
        } finally {
          found.folder.release();
        }
        if ((await bringBack(key, lock)) === undefined) throw damaged(key);
        onRecovery?.({ key, reason: 'damaged' });
      }),

    restore: (key) =>
      locks.exclusively(claimOf(key, undefined), async (lock) => {
        const info = await bringBack(key, lock);
        if (info === undefined) throw notFound(key).with({ hint: 'It has no good backup.' });
        return info;
      }),

    async mend({ work, key }, lock) {
      const found = await resolve.find(key);
      if (found !== undefined) {
        found.folder.release();
        return;
      }
      if (work === 'remove') await backups?.forget(key);
      else if ((await bringBack(key, lock)) !== undefined) {
        onRecovery?.({ key, reason: 'missing' });
        return;
      }
      await removeOrphan(key, lock);
    },
  };
}

function damaged(key: string): StorageError {
  return new StorageError('corrupted', 'the object and its backup are both damaged.', {
    key,
    hint: 'Restore the file from another copy, or delete the object.',
  });
}
