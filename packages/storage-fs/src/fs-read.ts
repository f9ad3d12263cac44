import { constants, type Stats } from 'node:fs';
import {
  type ContentRange,
  type GetOptions,
  meetReadConditions,
  type ObjectInfo,
  resolveRange,
  type SelectedSide,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import type { Backups, Proof } from './fs-backup.ts';
import { type Bodies, fileBodies } from './fs-body.ts';
import { codeOf, isMissing } from './fs-calls.ts';
import { describeFile } from './fs-describe.ts';
import { linkRefused, notFound, specialRefused } from './fs-errors.ts';
import { sha256Hasher } from './fs-hash.ts';
import { etagOf, infoOf } from './fs-info.ts';
import { type Resolver, splitPath } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';
import { readAll } from './fs-transfer.ts';

const READ_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Content up to this size is read at once, so that nothing is left open. Units: bytes. */
const EAGER_BYTES = 256 * 1024;
/** So often an object is looked at again that is written over just then. */
const MAX_ATTEMPTS = 64;

/** An object of which info and content are of one write, because its file is open. */
export interface OpenObject {
  readonly fd: number;
  /** Absolute. */
  readonly path: string;
  readonly stats: Stats;
  readonly described: SelectedSide | undefined;
}

interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

/** Reads objects. */
export interface Reader {
  get(key: string, options: GetOptions): Promise<StoredObject>;
  stat(key: string): Promise<ObjectInfo>;
  /** The caller closes the descriptor. Errors: `not-found`. */
  open(key: string): Promise<OpenObject>;
}

/** Knows what objects must be like, and mends those that are not. */
export interface Integrity {
  readonly backups: Backups;
  heal(key: string): Promise<void>;
}

export function reader(store: Store, resolve: Resolver, integrity?: Integrity): Reader {
  const { calls, folders } = store;
  const bodies: Bodies = fileBodies(store);

  /** Opens the file under an absolute path. `moved`: the path led elsewhere. */
  async function openFile(path: string): Promise<OpenFile | 'missing' | 'moved'> {
    let fd: number;
    try {
      fd = await calls.open(path, READ_FLAGS);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'ELOOP') throw linkRefused(path);
      // Windows does not open folders.
      if (isMissing(error) || code === 'EISDIR') return 'missing';
      // A device or socket that cannot be opened.
      if (code === 'ENXIO' || code === 'ENODEV') throw specialRefused(path);
      throw error;
    }
    let isKept = false;
    try {
      const stats = await store.fstat(fd);
      if (stats.isDirectory()) return 'missing';
      if (!stats.isFile()) throw specialRefused(path);
      if (!(await folders.holds(fd, path))) return 'moved';
      isKept = true;
      return { fd, stats };
    } finally {
      if (!isKept) calls.closeSync(fd);
    }
  }

  /** Opens the file of a key with what its companion says of this very file. */
  async function open(key: string): Promise<OpenObject> {
    let relative = store.names.pathOf(key);
    for (let attempt = 1; ; attempt += 1) {
      const path = folders.absolute(relative);
      let opened = await openFile(path);
      if (typeof opened === 'object' && store.isFolding && !(await hasExactName(relative))) {
        calls.closeSync(opened.fd);
        opened = 'missing';
      }
      if (typeof opened === 'object') {
        const { fd, stats } = opened;
        let described: SelectedSide | undefined | 'again' = 'again';
        try {
          described = await describe(key, fd, path, stats);
          if (described !== 'again') return { fd, path, stats, described };
        } finally {
          if (described === 'again') calls.closeSync(fd);
        }
      } else {
        if (opened === 'moved') await folders.refuseLinks(relative);
        const found = await resolve.find(key);
        if (found === undefined) throw notFound(key);
        relative = found.path === '' ? found.name : `${found.path}/${found.name}`;
        found.folder.release();
      }
      if (attempt === MAX_ATTEMPTS) throw busy();
    }
  }

  async function hasExactName(relative: string): Promise<boolean> {
    const [path, name] = splitPath(relative);
    const folder = await folders.open(path);
    try {
      return await store.isExact(folder, name);
    } finally {
      folder.release();
    }
  }

  function describe(
    key: string,
    fd: number,
    path: string,
    stats: Stats,
  ): Promise<SelectedSide | undefined | 'again'> {
    const start = path.lastIndexOf('/') + 1;
    return describeFile(store, {
      key,
      stats,
      file: path.slice(start),
      at: (name) => path.slice(0, start) + name,
      isPinned: false,
      now: () => store.fstat(fd),
    });
  }

  /** What the object must be like. It is brought back when it has another size: then `again`. */
  async function proofOf(key: string, stats: Stats): Promise<Proof | undefined | 'again'> {
    const proof = await integrity?.backups.proofOf(key, stats);
    if (proof === undefined || proof.size === stats.size) return proof;
    await integrity?.heal(key);
    return 'again';
  }

  /** `undefined`: the content is not what it was, and the object has to be opened again. */
  async function read(
    { fd, stats, path }: OpenObject,
    info: ObjectInfo,
    range: ContentRange | undefined,
    proof: Proof | undefined,
  ): Promise<StoredObject | undefined> {
    const part = range ?? { offset: 0, length: stats.size };
    const settings = range === undefined ? {} : { range };
    if (part.length > EAGER_BYTES) {
      const check = range === undefined &&
        proof && {
          sha256: proof.sha256,
          heal: async () => integrity?.heal(info.key),
        };
      const body = bodies.hold({ fd, stats, path, part, ...(check && { check }) });
      return storedObject(info, body, settings);
    }
    let isDamaged = false;
    try {
      const bytes = await readAll(calls, fd, part.offset, part.length);
      const after = await store.fstat(fd);
      // An edit in place, which no lock keeps out.
      if (after.mtimeMs !== stats.mtimeMs || after.size !== stats.size) return undefined;
      if (range === undefined && proof !== undefined) {
        const hasher = sha256Hasher();
        hasher.update(bytes);
        isDamaged = hasher.digest() !== proof.sha256;
        if (isDamaged) return undefined;
      }
      return storedObject(info, { bytes: () => bytes }, settings);
    } finally {
      await store.closeFile(fd);
      if (isDamaged) await integrity?.heal(info.key);
    }
  }

  return {
    open,

    async get(key, { range, ifMatch, ifNoneMatch }) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const object = await open(key);
        const { fd, stats, described } = object;
        let part: ContentRange | undefined;
        let proof: Proof | undefined | 'again';
        try {
          proof = await proofOf(key, stats);
          if (proof !== 'again') {
            meetReadConditions(etagOf(stats), { ifMatch, ifNoneMatch });
            part = range && resolveRange(range, stats.size);
          }
        } catch (error) {
          calls.closeSync(fd);
          throw error;
        }
        if (proof === 'again') {
          calls.closeSync(fd);
          continue;
        }
        const result = await read(object, infoOf(key, stats, described), part, proof);
        if (result !== undefined) return result;
      }
      throw busy();
    },

    async stat(key) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
        const { fd, stats, described } = await open(key);
        calls.closeSync(fd);
        if ((await proofOf(key, stats)) !== 'again') return infoOf(key, stats, described);
      }
      throw busy();
    },
  };
}

function busy(): StorageError {
  return new StorageError(
    'conflict',
    'the object was replaced again and again while it was read.',
    {
      hint: 'Try again.',
    },
  );
}
