import { companionPattern, segmentCodec } from '@granary/storage-core/provider';

/** Granary's own folder, in the root. */
export const HIDDEN_FOLDER = '.granary';
/** Longest name of a file: what file systems take less what is put behind it. Units: UTF-8 bytes. */
const MAX_NAME_BYTES = 230;

// https://fs.spec.whatwg.org/#valid-file-name (read 2026-11-21): no separators. `\` is one on Windows.
const SEPARATOR = /\\/u;
const HIDDEN = /^\.granary/i;
const COMPANION: RegExp = companionPattern();
/** Chromium writes beside a file and calls that `<file>.crswap`. */
const SWAP = /\.crswap$/i;

// What Chromium refuses in a folder of the computer: `IsSafePathComponent` in
// content/browser/file_system_access/file_system_access_directory_handle_impl.cc, with
// base/i18n/file_util_icu.cc and net/base/filename_util.cc behind it (read 2026-11-21); and
// https://learn.microsoft.com/en-us/windows/win32/fileio/naming-a-file (read 2026-11-21).
const FORBIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}<>:"|?*\\]/u;
const RESERVED = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;
const SYSTEM_FILE = /^(?:desktop\.ini|thumbs\.db)$/i;
const SHELL_EXTENSION = /\.(?:lnk|scf|url|\{[^}]*\})$/i;
const START = /^(?:\p{White_Space}|\.[.\p{White_Space}])/u;
const ENDING = /[.\p{White_Space}]$/u;

/** How keys are written as paths. */
export interface KeyNames {
  /** Names from the root down; the last one is the file's. */
  pathOf(key: string): readonly string[];
  /** The name that a person may have given a file of this segment, where Granary writes another. */
  literalOf(segment: string): string | undefined;
  /** The segment that a name stands for, or several with slashes between; `undefined` for none of a key. */
  segmentOf(name: string): string | undefined;
  /** Whether a folder is the beginning of a long segment. */
  isPart(name: string): boolean;
  /** Whether a name is bookkeeping, ours or the browser's. */
  isHidden(name: string): boolean;
}

export interface KeyNamesSettings {
  /** The folder is one of the computer, which takes fewer names than the browser's own. */
  readonly isUserFolder: boolean;
  /** Names that differ in letter case alone are written apart. */
  readonly foldsCase: boolean;
}

export function keyNames({ isUserFolder, foldsCase }: KeyNamesSettings): KeyNames {
  const codec = segmentCodec({
    characters: isUserFolder ? FORBIDDEN : SEPARATOR,
    patterns: [
      ...[HIDDEN, COMPANION, SWAP],
      ...(isUserFolder ? [RESERVED, SYSTEM_FILE, SHELL_EXTENSION, START, ENDING] : []),
    ],
    maxBytes: MAX_NAME_BYTES,
    foldsCase,
  });

  function isHidden(name: string): boolean {
    return HIDDEN.test(name) || COMPANION.test(name) || SWAP.test(name);
  }

  return {
    pathOf: (key) => key.split('/').flatMap((segment) => codec.encode(segment).split('/')),

    literalOf(segment) {
      const isOurs = codec.encode(segment) === segment || codec.decode(segment) !== undefined;
      return isOurs || isHidden(segment) || codec.isPart(segment) ? undefined : segment;
    },

    segmentOf(name) {
      const last = name.slice(name.lastIndexOf('/') + 1);
      if (isHidden(last)) return undefined;
      const segment = codec.decode(name);
      if (segment !== undefined) return segment;
      // What encode never writes is the name that a person gave.
      return name === last ? name : undefined;
    },

    isPart: codec.isPart,
    isHidden,
  };
}

/** What a key's lock is named after: the same for keys that some file system takes for one. */
export function foldedKey(key: string): string {
  return key.normalize('NFC').toLowerCase();
}
