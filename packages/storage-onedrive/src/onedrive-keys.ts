import { type SegmentCodec, StorageError, segmentCodec } from '@granary/storage-core/provider';

/**
 * Longest path with its slashes, and longest name. Units: characters, decoded.
 * https://support.microsoft.com/office/restrictions-and-limitations-in-onedrive-and-sharepoint-64883a5d-228e-48f5-b3d2-eb39e07630fa, read 2026-11-21
 */
const MAX_PATH_LENGTH = 400;
const MAX_NAME_BYTES = 255;
/** What a key may grow by when its longest segment is cut into two names. */
const SPLIT_BYTES = 3;

// The same page, and https://learn.microsoft.com/graph/onedrive-addressing-driveitems.
const FORBIDDEN = /["*:<>?/\\|\p{Cc}]/u;
const RESERVED = /^(?:\.lock|con|prn|aux|nul|com\d|lpt\d|desktop\.ini)$/iu;
const ANYWHERE = /_vti_/iu;
const START = /^[~\p{White_Space}\ufeff]/u;
const ENDING = /[.\p{White_Space}\ufeff]$/u;
/** Refused at the top of a library. */
const TOP = /^forms$/iu;

/** How keys are written as paths of a drive. */
export interface KeyNames {
  /** Longest key. Units: UTF-8 bytes. */
  readonly maxKeyBytes: number;
  /** Names from the store's root down. Errors: `invalid-key` for a path that gets too long. */
  pathOf(key: string): readonly string[];
  /** The names of a folder of keys, also of one that could hold none. */
  folderOf(path: string): readonly string[];
  /** The key of names from the store's root down; `undefined` when they are those of none. */
  keyOf(names: readonly string[]): string | undefined;
  /** The segment that a name stands for, or several with slashes between. */
  segmentOf(name: string, isTop: boolean): string | undefined;
  isPart(name: string): boolean;
}

/** `rootNames`: the folder that the store is, from the top of the drive. */
export function keyNames(rootNames: readonly string[]): KeyNames {
  const patterns = [RESERVED, ANYWHERE, START, ENDING];
  const rules = { characters: FORBIDDEN, maxBytes: MAX_NAME_BYTES };
  const below = segmentCodec({ ...rules, patterns });
  const top =
    rootNames.length > 0 ? below : segmentCodec({ ...rules, patterns: [...patterns, TOP] });
  const before = rootNames.reduce((length, name) => length + name.length + 1, 0);

  function namesOf(path: string): readonly string[] {
    return path
      .split('/')
      .flatMap((segment, index) => (index === 0 ? top : below).encode(segment).split('/'));
  }

  /** What `encode` never writes is the name that a person gave. */
  function segmentWith(codec: SegmentCodec, name: string): string | undefined {
    return codec.decode(name) ?? (name.includes('/') ? undefined : name);
  }

  return {
    maxKeyBytes: MAX_PATH_LENGTH - before - 2 * SPLIT_BYTES,
    pathOf(key) {
      const names = namesOf(key);
      const length = before + names.join('/').length;
      if (length <= MAX_PATH_LENGTH) return names;
      throw new StorageError(
        'invalid-key',
        `its path in the drive has ${length} characters, and ${MAX_PATH_LENGTH} is the most.`,
        {
          outcome: 'not-applied',
          hint: 'Use a shorter key, or fewer characters that OneDrive cannot hold: each is written as three or more.',
        },
      );
    },
    folderOf: (path) => (path === '' ? [] : namesOf(path)),
    keyOf(names) {
      const segments: string[] = [];
      let start = '';
      for (const name of names) {
        if (below.isPart(name)) {
          start += `${name}/`;
          continue;
        }
        const segment = segmentWith(segments.length === 0 ? top : below, start + name);
        if (segment === undefined) return undefined;
        segments.push(segment);
        start = '';
      }
      return start === '' ? segments.join('/') : undefined;
    },
    segmentOf: (name, isTop) => segmentWith(isTop ? top : below, name),
    isPart: below.isPart,
  };
}
