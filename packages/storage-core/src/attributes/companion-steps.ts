import type { OperationOptions, WriteConditions } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import type { CompanionRecord, CompanionSide } from './companion-record.ts';

/** What is known of a body that is written. */
export interface WrittenBody {
  /** Tells it from others before it is there. */
  readonly fingerprint?: () => Promise<string | undefined>;
  /** What was said of versions that it brings along. */
  readonly past?: readonly CompanionSide[];
}

/** A record without what it says of a version that is current again. */
export function withoutVersion(
  record: CompanionRecord | undefined,
  version: string | undefined,
): CompanionRecord | undefined {
  if (record?.history === undefined || version === undefined) return record;
  return { ...record, history: record.history.filter((side) => side.version !== version) };
}

/** What comes before a write: when it fails, nothing was applied. */
export async function unapplied<Result>(
  { signal }: OperationOptions,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toStorageError(error, {}, signal).with({ outcome: 'not-applied' });
  }
}

/** A condition that is lost already does not touch the companion. */
export function checkCondition(
  { ifMatch, ifNoneMatch }: WriteConditions,
  etag: string | undefined,
): void {
  const holds =
    (ifMatch === undefined || ifMatch === etag) &&
    (ifNoneMatch === undefined || etag === undefined);
  if (holds) return;
  throw new StorageError('precondition-failed', 'the object is another write than asked for.', {
    outcome: 'not-applied',
  });
}
