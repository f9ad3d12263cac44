import {
  type ChangeEvent,
  type ChangesOptions,
  type ChangesPage,
  isStorageError,
  StorageError,
} from '@granary/storage-core/provider';
import type { OneDrive } from './onedrive-client.ts';
import { unreadable } from './onedrive-errors.ts';

/** Changed items alone, without the folders above them. https://learn.microsoft.com/graph/api/driveitem-delta, read 2026-11-21 */
const HEADERS = { deltaexcludeparent: 'true' } as const;

/** An item as the feed tells it: of one that was deleted often the id alone. */
interface ChangedItem {
  readonly id?: string;
  readonly name?: string;
  readonly cTag?: string;
  readonly file?: object;
  readonly folder?: object;
  readonly root?: object;
  readonly deleted?: object;
  readonly parentReference?: { readonly id?: string };
}

/** A page of the feed, or that the service has forgotten the place. */
type FeedPage =
  | { readonly items: readonly ChangedItem[]; readonly next?: string; readonly last?: string }
  | 'forgotten';

/**
 * What changed in the drive, from a place on. The feed tells ids and names, and no paths, since
 * renaming a folder does not tell of what lies in it: paths of the folders above are asked for, twenty
 * with a request, and a folder that changed is a whole subtree.
 */
export async function* readChanges(
  drive: OneDrive,
  { cursor, signal }: ChangesOptions,
): AsyncGenerator<ChangesPage, void, undefined> {
  if (cursor === undefined) {
    yield { events: [], cursor: await latest(drive, signal) };
    return;
  }
  if (!drive.isLink(cursor) || !cursor.includes('delta')) {
    throw new StorageError('invalid-argument', 'the cursor is not one of this feed.');
  }
  for (let link: string | undefined = cursor; link !== undefined; ) {
    const page: FeedPage = await feedPage(drive, link, signal);
    if (page === 'forgotten') {
      yield { events: [{ type: 'reset' }], cursor: await latest(drive, signal) };
      return;
    }
    const { items, next, last } = page;
    const place = next ?? last;
    if (place === undefined) throw unreadable();
    yield { events: await eventsOf(drive, items, signal), cursor: place };
    link = next;
  }
}

async function latest(drive: OneDrive, signal: AbortSignal | undefined): Promise<string> {
  const path = '/root/delta?token=latest';
  const { '@odata.deltaLink': link } = await drive.json({ method: 'GET', path, signal });
  if (typeof link !== 'string' || !drive.isLink(link)) throw unreadable();
  return link;
}

async function feedPage(
  drive: OneDrive,
  link: string,
  signal: AbortSignal | undefined,
): Promise<FeedPage> {
  try {
    const page = await drive.follow(link, { method: 'GET', headers: HEADERS, signal });
    const { value, '@odata.nextLink': next, '@odata.deltaLink': last } = page;
    if (!Array.isArray(value)) throw unreadable();
    return {
      items: value as readonly ChangedItem[],
      ...(typeof next === 'string' && { next }),
      ...(typeof last === 'string' && { last }),
    };
  } catch (error) {
    // 410 with resyncChangesApplyDifferences or resyncChangesUploadDifferences: list everything again.
    if (isStorageError(error, 'cursor-expired')) return 'forgotten';
    throw error;
  }
}

async function eventsOf(
  drive: OneDrive,
  items: readonly ChangedItem[],
  signal: AbortSignal | undefined,
): Promise<readonly ChangeEvent[]> {
  const parents = await pathsOf(
    drive,
    items.flatMap(({ parentReference }) => parentReference?.id ?? []),
    signal,
  );
  return items.flatMap((item) => {
    if (item.root !== undefined) return [];
    const parent = parents.get(item.parentReference?.id ?? '');
    const event = eventOf(drive, item, parent);
    return event === undefined ? [] : [event];
  });
}

function eventOf(
  drive: OneDrive,
  item: ChangedItem,
  parent: readonly string[] | undefined,
): ChangeEvent | undefined {
  const { id = '', name, cTag, folder, deleted } = item;
  const known = id === '' ? {} : { id };
  // Nobody knows where it was: anything may have changed.
  if (parent === undefined) return { type: 'subtree', ...known };
  const within = belowRoot(drive, parent);
  if (within === undefined) return undefined;
  const above = prefixOf(drive, within);
  if (name === undefined) return { type: 'subtree', prefix: above, ...known };
  const key = drive.names.keyOf([...within, name]);
  if (folder !== undefined || key === undefined) {
    return { type: 'subtree', prefix: key === undefined ? above : `${key}/`, ...known };
  }
  if (deleted !== undefined) return { type: 'delete', key, ...known };
  return { type: 'put', key, ...known, ...(cTag !== undefined && { etag: cTag }) };
}

/** The keys of a folder begin with this. */
function prefixOf({ names }: OneDrive, folder: readonly string[]): string {
  const key = names.keyOf(folder);
  return key === undefined || key === '' ? '' : `${key}/`;
}

/** Names from the store's root on; `undefined` outside of it. Names compare without case. */
function belowRoot(
  { rootNames }: OneDrive,
  path: readonly string[],
): readonly string[] | undefined {
  const isInside = rootNames.every(
    (name, index) => path[index]?.toLowerCase() === name.toLowerCase(),
  );
  return isInside ? path.slice(rootNames.length) : undefined;
}

/** Where folders are, by their ids. */
async function pathsOf(
  drive: OneDrive,
  ids: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const asked = [...new Set(ids)];
  const answers = await drive.batch(
    asked.map((id) => ({
      method: 'GET',
      path: `/items/${encodeURIComponent(id)}?$select=id,name,parentReference,root`,
    })),
    { signal },
  );
  const paths = new Map<string, readonly string[]>();
  for (const [index, id] of asked.entries()) {
    const answer = answers[index];
    if (answer !== undefined && 'error' in answer && answer.error.code !== 'not-found') {
      throw answer.error;
    }
    const path = answer !== undefined && 'body' in answer ? pathOf(answer.body) : undefined;
    if (path !== undefined) paths.set(id, path);
  }
  return paths;
}

function pathOf(body: unknown): readonly string[] | undefined {
  const { name, root, parentReference } = (body ?? {}) as {
    readonly name?: string;
    readonly root?: object;
    readonly parentReference?: { readonly path?: string };
  };
  if (root !== undefined) return [];
  const [, above] = /root:(.*)$/.exec(parentReference?.path ?? '') ?? [];
  if (above === undefined || name === undefined) return undefined;
  const names = above.split('/').filter((part) => part !== '');
  try {
    return [...names.map(decodeURIComponent), name];
  } catch {
    return undefined;
  }
}
