import type { Drive, Item } from './drive-state.ts';
import { checkPath } from './names.ts';
import { refuse } from './refusal.ts';

/** What a path below a drive names. */
export interface Address {
  /** Where the path begins: the root, an item, the app's folder. */
  readonly from: 'root' | 'approot' | { readonly id: string };
  readonly segments: readonly string[];
  /** What is to be done, such as `content`; empty for the item itself. */
  readonly action: string;
}

/**
 * Takes `/root:/a/b:/content`, `/items/{id}` and their like apart.
 * https://learn.microsoft.com/graph/onedrive-addressing-driveitems, read 2026-11-21
 */
export function parseAddress(path: string): Address {
  const match =
    /^\/(?:(root)|items\/([^/:]+)|special\/(approot))(?::(\/[^:]*?)?(?::(?=\/|$)|$))?(?:\/([A-Za-z]+))?$/.exec(
      path,
    );
  if (!match) throw refuse.request(`Resource not found for the segment '${path}'.`);
  const [, root, id, approot, below = '', action = ''] = match;
  const segments = below.split('/').filter((segment) => segment !== '');
  const from = (root && 'root') || (approot && 'approot') || { id: id ?? '' };
  if (from !== 'root' && from !== 'approot' && id === 'root') {
    return { from: 'root', segments: segments.map(decoded), action };
  }
  return { from: from as Address['from'], segments: segments.map(decoded), action };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw refuse.request('The path is not percent-encoded.');
  }
}

/** The item that an address begins at. */
export function startOf(drive: Drive, { from }: Address, appFolder: () => Item): Item {
  if (from === 'root') return drive.root;
  if (from === 'approot') return appFolder();
  const item = drive.item(from.id);
  if (item === undefined) throw refuse.noItem();
  return item;
}

/** The item that an address names. */
export function itemAt(drive: Drive, address: Address, appFolder: () => Item): Item {
  checkPath(address.segments);
  const item = drive.find(startOf(drive, address, appFolder), address.segments);
  if (item === undefined) throw refuse.noItem();
  return item;
}
