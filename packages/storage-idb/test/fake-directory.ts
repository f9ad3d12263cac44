// A stand-in for the File System API, for tests in Node.

export type Failing =
  | 'getDirectory'
  | 'getFile'
  | 'createFile'
  | 'read'
  | 'write'
  | 'remove'
  | 'quota';

/** A directory of files that a test can take away, as much of its handle as is used. */
export interface FakeDirectory {
  /** Content, by name. */
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  /** Names of the empty files that tell folders apart. */
  readonly marks: Set<string>;
  readonly folders: Set<string>;
  /** What fails, and with which name. */
  readonly failing: Map<Failing, string>;
  /** Runs after a file was written to its end. */
  onClosed: ((name: string) => unknown) | undefined;
  setPermission(state: PermissionState | undefined): void;
  directory(): Promise<FileSystemDirectoryHandle>;
}

export interface FakeDirectorySettings {
  readonly kind?: 'streams' | 'sync' | 'none';
  /** How much all files may have. Units: bytes. */
  readonly capacityBytes?: number;
}

export function fakeDirectory({
  kind = 'streams',
  capacityBytes = Number.POSITIVE_INFINITY,
}: FakeDirectorySettings = {}): FakeDirectory {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const marks = new Set<string>();
  const folders = new Set<string>();
  const failing = new Map<Failing, string>();
  let permission: PermissionState | undefined;

  function check(what: Failing): void {
    const name = failing.get(what);
    if (name !== undefined) throw new DOMException(what, name);
  }

  function append(name: string, bytes: Uint8Array): void {
    check('write');
    files.set(name, new Uint8Array(Buffer.concat([files.get(name) ?? new Uint8Array(), bytes])));
  }

  const writing = (name: string) => ({
    ...(kind === 'streams' && {
      async createWritable() {
        const pieces: Uint8Array[] = [];
        return {
          async write(bytes: Uint8Array) {
            check('write');
            check('quota');
            pieces.push(bytes.slice());
            const all = [...files.values(), ...pieces];
            const used = all.reduce((sum, { byteLength }) => sum + byteLength, 0);
            if (used > capacityBytes) throw new DOMException('full', 'QuotaExceededError');
          },
          async close() {
            append(name, Buffer.concat(pieces));
            await fake.onClosed?.(name);
          },
          abort: async () => {},
        };
      },
    }),
    ...(kind === 'sync' && {
      createSyncAccessHandle: async () => ({
        write(bytes: Uint8Array) {
          const taken = failing.has('quota') ? bytes.subarray(0, 1) : bytes;
          append(name, taken);
          return taken.byteLength;
        },
        flush() {},
        close() {},
      }),
    }),
  });

  const folder = {
    async getFileHandle(name: string, { create = false } = {}) {
      if (name.startsWith('folder-')) {
        if (create) marks.add(name);
        if (!marks.has(name)) throw new DOMException(name, 'NotFoundError');
        return {};
      }
      check(create ? 'createFile' : 'getFile');
      if (create) files.set(name, new Uint8Array());
      if (!files.has(name)) throw new DOMException(name, 'NotFoundError');
      return {
        ...writing(name),
        async getFile() {
          check('read');
          return new File([files.get(name) ?? ''], name);
        },
      };
    },
    async removeEntry(name: string) {
      check('remove');
      if (!files.delete(name)) throw new DOMException(name, 'NotFoundError');
    },
    keys: async function* () {
      yield* [...marks, ...files.keys()];
    },
  };

  const root = {
    async getDirectoryHandle(name: string, { create = false } = {}) {
      if (create) folders.add(name);
      if (!folders.has(name)) throw new DOMException(name, 'NotFoundError');
      return folder;
    },
    queryPermission: async () => permission ?? 'granted',
  };
  const fake: FakeDirectory = {
    onClosed: undefined,
    files,
    marks,
    folders,
    failing,
    setPermission(state: PermissionState | undefined) {
      permission = state;
    },
    async directory(): Promise<FileSystemDirectoryHandle> {
      check('getDirectory');
      return root as unknown as FileSystemDirectoryHandle;
    },
  };
  return fake;
}
