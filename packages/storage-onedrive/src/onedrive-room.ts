import { isStorageError, StorageError } from '@granary/storage-core/provider';
import type { DriveItem } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';
import { isTaken } from './onedrive-errors.ts';
import { childrenOf } from './onedrive-list.ts';

/** What the service answers with when something of another kind is in the way. */
const IN_THE_WAY: ReadonlySet<number | undefined> = new Set([400, 404, 409]);
const JSON_TYPE = { 'content-type': 'application/json' };

/** Where something is to be written. */
export interface Place {
  readonly names: readonly string[];
  /** Only where there is nothing. */
  readonly isNew: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What lies on the way to a place, and at it. */
interface Obstacle {
  readonly item: Partial<DriveItem>;
  readonly depth: number;
}

/**
 * Writes where a folder may be in the way that was left behind without a file: it is cleared, and the
 * write made again. The service has several words for a file where a folder is needed, or a folder
 * where a file is, so what is there is looked at.
 * Errors: `conflict`, not retryable, for what is really in the way.
 */
export async function withRoom<Result>(
  drive: OneDrive,
  place: Place,
  write: () => Promise<Result>,
): Promise<Result> {
  try {
    return await write();
  } catch (error) {
    if (!isStorageError(error) || !IN_THE_WAY.has(error.status)) throw error;
    if (error.code === 'invalid-key' || error.code === 'store-not-found') throw error;
    const { names, isNew } = place;
    const found = await obstacleOf(drive, place).catch(() => undefined);
    const isThere = found?.depth === names.length - 1;
    if (isNew && isTaken(error) && (!isThere || found.item.file)) throw existing(error);
    if (found === undefined || (isThere && found.item.file)) throw error;
    if (!isThere) throw occupied(error, 'an object has the name of a folder that it needs.');
    if (!(await clearFolder(drive, found.item, place))) {
      throw occupied(error, 'a folder with objects has its name.');
    }
    return await write();
  }
}

/** A file on the way, or whatever has the name itself. */
async function obstacleOf(
  drive: OneDrive,
  { names, signal }: Place,
): Promise<Obstacle | undefined> {
  const answers = await drive.batch(
    names.map((_, index) => ({
      method: 'GET',
      path: `${drive.itemPath(names.slice(0, index + 1))}?$select=id,name,eTag,file,folder`,
    })),
    { signal },
  );
  for (const [depth, answer] of answers.entries()) {
    const item = ('body' in answer ? answer.body : {}) as Partial<DriveItem>;
    if (item.file !== undefined) return { item, depth };
    if (item.folder !== undefined && depth === names.length - 1) return { item, depth };
  }
  return undefined;
}

/**
 * Takes a folder away in which there is no file. It is given another name first, under which nobody
 * writes, and looked through again: what came meanwhile is not deleted, and the name given back.
 */
async function clearFolder(
  drive: OneDrive,
  { id = '', name = '', eTag = '' }: Partial<DriveItem>,
  { names, signal }: Place,
): Promise<boolean> {
  if (!(await isHollow(drive, names, signal))) return false;
  const rename = (next: string, headers: Readonly<Record<string, string>>) =>
    drive.send({
      method: 'PATCH',
      path: `/items/${id}`,
      headers,
      body: JSON.stringify({ name: next }),
      signal,
    });
  const aside = `granary-empty-${crypto.randomUUID()}`;
  await rename(aside, { ...JSON_TYPE, 'if-match': eTag });
  if (await isHollow(drive, [...names.slice(0, -1), aside], signal)) {
    await drive.send({ method: 'DELETE', path: `/items/${id}`, signal });
    return true;
  }
  await rename(name, JSON_TYPE);
  return false;
}

/** Whether a folder holds no file, folders in it included. */
async function isHollow(
  drive: OneDrive,
  names: readonly string[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const { name, folder } of await childrenOf(drive, names, signal)) {
    if (folder === undefined || !(await isHollow(drive, [...names, name], signal))) return false;
  }
  return true;
}

function existing({ status, requestId }: StorageError): StorageError {
  return new StorageError('precondition-failed', 'there is an object already.', {
    status,
    requestId,
    outcome: 'not-applied',
  });
}

function occupied({ status, requestId }: StorageError, reason: string): StorageError {
  return new StorageError('conflict', reason, {
    status,
    requestId,
    retryable: false,
    outcome: 'not-applied',
    hint: 'OneDrive cannot hold both: use another key, or delete what is in the way.',
  });
}
