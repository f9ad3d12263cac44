import {
  type ChangeEvent,
  meetWriteConditions,
  StorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import type { BodyStore } from './idb-body.ts';
import { toKey } from './idb-keys.ts';
import type { FileBodies } from './idb-large.ts';
import type { Presence } from './idb-presence.ts';
import type { GuardedWrite, IdbQuota } from './idb-quota.ts';
import { releaseBodies } from './idb-rows.ts';
import type { BodyRef, InfoRow, TableName } from './idb-schema.ts';
import type { ChangeLog, IdbStore, IdbTransaction } from './idb-store.ts';

/** What the operations of one provider work with. */
export interface IdbContext {
  readonly store: IdbStore;
  readonly changes: ChangeLog;
  readonly quota: IdbQuota;
  /** Large content as rows of `chunks`. */
  readonly chunks: BodyStore;
  /** Large content as files beside the database, where the options say so. */
  readonly files: FileBodies | undefined;
  /** Shows others that content of this provider waits for its commit. */
  readonly presence: Presence;
  /** Units: ms since 1970. */
  readonly now: () => number;
  /** A text that no other provider and no other call gives. */
  readonly newId: () => string;
}

/** A transaction that changes objects. */
export interface Commit {
  readonly tx: IdbTransaction;
  /** An earlier run was interrupted, and it may have been committed all the same. */
  readonly isReplay: boolean;
  /** Enters an event, which is recorded by the same transaction. */
  tell(event: ChangeEvent): void;
  /** Goes on beside what records the change: a request less to wait for. A failure undoes the transaction. */
  alongside(writing: PromiseLike<unknown>): void;
  /** The content of this row is not the object's any more; when no other has it, it is removed. */
  release(row: InfoRow | undefined): void;
}

const TABLES: readonly TableName[] = ['infos', 'bodies', 'chunks', 'writes', 'changes'];

/**
 * Runs a change of objects in one transaction: rows, content that goes with them and events are
 * stored together or not at all. Tells others afterwards.
 */
export async function commit<Result>(
  context: IdbContext,
  about: GuardedWrite,
  work: (commit: Commit) => PromiseLike<Result>,
  moreTables: readonly TableName[] = [],
): Promise<Result> {
  const { store, changes, quota, files } = context;
  let events: ChangeEvent[] = [];
  let removedFiles: readonly BodyRef[] = [];
  const result = await quota.guard(
    () =>
      store.write([...TABLES, ...moreTables], async (tx, isReplay) => {
        events = [];
        const released: InfoRow[] = [];
        const writing: PromiseLike<unknown>[] = [];
        const done = await work({
          tx,
          isReplay,
          tell: (event) => void events.push(event),
          alongside(more) {
            writing.push(more);
            // When the work fails meanwhile, nobody waits for it.
            more.then(undefined, () => {});
          },
          release(row) {
            if (row?.body !== undefined) released.push(row);
          },
        });
        [removedFiles] = await Promise.all([
          released.length === 0 ? [] : releaseBodies(tx, released),
          events.length > 0 && changes.record(tx, events),
          ...writing,
        ]);
        return done;
      }),
    about,
  );
  if (events.length > 0) changes.announce();
  for (const ref of removedFiles) await files?.remove(ref).catch(() => {});
  return result;
}

/** Deletes objects within a transaction. */
export async function deleteRows(change: Commit, rows: readonly InfoRow[]): Promise<void> {
  await change.tx.table('infos').bulkDelete(rows.map(({ place }) => place));
  for (const row of rows) {
    change.release(row);
    change.tell({ type: 'delete', key: toKey(row.place) });
  }
}

/**
 * As `meetWriteConditions`. When an earlier run may have been committed and others have
 * written since, nobody knows whether the condition held: `unavailable` with the outcome `unknown`.
 */
export function checkWrite(
  { isReplay }: Commit,
  key: string,
  etag: string | undefined,
  conditions: WriteConditions,
): void {
  try {
    meetWriteConditions(etag, conditions, key);
  } catch (error) {
    if (!isReplay) throw error;
    throw new StorageError('unavailable', 'the connection was lost while this was committed.', {
      key,
      retryable: false,
      outcome: 'unknown',
      cause: error,
      hint: 'Read the object again: it may have been written, and others have written since.',
    });
  }
}

/** What reading or changing a missing object fails with. */
export function notFound(key: string): StorageError {
  return new StorageError('not-found', 'there is no such object.', {
    key,
    hint: 'list() tells which keys there are.',
  });
}

/** What an object fails with whose content is not in the database. */
export function lostContent(key: string): StorageError {
  return new StorageError('corrupted', 'the content of the object is not in the database.', {
    key,
    hint: 'Delete the object and store it again.',
  });
}
