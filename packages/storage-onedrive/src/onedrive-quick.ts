import {
  type BatchResult,
  type Capabilities,
  type CompanionLook,
  companionName,
  isCompanionName,
  isStorageError,
  mapBody,
  type ObjectInfo,
  type OperationOptions,
  type StatOptions,
  type StorageProvider,
  toStorageError,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { type DriveItem, ITEM_FIELDS, toInfo } from './onedrive-attributes.ts';
import type { BatchAnswer, BatchRequest, OneDrive } from './onedrive-client.ts';
import {
  bodiesIn,
  currentIn,
  currentRequests,
  tellsVersions,
  versionAbout,
  versionsRequest,
} from './onedrive-current.ts';
import { quickXorHash } from './onedrive-hash.ts';
import { CONTENT_FIELDS, fileOf, itemRequest } from './onedrive-item.ts';
import { readItem } from './onedrive-read.ts';
import { type KnownWrite, writeText } from './onedrive-write.ts';

/** What a provider with companions has of these: `versions` only where the bare one has them. */
type WithCompanions = StorageProvider &
  Required<Pick<StorageProvider, 'deleteMany' | 'move' | 'setMetadata' | 'upload' | 'versions'>>;

const COMPANION_BYTES: number = companionName('').length;
/** Companions that are read at once. */
const MOST_AT_ONCE = 10;

/** An object whose companion was looked for at once. */
interface Found {
  readonly item: DriveItem;
  readonly info: ObjectInfo;
  /** What the companion says, if there is one. */
  readonly said: Partial<ObjectInfo>;
}

/** What a drive can do with companions. */
function withAttributes({ maxKeyBytes = 0, ...bare }: Capabilities): Capabilities {
  return {
    ...bare,
    attributes: 'companion',
    setMetadata: true,
    statMany: true,
    delimiter: 'slash',
    maxKeyBytes: maxKeyBytes - COMPANION_BYTES,
  };
}

/** What tells content before it is written, in the words that {@link fingerprintsOf} has for what is stored. */
function fingerprintOf(content: Uint8Array): string {
  return `quickxor-${quickXorHash(content)} ${content.byteLength}`;
}

function fingerprintsOf({ checksums, size }: ObjectInfo): readonly string[] {
  const hash = checksums?.['quickxor'];
  return hash === undefined ? [] : [`${hash} ${size}`];
}

/**
 * Puts companions around a provider, and looks at object and companion in one batch, so that a read
 * takes one request less, and a write with attributes two. Where they do not fit together, or a write
 * of this provider is under way, the provider with companions answers. Its code is loaded when it is
 * needed.
 */
export function withQuickCompanions(bare: StorageProvider, drive: OneDrive): StorageProvider {
  const capabilities = Object.freeze(withAttributes(bare.capabilities));
  const versions = bare.versions !== undefined;
  let loading: Promise<typeof import('./onedrive-companions.ts')> | undefined;
  let around: WithCompanions | undefined;
  let begun = 0;
  let running = 0;

  function companions(): Promise<typeof import('./onedrive-companions.ts')> {
    loading ??= import('./onedrive-companions.ts').catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  }

  async function whole(): Promise<WithCompanions> {
    const { withCompanion } = await companions();
    const settings = { versions, fingerprintOf, fingerprintsOf, look, replace };
    around ??= withCompanion(bare, settings) as WithCompanions;
    return around;
  }

  /** A write, during which an object and its companion may be of two writes. */
  async function writing<Result>(
    work: (provider: WithCompanions) => Promise<Result>,
  ): Promise<Result> {
    begun += 1;
    running += 1;
    try {
      return await work(await whole());
    } finally {
      running -= 1;
    }
  }

  /** Object and companion before a write, which nobody else of this provider makes meanwhile. */
  async function look(
    name: string,
    companion: string,
    { signal }: OperationOptions,
  ): Promise<CompanionLook> {
    const names = drive.names.pathOf(name);
    const [object, beside, listed] = await drive.batch(
      [
        itemRequest(drive, names, ITEM_FIELDS),
        itemRequest(drive, drive.names.pathOf(companion), CONTENT_FIELDS),
        ...(versions ? [versionsRequest(drive, names)] : []),
      ],
      { signal },
    );
    const item = presentIn(object);
    const history = versions && item !== undefined ? bodyIn(listed) : undefined;
    const version = item && history ? versionAbout(item, history).version : undefined;
    const said = await saidIn(companion, presentIn(beside), signal);
    return { ...(item && { info: toInfo(name, item, version) }), ...said };
  }

  /** What a companion holds, and of which write. It is read again by its name when it changed meanwhile. */
  async function saidIn(
    companion: string,
    item: DriveItem | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Pick<CompanionLook, 'text' | 'tag'>> {
    if (item === undefined) return {};
    const options = { ...(signal && { signal }) };
    const object =
      (await readItem(drive, companion, item, options)) ?? (await bare.get(companion, options));
    const { id = item.id, etag } = object.info;
    return { text: await object.text(), tag: tagOf({ id, etag }) };
  }

  /** Writes the companion that was looked at over, by its id and as the write that was seen, or deletes it. */
  async function replace(
    companion: string,
    text: string | undefined,
    tag: string | undefined,
    { signal }: OperationOptions,
  ): Promise<string | undefined> {
    const over = tag === undefined ? undefined : (JSON.parse(tag) as KnownWrite);
    if (text !== undefined) return tagOf(await writeText(drive, companion, text, over, signal));
    // Deleting for good takes no condition.
    const ifMatch = bare.capabilities.deleteIfMatch ? over?.etag : undefined;
    await bare.delete(companion, {
      ...(signal && { signal }),
      ...(ifMatch !== undefined && { ifMatch }),
    });
    return undefined;
  }

  /** Whether a key is not the name below: what is escaped, and what looks like a companion, has another. */
  const isOther = (key: string) =>
    key.includes('%') || key.split('/').some((name) => isCompanionName(name));

  /** An object with what its companion says of it; `undefined` when that is not sure. */
  async function find(
    key: string,
    signal: AbortSignal | undefined,
    fields: string,
  ): Promise<Found | undefined> {
    if (running > 0 || isOther(key)) return undefined;
    const since = begun;
    const names = drive.names.pathOf(key);
    const answers = await drive.batch(
      [
        ...(tellsVersions(drive, key)
          ? currentRequests(drive, names, fields)
          : [itemRequest(drive, names, fields)]),
        // Last, since nothing is asked any more once something is missing.
        companionRequest(key),
      ],
      { signal, inOrder: true },
    );
    return foundIn(key, answers, since, signal);
  }

  function companionRequest(key: string): BatchRequest {
    return itemRequest(drive, drive.names.pathOf(companionName(key)), CONTENT_FIELDS);
  }

  /** The object in answers, the last of which is for its companion. */
  async function foundIn(
    key: string,
    answers: readonly BatchAnswer[],
    since: number,
    signal: AbortSignal | undefined,
  ): Promise<Found | undefined> {
    const bodies = bodiesIn(answers.slice(0, -1));
    const companion = presentIn(answers.at(-1));
    const current = versions ? currentIn(bodies) : { item: fileOf(bodies[0]) };
    if (current === undefined || begun !== since) return undefined;
    const { item } = current;
    const info = toInfo(key, item, current.version);
    if (companion === undefined) return { item, info, said: {} };
    const [{ readCompanion, selectAttributes }, object] = await Promise.all([
      companions(),
      readItem(drive, companionName(key), companion, { ...(signal && { signal }) }),
    ]);
    if (object === undefined) return undefined;
    const record = readCompanion(await object.text(), key);
    const side = selectAttributes(record, info.etag, fingerprintsOf(info));
    if (side.matched === 'neither' || begun !== since) return undefined;
    const { attributes, createdAt, checksums } = side;
    return {
      item,
      info,
      said: { ...(createdAt && { createdAt }), ...(checksums && { checksums }), ...attributes },
    };
  }

  async function stat(key: string, options: StatOptions): Promise<ObjectInfo> {
    const found =
      options.version === undefined ? await find(key, options.signal, ITEM_FIELDS) : undefined;
    if (found === undefined) return (await whole()).stat(key, options);
    return { ...found.info, ...found.said };
  }

  /**
   * Objects, twenty with a request, then their companions, and one request more for each that is there.
   * Companions come second, since they are written first.
   */
  async function statMany(
    keys: readonly string[],
    options: OperationOptions,
  ): Promise<readonly BatchResult<ObjectInfo>[]> {
    const { signal } = options;
    const since = running > 0 ? Number.NaN : begun;
    const asked = new Map<string, readonly [BatchRequest, BatchRequest]>();
    for (const key of versions ? [] : new Set(keys)) {
      if (isOther(key)) continue;
      try {
        const object = itemRequest(drive, drive.names.pathOf(key), ITEM_FIELDS);
        asked.set(key, [object, companionRequest(key)]);
      } catch {
        // What has no path fails by itself, below.
      }
    }
    const pairs = [...asked.values()];
    const objects = await drive.batch(
      pairs.map(([object]) => object),
      { signal },
    );
    const beside = await drive.batch(
      pairs.map(([, companion]) => companion),
      { signal },
    );
    const told = new Map(
      [...asked.keys()].map((key, at) => [
        key,
        [objects[at], beside[at]].filter((answer) => answer !== undefined),
      ]),
    );
    const one = async (key: string): Promise<BatchResult<ObjectInfo>> => {
      try {
        const own = told.get(key);
        const found = own && (await foundIn(key, own, since, signal));
        const value = found ? { ...found.info, ...found.said } : await stat(key, options);
        return { key, ok: true, value };
      } catch (error) {
        return { key, ok: false, error: toStorageError(error, {}, signal) };
      }
    };
    const results: BatchResult<ObjectInfo>[] = [];
    for (let start = 0; start < keys.length; start += MOST_AT_ONCE) {
      results.push(...(await Promise.all(keys.slice(start, start + MOST_AT_ONCE).map(one))));
    }
    return results;
  }

  /** What the bare provider finds out holds above it too, and the provider with companions is told. */
  async function openAround(options: OperationOptions): Promise<Partial<Capabilities>> {
    return withAttributes({ ...bare.capabilities, ...(await bare.open?.(options)) });
  }

  const old: VersionOperations = {
    async *list(key, options) {
      yield* (await whole()).versions.list(key, options);
    },
    restore: (key, version, options) =>
      writing((provider) => provider.versions.restore(key, version, options)),
  };

  return {
    ...(bare.changes && {
      async *changes(options) {
        yield* (await whole()).changes?.(options) ?? [];
      },
    }),
    ...(bare.usage && { usage: bare.usage }),
    ...(bare.health && { health: bare.health }),
    ...(bare.open && { open: (options: OperationOptions) => openAround(options) }),
    ...(versions && { versions: old }),
    specVersion: 1,
    name: bare.name,
    capabilities,
    native: bare.native,

    async get(key, options) {
      const found =
        options.version === undefined ? await find(key, options.signal, CONTENT_FIELDS) : undefined;
      if (found !== undefined) {
        const { item, info, said } = found;
        const object = await readItem(drive, key, item, options, info.version);
        if (object !== undefined) return mapBody(object, { info: { ...object.info, ...said } });
      }
      return (await whole()).get(key, options);
    },
    put: (key, body, options) => writing((provider) => provider.put(key, body, options)),
    stat,
    statMany,
    delete: (key, options) => writing((provider) => provider.delete(key, options)),
    async *list(options) {
      yield* (await whole()).list(options);
    },

    deleteMany: (keys, options) => writing((provider) => provider.deleteMany(keys, options)),
    move: (from, to, options) => writing((provider) => provider.move(from, to, options)),
    setMetadata: (key, patch, options) =>
      writing((provider) => provider.setMetadata(key, patch, options)),
    async upload(key, options) {
      const session = await (await whole()).upload(key, options);
      return { ...session, complete: (asked) => writing(() => session.complete(asked)) };
    },
  };
}

function tagOf({ id, etag }: KnownWrite): string {
  return JSON.stringify({ id, etag });
}

function bodyIn(answer: BatchAnswer | undefined): unknown {
  if (answer !== undefined && 'error' in answer) throw answer.error;
  return answer?.body;
}

/** The file of an answer, `undefined` where there is none. */
function presentIn(answer: BatchAnswer | undefined): DriveItem | undefined {
  try {
    return fileOf(bodyIn(answer));
  } catch (error) {
    if (isStorageError(error, 'not-found')) return undefined;
    throw error;
  }
}
