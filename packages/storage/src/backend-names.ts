import { StorageError } from '@granary/storage-core';

/** Names of backends, each the same in its package: `storage-s3`. */
type BackendId =
  | 'memory'
  | 'fs'
  | 'idb'
  | 'localstorage'
  | 'opfs'
  | 's3'
  | 'gcs'
  | 'azure'
  | 'supabase'
  | 'gdrive'
  | 'onedrive'
  | 'dropbox'
  | 'cloud';

/** Names of the backend that needs a file system. */
export type FileSystemName = 'fs' | 'filesystem' | 'local';

/** Names of backends: the ids, and the aliases that go with some. */
export type BackendName = BackendId | FileSystemName | 'indexeddb';

/** A backend that exists, whether or not this package brings it. */
export interface KnownBackend {
  readonly id: BackendId;
  /** Other names it answers to. */
  readonly aliases: readonly BackendName[];
  /** What makes it. */
  readonly factory: string;
  /** This package exports what makes it. */
  readonly isExported?: boolean;
}

const KNOWN_BACKENDS: readonly KnownBackend[] = [
  { id: 'memory', aliases: [], factory: 'createMemory' },
  { id: 'fs', aliases: ['filesystem', 'local'], factory: 'createFileSystem' },
  { id: 'idb', aliases: ['indexeddb'], factory: 'createIndexedDB' },
  { id: 'localstorage', aliases: [], factory: 'createLocalStorage' },
  { id: 'opfs', aliases: [], factory: 'createOPFS' },
  { id: 's3', aliases: [], factory: 'createS3' },
  { id: 'gcs', aliases: [], factory: 'createGCS' },
  { id: 'azure', aliases: [], factory: 'createAzure' },
  { id: 'supabase', aliases: [], factory: 'createSupabase' },
  { id: 'gdrive', aliases: [], factory: 'createGoogleDrive', isExported: true },
  { id: 'onedrive', aliases: [], factory: 'createOneDrive', isExported: true },
  { id: 'dropbox', aliases: [], factory: 'createDropbox', isExported: true },
  { id: 'cloud', aliases: [], factory: 'createCloud' },
];

/** Returns the backend of a name or an alias. Errors: `invalid-config` for a name that nothing has. */
export function knownBackend(name: string): KnownBackend {
  const namesOf = ({ id, aliases }: KnownBackend): readonly string[] => [id, ...aliases];
  const found = KNOWN_BACKENDS.find((backend) => namesOf(backend).includes(name));
  if (found !== undefined) return found;
  const names = KNOWN_BACKENDS.flatMap(namesOf);
  throw new StorageError('invalid-config', `there is no backend "${name}".`, {
    operation: 'createStorage',
    hint: `Known are ${names.join(', ')}. Any other: createStorage({ engine: … }) with what its factory returns.`,
  });
}

/** The error for a backend that exists and that no config of this package makes. */
export function notInstalled(name: string, known: KnownBackend): StorageError {
  const { id, factory, isExported = false } = known;
  const pass = `createStorage({ engine: ${factory}({ … }) })`;
  if (isExported) {
    return new StorageError('invalid-config', `the backend "${name}" needs a sign-in.`, {
      operation: 'createStorage',
      hint: `Pass ${pass}; this package exports ${factory}.`,
    });
  }
  return new StorageError('invalid-config', `the backend "${name}" is not installed.`, {
    operation: 'createStorage',
    hint: `Run "npm install @granary/storage-${id}", then pass ${pass}.`,
  });
}
