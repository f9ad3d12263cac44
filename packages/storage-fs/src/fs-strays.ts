import { type CompanionLayout, companionName } from '@granary/storage-core/provider';
import type { Folder } from './fs-folder.ts';
import { HIDDEN_FOLDER, type Role } from './fs-keys.ts';
import { joinPath, type Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';

/** Something in the folder that no key leads to. */
export interface Stray {
  /** Inside the store, with slashes. */
  readonly path: string;
  /**
   * `link`: a symbolic link. `special`: a device, pipe or socket. `name`: no text in UTF-8.
   * `double`: another file has the key. `companion`: its object is not there. `temporary`: left
   * by a write.
   */
  readonly reason: 'link' | 'special' | 'name' | 'double' | 'companion' | 'temporary';
}

/** Finds what listings leave out, other than Granary's own folder. */
export async function* findStrays(
  store: Store,
  resolve: Resolver,
): AsyncGenerator<Stray, void, undefined> {
  const paths = [''];
  for (let path = paths.pop(); path !== undefined; path = paths.pop()) {
    const folder = await resolve.openIfThere(path);
    if (folder === undefined) continue;
    try {
      yield* straysIn(folder, path, paths);
    } finally {
      folder.release();
    }
  }

  async function* straysIn(
    folder: Folder,
    path: string,
    folders: string[],
  ): AsyncGenerator<Stray, void, undefined> {
    const { names, companions } = store;
    const entries = await store.calls.readdir(folder.at(''));
    const raw = await store.calls.readdirRaw(folder.at(''));
    const invalid = new Set(
      raw.filter((name) => !Buffer.from(name.toString()).equals(name)).map(String),
    );
    const there = new Set(entries.map(({ name }) => name));
    const ranks = new Map<string, number>();
    const rankOf = (name: string, role: Role) => names.segmentOf(name, role);
    for (const entry of entries) {
      const named = entry.isFile() ? rankOf(entry.name, 'file') : undefined;
      if (named === undefined) continue;
      const best = ranks.get(named.segment) ?? Number.POSITIVE_INFINITY;
      ranks.set(named.segment, Math.min(best, named.rank));
    }
    for (const entry of entries) {
      const { name } = entry;
      const place = joinPath(path, name);
      if (place === HIDDEN_FOLDER) continue;
      if (entry.isSymbolicLink()) yield { path: place, reason: 'link' };
      else if (invalid.has(name)) yield { path: place, reason: 'name' };
      else if (entry.isDirectory()) folders.push(place);
      else if (!entry.isFile()) yield { path: place, reason: 'special' };
      else if (names.isHidden(name)) {
        if (name.startsWith(HIDDEN_FOLDER)) yield { path: place, reason: 'temporary' };
        else if (!hasOwner(name, there, companions.layout)) {
          yield { path: place, reason: 'companion' };
        }
      } else {
        const named = rankOf(name, 'file');
        if (named !== undefined && named.rank > (ranks.get(named.segment) ?? 0)) {
          yield { path: place, reason: 'double' };
        }
      }
    }
  }
}

function hasOwner(
  name: string,
  there: ReadonlySet<string>,
  layout: CompanionLayout | 'none',
): boolean {
  if (layout === 'none' || layout === 'manifest') return true;
  return there.has(name.slice(0, name.length - companionName('', layout).length));
}
