// Works on a store as a user who owns nothing of it.
import { isStorageError } from '@granary/storage-core';
import { createFileSystem } from '../../src/index.ts';
import { readSettings, tellParent } from './from-parent.ts';

const METADATA = { metadata: { version: 2 } };

type Name =
  | 'get'
  | 'stat'
  | 'list'
  | 'put'
  | 'put with metadata'
  | 'delete'
  | 'copy'
  | 'move'
  | 'setMetadata'
  | 'upload'
  | 'health';

const ATTEMPTS: Readonly<Record<Name, (key: string, to: string) => Promise<unknown>>> = {
  async get(key) {
    const object = await storage.get(key);
    return { text: await object.text(), metadata: object.info.metadata };
  },
  async stat(key) {
    return { metadata: (await storage.stat(key)).metadata };
  },
  list: async () => (await storage.list()).map(({ key }) => key),
  put: (key) => storage.put(key, 'written'),
  'put with metadata': (key) => storage.put(key, 'written', METADATA),
  delete: (key) => storage.delete(key),
  copy: (key, to) => storage.copy(key, to),
  move: (key, to) => storage.move(key, to),
  setMetadata: (key) => storage.setMetadata(key, METADATA),
  upload: (key) => storage.upload(key, {}),
  async health() {
    const { ok, error } = await storage.health();
    return { ok, code: isStorageError(error) ? error.code : undefined };
  },
};

/** What is tried, on which key, and where to. */
export type Attempt = readonly [name: Name, key?: string, to?: string];

export interface AttemptResult {
  readonly value?: unknown;
  readonly error?: {
    readonly code: string;
    readonly key?: string;
    readonly outcome?: string;
    readonly message: string;
  };
}

interface UserSettings {
  readonly baseDir: string;
  readonly uid: number;
  readonly gid: number;
  readonly attempts: readonly Attempt[];
}

const { baseDir, uid, gid, attempts } = readSettings<UserSettings>();
const storage = createFileSystem({ baseDir, durability: 'none' });
// From here on: what is imported may lie where the user cannot read.
process.setgroups?.([]);
process.setgid?.(gid);
process.setuid?.(uid);

async function resultOf([name, key = '', to = '']: Attempt): Promise<AttemptResult> {
  try {
    return { value: await ATTEMPTS[name](key, to) };
  } catch (error) {
    if (!isStorageError(error)) throw error;
    const { code, outcome, message } = error;
    return {
      error: {
        code,
        message,
        ...(error.key !== undefined && { key: error.key }),
        ...(outcome && { outcome }),
      },
    };
  }
}

const results: AttemptResult[] = [];
for (const attempt of attempts) results.push(await resultOf(attempt));
await storage.close();
await tellParent('results', results);
process.disconnect();
