import { homedir } from 'node:os';
import { join } from 'node:path';

/** What tells where programs keep what belongs to one user. */
export interface FolderFacts {
  readonly platform: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

export function systemFacts(): FolderFacts {
  return { platform: process.platform, env: process.env, home: homedir() };
}

/**
 * Where vaults of this user are: `$XDG_DATA_HOME/granary/vaults`, `~/Library/Application Support/granary/vaults`
 * or `%LOCALAPPDATA%\granary\vaults`. https://specifications.freedesktop.org/basedir-spec/latest/ (read 2026-11-21)
 */
export function stateFolder({ platform, env, home }: FolderFacts = systemFacts()): string {
  return join(dataFolder(), 'granary', 'vaults');

  function dataFolder(): string {
    if (platform === 'darwin') return join(home, 'Library', 'Application Support');
    if (platform === 'win32') return env['LOCALAPPDATA'] || join(home, 'AppData', 'Local');
    const named = env['XDG_DATA_HOME'];
    // The specification has relative paths ignored.
    return named?.startsWith('/') ? named : join(home, '.local', 'share');
  }
}
