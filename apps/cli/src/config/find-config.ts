import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { StorageError } from '@granary/storage-core';
import type { Host } from '../host.ts';

/** Names that are looked for in a folder, the first one that is there. */
const CONFIG_NAMES = ['storage.yaml', 'storage.yml', 'storage.json'];
/** Names a file in place of the search. */
const CONFIG_VARIABLE = 'GRANARY_CONFIG';

/**
 * Finds the file that names stores: the one that was asked for by option or `GRANARY_CONFIG`, else
 * the nearest one in the current folder or above it. One that somebody else could have put there is
 * refused: it would be told the variables of this process.
 * Errors: `invalid-config` for a file of somebody else.
 */
export async function findConfig(
  { cwd, env }: Pick<Host, 'cwd' | 'env'>,
  asked: string | undefined,
  userId: number | undefined = process.getuid?.(),
): Promise<string | undefined> {
  const named = asked ?? (env[CONFIG_VARIABLE] || undefined);
  if (named !== undefined) return resolve(cwd, named);
  for (let folder = cwd; ; folder = dirname(folder)) {
    for (const name of CONFIG_NAMES) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile() !== true) continue;
      if (userId === undefined || found.uid === userId || found.uid === 0) return path;
      throw new StorageError('invalid-config', `${path} belongs to another user.`, {
        hint: `If you trust it, name it: --config ${path}.`,
      });
    }
    if (dirname(folder) === folder) return undefined;
  }
}
