import { GetBucketVersioningCommand } from '@aws-sdk/client-s3';
import { isStorageError } from '@granary/storage-core/provider';
import type { S3Store } from './s3-client.ts';
import type { S3Condition } from './s3-conditions.ts';
import { probeConditions } from './s3-probe.ts';

/** What is asked of a store before its first operation. */
export interface OpenQuestions {
  readonly versions: boolean | undefined;
  readonly conditions: readonly S3Condition[] | 'probe' | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a store has shown. */
export interface OpenAnswers {
  readonly versions: boolean;
  readonly conditions: readonly S3Condition[];
}

/** Asks what the options leave open. */
export async function openStore(
  store: S3Store,
  { versions, conditions, signal }: OpenQuestions,
): Promise<OpenAnswers> {
  const [keepsVersions, proved] = await Promise.all([
    versions ?? hasVersions(store, signal),
    conditions === 'probe' ? probeConditions(store, signal) : [],
  ]);
  return { versions: keepsVersions, conditions: proved };
}

/**
 * Whether the bucket keeps versions. Where it may not be asked, and where the store knows none, it counts as
 * one that does not; what else is wrong is for the first operation to say.
 */
async function hasVersions(store: S3Store, signal: AbortSignal | undefined): Promise<boolean> {
  const command = new GetBucketVersioningCommand(store.bucketTarget);
  try {
    const { Status } = await store.send(signal, (client, terms) => client.send(command, terms));
    return Status === 'Enabled';
  } catch (error) {
    if (isStorageError(error) && !error.retryable) return false;
    throw error;
  }
}
