import { homedir } from 'node:os';
import { join } from 'node:path';

/** What decides where the state folder is. */
export interface StateFolderFacts {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
}

/**
 * Returns the folder for what outlives a run: `$XDG_STATE_HOME/granary` or `~/.local/state/granary`
 * (https://specifications.freedesktop.org/basedir-spec/latest/), `~/Library/Application Support/granary`
 * on macOS, `%LOCALAPPDATA%\granary` on Windows.
 */
export function stateFolder({ platform, env, home = homedir() }: StateFolderFacts): string {
  if (platform === 'win32') {
    return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'granary');
  }
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'granary');
  const state = env['XDG_STATE_HOME'];
  return join(state?.startsWith('/') ? state : join(home, '.local', 'state'), 'granary');
}
