import { readFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '@granary/storage-core/provider';
import envPaths from 'env-paths';

/** What {@link locations} needs to know. */
export interface LocationOptions {
  /** Name of the application, as it may stand in a path: one segment, no separators. */
  readonly appName: string;
}

/** Folders that an operating system has for an application. None of them need exist. */
export interface Locations {
  /** What the person made and looks for by hand: `Documents/<appName>`. */
  readonly documents: string;
  /** What the application keeps for itself. */
  readonly data: string;
  /** What can be made again. The system, or a person, may empty it. */
  readonly cache: string;
  /** Gone after a restart, at the latest. */
  readonly temp: string;
}

/**
 * The folders of this operating system for an application: XDG on Linux, `Library` on macOS,
 * `AppData` on Windows. Makes nothing; reads the XDG user directories on Linux.
 * On Windows, `documents` is below the home folder, also when a person has moved it elsewhere.
 * Errors: `invalid-config` for a name that cannot stand in a path.
 * Source: https://specifications.freedesktop.org/basedir-spec/latest/ (read 2026-11-21).
 */
export function locations({ appName }: LocationOptions): Locations {
  if (!/^[^\\/:*?"<>|\p{Cc}]+$/u.test(appName) || /^\.|[. ]$/.test(appName)) {
    const reason = `appName ${JSON.stringify(appName)} cannot be the name of a folder.`;
    throw new StorageError('invalid-config', reason, {
      provider: 'fs',
      hint: 'Give one without separators, and without a dot at its start or end.',
    });
  }
  const { data, cache } = envPaths(appName, { suffix: '' });
  return {
    documents: join(documentsFolder(), appName),
    data,
    cache,
    temp: join(tmpdir(), appName),
  };
}

function documentsFolder(): string {
  const home = homedir();
  const fallback = join(home, 'Documents');
  if (process.platform !== 'linux') return fallback;
  const { XDG_CONFIG_HOME = join(home, '.config') } = process.env;
  return xdgDocuments(readIfThere(join(XDG_CONFIG_HOME, 'user-dirs.dirs')), home) ?? fallback;
}

/**
 * The documents folder that the text of `user-dirs.dirs` names. One that is the home folder itself
 * means that the person has none.
 * Source: https://www.freedesktop.org/wiki/Software/xdg-user-dirs/ (read 2026-11-21).
 */
export function xdgDocuments(text: string, home: string): string | undefined {
  const [, relative, absolute] =
    /^\s*XDG_DOCUMENTS_DIR="(?:\$HOME\/?([^"]*)|(\/[^"]*))"/m.exec(text) ?? [];
  if (absolute !== undefined) return absolute;
  return relative ? join(home, relative) : undefined;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
