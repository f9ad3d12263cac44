/**
 * What of a write that has resolved survives what. `A`: written in place, so a crash or a reader
 * in the middle of the write sees a torn object. `B`: a temporary file, then a rename: old or new,
 * never torn, but lost when the machine loses power. `C`: as `B`, and on the disk before the write
 * resolves. `memory`: gone with the process.
 */
export type Durability = 'A' | 'B' | 'C' | 'memory';

/** Something that is measured: Granary, the bare calls beneath it, or a peer. */
export interface Subject {
  readonly id: string;
  readonly title: string;
  /** `raw` is a baseline: the calls that anybody needs, and nothing else. */
  readonly kind: 'granary' | 'raw' | 'peer';
  /** Absent for what stores nothing, such as a bundle. */
  readonly durability?: Durability;
  /** What a reader of the table has to know to compare fairly. */
  readonly note?: string;
}

/** A subject that opens a store in some place. */
export interface OpenableSubject<Place> extends Subject {
  /** What the store can do besides `put`, `get` and `delete`. */
  readonly can: readonly StoreAbility[];
  open(place: Place): Promise<Store>;
}

/** A subject that keeps objects in a folder, or in memory. */
export interface StoreSubject extends OpenableSubject<string> {
  readonly durability: Durability;
  /** Who copies bytes, for a store in memory: checked before anything is measured. */
  readonly isolation?: 'copies' | 'aliases';
  /** What `list` learns of each object. Default: `keys`. */
  readonly listing?: 'keys' | 'stats';
  /** Size of the pieces in which `putFile` reads its file and `getFile` writes it. Units: bytes. Default: 1 MiB. */
  readonly pieceBytes?: number;
  /** Opens a store in a folder that exists. */
  open(folder: string): Promise<Store>;
}

export type StoreAbility =
  | 'stat'
  | 'list'
  | 'listFolders'
  | 'firstPage'
  | 'range'
  | 'streams'
  | 'deleteMany';

/** The operations that workloads measure, each in the way that the subject's own manual shows. */
export interface Store {
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  get(key: string): Promise<Uint8Array>;
  delete(key: string): Promise<unknown>;
  /** Returns the size. */
  stat?(key: string): Promise<number>;
  /** Hands over every key. */
  list?(visit: (key: string) => void): Promise<void>;
  /** Returns the names of the top-level folders, with or without a slash at the end. */
  listFolders?(): Promise<readonly string[]>;
  /** Returns how many of the first `limit` keys came. */
  firstPage?(limit: number): Promise<number>;
  range?(key: string, offset: number, length: number): Promise<Uint8Array>;
  /** Stores the content of a file, read as a stream. */
  putFile?(key: string, file: string): Promise<void>;
  /** Writes an object into a file, as a stream. */
  getFile?(key: string, file: string): Promise<void>;
  /** Deletes all of the keys in as few calls as the subject makes of it. */
  deleteMany?(keys: readonly string[]): Promise<unknown>;
  close?(): Promise<void>;
}

/** Returns a subject, checked for an id that a folder can be named after. */
export function defineSubject<Kind extends Subject>(subject: Kind): Kind {
  if (!/^[a-z0-9][a-z0-9.-]*$/.test(subject.id)) {
    throw new TypeError(
      `The subject "${subject.id}" cannot name a folder. Use lower-case letters, digits, dots and dashes.`,
    );
  }
  return subject;
}

const METHODS: Readonly<Record<StoreAbility, readonly (keyof Store)[]>> = {
  stat: ['stat'],
  list: ['list'],
  listFolders: ['listFolders'],
  firstPage: ['firstPage'],
  range: ['range'],
  streams: ['putFile', 'getFile'],
  deleteMany: ['deleteMany'],
};

/**
 * Opens a subject's store with the abilities that the subject states, and no others: adapters share
 * code, and not every store that is behind it can do all of it.
 * Errors: a `TypeError` when an ability that is stated is not there.
 */
export async function openStore<Place>(
  subject: OpenableSubject<Place>,
  place: Place,
): Promise<Store> {
  const { put, get, delete: remove, close, ...abilities } = await subject.open(place);
  const stated: Partial<Store> = {};
  for (const method of subject.can.flatMap((ability) => METHODS[ability])) {
    if (!(method in abilities)) throw new TypeError(`${subject.id} has no ${method}.`);
    Object.assign(stated, { [method]: Reflect.get(abilities, method) });
  }
  return { put, get, delete: remove, ...(close && { close }), ...stated };
}
