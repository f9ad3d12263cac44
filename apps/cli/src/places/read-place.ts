import { isStorageError, StorageError } from '@granary/storage-core/provider';
import type { Backends } from '../backends/find-backend.ts';
import type { NamedStores } from '../config/named-stores.ts';
import { driveOf } from '../drives/drive-kinds.ts';
import { usageError } from '../exit-codes.ts';
import { type Place, parsePlace, storePlace } from './parse-place.ts';

/** A name and a path in it. One letter is a Windows drive; two slashes make it a URL. */
const NAMED = /^([A-Za-z][A-Za-z0-9_.-]+):(?!\/\/)(.*)$/s;
/** Schemes of URLs without two slashes. No store can have these names. */
const SCHEMES: ReadonlySet<string> = new Set(['file', 'memory']);

/**
 * Reads a word that names a place: `docs:2026/a.txt` in the store that a file calls `docs`, else a URL
 * or a path. A name wins over a scheme of the same letters; `s3://bucket` is always a URL, and
 * `./docs:a` a path. The file is read only for a word that could be in one of its stores.
 * Errors: usage, and `invalid-config` where the file has problems.
 */
export async function readPlace(
  text: string,
  cwd: string,
  stores: NamedStores,
  backends: Backends,
): Promise<Place> {
  const [, name, path = ''] = NAMED.exec(text) ?? [];
  if (name === undefined || SCHEMES.has(name.toLowerCase())) return parsePlace(text, cwd);
  const config = await stores.config();
  if (config === undefined) return parsePlace(text, cwd);
  const names = config.providers.map((provider) => provider.name);
  if (names.includes(name)) return storePlace(text, name, path, config.file);
  await refuseMisspelled(name, names, config.file, backends);
  await refuseUnknown(name, names, config.file, backends);
  return parsePlace(text, cwd);
}

/** Fails where a name is neither that of a store nor that of a backend. */
async function refuseUnknown(
  name: string,
  names: readonly string[],
  file: string,
  backends: Backends,
): Promise<void> {
  if (driveOf(name.toLowerCase()) !== undefined) return;
  try {
    await backends.find(name.toLowerCase());
  } catch (error) {
    if (!isStorageError(error, 'invalid-config')) throw error;
    throw new StorageError(
      'invalid-config',
      `${file} has no store "${name}", and no backend for "${name}:" is installed.`,
      { hint: `Its stores are: ${names.join(', ')}. ${error.hint ?? ''}`.trim(), cause: error },
    );
  }
}

/** Fails where a name is nearly that of a store, and no backend is known by it. */
async function refuseMisspelled(
  name: string,
  names: readonly string[],
  file: string,
  backends: Backends,
): Promise<void> {
  const { nearestName } = await import('@granary/storage-core/provider');
  const meant = nearestName(name, names);
  if (meant === undefined) return;
  const given = await backends.given();
  const schemes = given.flatMap((backend) => [
    ...backend.schemes,
    ...backend.aliases,
    backend.name,
  ]);
  if (schemes.includes(name.toLowerCase())) return;
  throw usageError(
    `${file} has no store "${name}".`,
    `Did you mean ${meant}:? A URL begins with ${name}://, a path with ./.`,
  );
}
