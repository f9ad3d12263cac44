import { type JsonValue, StorageError } from '@granary/storage-core/provider';

/** A folder that is listed, and how far that is. */
export interface Source {
  readonly path: string;
  readonly recursive: boolean;
  readonly limit: number;
  /** The page to come. Absent: the first one. */
  readonly cursor?: string | undefined;
}

/** Where a walk goes on. */
export interface Place {
  readonly sources: readonly Source[];
  /** A page of which these keys are left to tell. */
  readonly again?: { readonly source: Source; readonly left: readonly string[] } | undefined;
}

/** A place as a cursor keeps it. */
export function placeJson({ sources, again }: Place): JsonValue {
  return [sources.map(sourceJson), again ? [sourceJson(again.source), again.left] : null];
}

function sourceJson({ path, recursive, limit, cursor = '' }: Source): JsonValue {
  return [path, recursive, limit, cursor];
}

/**
 * The place in a cursor. Errors: `invalid-argument` for what is none, or leads out of the root.
 */
export function readPlace(position: JsonValue, root: string): Place {
  const [sources, again] = Array.isArray(position) ? position : [];
  if (!Array.isArray(sources)) throw notOurs();
  const place = { sources: sources.map((source) => readSource(source, root)) };
  if (!Array.isArray(again)) return place;
  const [source, left] = again;
  if (!Array.isArray(left)) throw notOurs();
  return { ...place, again: { source: readSource(source, root), left: left.map(String) } };
}

function readSource(json: JsonValue | undefined, root: string): Source {
  const [path, recursive, limit, cursor] = Array.isArray(json) ? json : [];
  const isInside = path === root || (typeof path === 'string' && path.startsWith(`${root}/`));
  if (!isInside || typeof recursive !== 'boolean' || typeof limit !== 'number') throw notOurs();
  const own = typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
  return { path: String(path), recursive, limit, cursor: own };
}

function notOurs(): StorageError {
  return new StorageError('invalid-argument', 'the cursor is not one of this listing.');
}
