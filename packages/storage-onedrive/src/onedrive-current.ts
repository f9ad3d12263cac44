import { isCompanionName, StorageError } from '@granary/storage-core/provider';
import { type DriveItem, etagOf } from './onedrive-attributes.ts';
import type { BatchAnswer, BatchRequest, OneDrive } from './onedrive-client.ts';
import { unreadable } from './onedrive-errors.ts';
import { fileOf, itemRequest } from './onedrive-item.ts';

/** How often an item may change between two looks at it. */
export const MAX_TRIES = 8;
/** How far the times of an item and of its version may be apart, which some answers round. Units: ms. */
const ROUNDED_MS = 2000;

/** A version as lists have it. https://learn.microsoft.com/graph/api/resources/driveitemversion, read 2026-11-21 */
export interface ItemVersion {
  readonly id: string;
  readonly lastModifiedDateTime: string;
  /** Units: bytes. */
  readonly size?: number;
  readonly '@microsoft.graph.downloadUrl'?: string;
}

/** An item with the name of the version that is current. */
export interface Current {
  readonly item: DriveItem;
  readonly version?: string;
}

/** Whether infos of a key name versions: nobody asks for those of companions. */
export function tellsVersions({ keepsVersions }: OneDrive, key: string): boolean {
  return keepsVersions && !isCompanionName(key);
}

/** Asks for versions. https://learn.microsoft.com/graph/api/driveitem-list-versions, read 2026-11-21 */
export function versionsRequest(drive: OneDrive, names: readonly string[]): BatchRequest {
  return { method: 'GET', path: drive.itemPath(names, 'versions') };
}

/** Requests that tell an item and its current version together, in this order. */
export function currentRequests(
  drive: OneDrive,
  names: readonly string[],
  fields: string,
): readonly BatchRequest[] {
  return [
    itemRequest(drive, names, fields),
    versionsRequest(drive, names),
    itemRequest(drive, names, 'id,name,eTag,cTag,lastModifiedDateTime'),
  ];
}

/** What they were answered with; `undefined` when the item changed meanwhile. */
export function currentIn(bodies: readonly unknown[]): Current | undefined {
  const [item, listed, again] = bodies;
  const current = fileOf(item);
  const after = (again ?? {}) as DriveItem;
  if (after.id !== current.id || etagOf(after) !== etagOf(current)) return undefined;
  return { item: current, ...versionIn(current, versionsIn(listed)) };
}

/** The current version of an item that was asked for at about the same time as its versions. */
export function versionAbout(item: DriveItem, listed: unknown): { readonly version?: string } {
  const [newest] = versionsIn(listed);
  if (newest === undefined) return {};
  const apart = Date.parse(newest.lastModifiedDateTime) - Date.parse(item.lastModifiedDateTime);
  const isSame = Math.abs(apart) < ROUNDED_MS && (newest.size ?? item.size) === item.size;
  return isSame ? versionIn(item, [newest]) : {};
}

/** An item with its current version. Errors: `not-found`; `conflict` when it keeps changing. */
export async function currentOf(
  drive: OneDrive,
  names: readonly string[],
  fields: string,
  signal: AbortSignal | undefined,
): Promise<Current> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    const bodies = await bodiesOf(drive, currentRequests(drive, names, fields), signal);
    const current = currentIn(bodies);
    if (current !== undefined) return current;
  }
  throw keptChanging();
}

/**
 * The version that a write made, of which its answer tells nothing: the newest one, as long as the item
 * is still of that write. Nothing when another write came since, or the question failed.
 */
export async function versionMade(
  drive: OneDrive,
  key: string,
  item: DriveItem,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (!tellsVersions(drive, key)) return undefined;
  const path = `/items/${item.id}`;
  try {
    const [listed, after] = await drive.batch(
      [
        { method: 'GET', path: `${path}/versions` },
        { method: 'GET', path: `${path}?$select=id,eTag,cTag` },
      ],
      { signal, inOrder: true },
    );
    if (listed === undefined || 'error' in listed) return undefined;
    if (after === undefined || 'error' in after) return undefined;
    const isSame = etagOf(after.body as DriveItem) === etagOf(item);
    return isSame ? versionIn(item, versionsIn(listed.body)).version : undefined;
  } catch {
    // The write is done, whatever becomes of this question, and must not be made again for it.
    return undefined;
  }
}

/** What requests were answered with, the first of which is for a file. Errors: that of the first that failed. */
export function bodiesIn(answers: readonly BatchAnswer[]): readonly unknown[] {
  return answers.map((answer, index) => {
    if ('error' in answer) throw answer.error;
    // What the service says of versions of a folder is nothing to anybody.
    return index === 0 ? fileOf(answer.body) : answer.body;
  });
}

/** Sends such requests, one after the other. */
export async function bodiesOf(
  drive: OneDrive,
  requests: readonly BatchRequest[],
  signal: AbortSignal | undefined,
): Promise<readonly unknown[]> {
  return bodiesIn(await drive.batch(requests, { signal, inOrder: true }));
}

/** Versions in an answer, newest first. */
export function versionsIn(listed: unknown): readonly ItemVersion[] {
  const { value } = (listed ?? {}) as { readonly value?: unknown };
  if (!Array.isArray(value)) throw unreadable();
  return value as readonly ItemVersion[];
}

function versionIn(
  item: DriveItem,
  [newest]: readonly ItemVersion[],
): { readonly version?: string } {
  return newest === undefined ? {} : { version: versionName(item, newest) };
}

/** Versions are counted for each item, and another item may take its place. */
export function versionName({ id }: DriveItem, version: ItemVersion): string {
  return `${id}:${version.id}`;
}

export function keptChanging(): StorageError {
  return new StorageError('conflict', 'the object kept changing while it was read.', {
    hint: 'Try again.',
  });
}
