import { join, sep } from 'node:path';
import { StorageError } from '@granary/storage-core/provider';
import type { Companionship } from './fs-companion.ts';
import type { RecoveryEvent } from './fs-heal.ts';
import { type Locations, locations } from './fs-locations.ts';
import type { Durability } from './fs-store.ts';
import type { FolderWatcher } from './fs-watch-folders.ts';

/** How old what lies in a cache gets. Units: ms. */
const CACHE_AGE_MS = 30 * 24 * 3_600_000;
/** How much lies in a cache. Units: bytes. */
const CACHE_BYTES = 1024 ** 3;
/** Units: ms. */
const LOCK_TIMEOUT_MS = 30_000;

/** Options of {@link createFileSystem}. Give `baseDir`, or `location` with `appName`. */
export interface FileSystemOptions {
  /** The folder. It is made by the first write. A relative path is one of the working directory. */
  readonly baseDir?: string;
  /** A folder of the operating system for the application, in the place of `baseDir`. */
  readonly location?: keyof Locations;
  /** The application whose `location` it is. */
  readonly appName?: string;
  /** A folder below `location`. Default: the application's own. */
  readonly folder?: string;
  /** Where the objects can be fetched from: `publicUrl` puts keys behind it. Default: nowhere. */
  readonly publicUrlBase?: string;
  /**
   * What a resolved write survives. `full`: a power failure. `file`: one too, but the object may be
   * the one before. `none`: the end of the process alone. Default: `full`.
   */
  readonly durability?: Durability;
  /**
   * Where attributes are kept: `meta-json` in `<name>.meta.json`, `meta` in `<name>.meta`,
   * `manifest` in one `.source-metadata.json` for each folder, `none` nowhere. Default: what the
   * folder has, else `meta-json`.
   */
  readonly companions?: Companionship;
  /**
   * Keeps the last good copy of every object, and brings it back when the object is damaged: it has
   * other bytes than were written, and the time they were written at. Writing takes twice the
   * space, reading all of an object computes its hash. Default: off.
   */
  readonly backup?: boolean;
  /** Told of each object that was brought back from its backup. */
  readonly onRecovery?: (event: RecoveryEvent) => void;
  /** Removes what nobody has used for so long. Units: ms. Default: 30 days in `cache` and `temp`, else never. */
  readonly maxAgeMs?: number;
  /** Removes what was not used for longest when there is more. Units: bytes. Default: 1 GiB in `cache` and `temp`, else no limit. */
  readonly maxBytes?: number;
  /** How long a write waits for other processes that write the same key. Units: ms. Default: 30,000. */
  readonly lockTimeoutMs?: number;
  /** Catches changes for `watch`. Default: the system's own, by `node:fs`. */
  readonly watcher?: FolderWatcher;
}

/** Options with what their defaults stand for. */
export interface FileSystemSettings {
  readonly baseDir: string;
  readonly publicUrlBase: string | undefined;
  readonly durability: Durability;
  readonly companions: Companionship | undefined;
  readonly hasBackups: boolean;
  readonly onRecovery: ((event: RecoveryEvent) => void) | undefined;
  readonly maxAgeMs: number | undefined;
  readonly maxBytes: number | undefined;
  readonly lockTimeoutMs: number;
  readonly watcher: FolderWatcher | undefined;
}

/** Errors: `invalid-config` that says what to give. */
export function settingsOf(options: FileSystemOptions): FileSystemSettings {
  const { location, publicUrlBase, durability = 'full', companions, backup = false } = options;
  const { lockTimeoutMs = LOCK_TIMEOUT_MS, watcher, onRecovery } = options;
  const isCache = location === 'cache' || location === 'temp';
  const { maxAgeMs = isCache ? CACHE_AGE_MS : undefined } = options;
  const { maxBytes = isCache ? CACHE_BYTES : undefined } = options;
  checkChoice('durability', durability, ['full', 'file', 'none']);
  checkChoice('companions', companions, ['meta-json', 'meta', 'manifest', 'none', undefined]);
  for (const [name, value] of Object.entries({ maxAgeMs, maxBytes, lockTimeoutMs })) {
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) {
      throw refusal(`${name} is not a number of at least 0.`);
    }
  }
  return {
    baseDir: folderOf(options),
    publicUrlBase: publicUrlBase?.replace(/\/+$/, ''),
    ...{ durability, companions, hasBackups: backup, onRecovery },
    ...{ maxAgeMs, maxBytes, lockTimeoutMs, watcher },
  };
}

function folderOf({ baseDir, location, appName, folder }: FileSystemOptions): string {
  if (location === undefined) {
    if (appName !== undefined || folder !== undefined) {
      throw refusal('appName and folder go with location, which is missing.');
    }
    if (typeof baseDir === 'string' && baseDir !== '') return baseDir;
    throw refusal('there is no baseDir.', "Name a folder: { baseDir: './data' }.");
  }
  if (baseDir !== undefined) throw refusal('baseDir and location exclude each other.');
  if (appName === undefined) throw refusal('location needs the appName whose it is.');
  const places = locations({ appName });
  checkChoice('location', location, Object.keys(places));
  const place = places[location];
  if (folder === undefined) return place;
  const inner = join(place, folder);
  if (inner.startsWith(place + sep)) return inner;
  throw refusal('folder is not one below the location.');
}

function checkChoice(
  name: string,
  value: string | undefined,
  choices: readonly (string | undefined)[],
): void {
  if (choices.includes(value)) return;
  const known = choices.filter((choice) => choice !== undefined).join(', ');
  throw refusal(`${name} is one of: ${known}.`);
}

function refusal(reason: string, hint?: string): StorageError {
  return new StorageError('invalid-config', reason, { provider: 'fs', hint });
}
