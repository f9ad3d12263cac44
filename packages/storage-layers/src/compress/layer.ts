import {
  type BatchResult,
  type ListEntry,
  type ListPage,
  type ObjectInfo,
  type OperationOptions,
  ownOperation,
  type PutEntry,
  type PutOptions,
  StorageError,
  type StorageProvider,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { waitFor } from '../quota/wait-for.ts';
import { compressCapabilities } from './capabilities.ts';
import { plainSession } from './plain-session.ts';
import { putManyApart } from './put-apart.ts';
import { putInParts, takesInParts } from './put-parts.ts';
import { plainInfo, storedReader } from './read-object.ts';
import { type CompressRules, compressRules } from './rules.ts';
import { type StoredBody, toStoredBody } from './stored-body.ts';

/** Bodies of a batch that are compressed at once. */
const CONCURRENCY = 4;

/** Settings of {@link compressLayer}. */
export interface CompressLayerSettings {
  readonly rules: CompressRules;
  /** What the layer did not write is refused, so all that it writes is marked. */
  readonly refusesForeign: boolean;
}

/** The guarded provider below, with content compressed on its way down. */
export function compressLayer(
  below: StorageProvider,
  { rules, refusesForeign }: CompressLayerSettings,
): StorageProvider {
  const own = ownOperation(below);
  const wanted = compressRules(rules);
  const reader = storedReader(below, refusesForeign);
  const capabilities = () => compressCapabilities(below.capabilities, refusesForeign);

  function prepare(
    key: string,
    body: PutEntry['body'],
    options: Omit<PutOptions, 'signal'>,
  ): Promise<StoredBody> {
    return toStoredBody(body, {
      compress: wanted(key, options),
      wrapAll: refusesForeign,
      sizeAtEnd: below.capabilities.rangeReads === true,
    });
  }

  function written(info: ObjectInfo, { isWrapped, plainSize }: StoredBody): ObjectInfo {
    return reader.remember(isWrapped ? plainInfo(info, plainSize()) : info, isWrapped);
  }

  async function put(
    key: string,
    body: PutEntry['body'],
    options: PutOptions,
  ): Promise<ObjectInfo> {
    const stored = await waitFor(prepare(key, body, options), options.signal);
    const asked = withoutCompress(options);
    const write = takesInParts(below, stored.body.size)
      ? putInParts(below, key, stored.body, asked)
      : below.put(key, stored.body, asked);
    return written(await write, stored);
  }

  /**
   * The info of a write below whose content this layer did not see: it tells the size of what is
   * stored, and the header that of the content.
   */
  async function infoOf(
    key: string,
    info: ObjectInfo,
    { signal }: OperationOptions,
  ): Promise<ObjectInfo> {
    const place = signal === undefined ? {} : { signal };
    let now: ObjectInfo;
    try {
      now = await reader.stat(key, place);
    } catch (error) {
      throw toStorageError(error).with({ outcome: 'unknown' });
    }
    if (now.etag === info.etag) return { ...info, ...sizesOf(now) };
    throw new StorageError('conflict', 'the object was written again at once.', {
      retryable: true,
      outcome: 'unknown',
    });
  }

  async function* listed(
    pages: AsyncIterable<ListPage>,
  ): AsyncGenerator<ListPage, void, undefined> {
    for await (const page of pages) {
      yield { ...page, entries: page.entries.map(upEntry) };
    }
  }

  const layer: StorageProvider = {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      return capabilities();
    },
    async open(options) {
      await below.open?.(options);
      return capabilities();
    },

    async get(key, options) {
      const { signal, version } = options;
      return reader.open(await below.get(key, options), {
        ...(signal !== undefined && { signal }),
        ...(version !== undefined && { version }),
      });
    },
    put,
    stat: (key, options) => reader.stat(key, options),
    delete: (key, options) => below.delete(key, options),
    list: (options) => listed(below.list(options)),

    async putMany(entries, options) {
      const places = await inTurn(entries, async (entry): Promise<Place> => {
        try {
          const { key, body, options: asked = {} } = entry;
          const stored = prepare(key, body, asked);
          return { entry, stored: await waitFor(stored, options.signal) };
        } catch (error) {
          if (options.signal?.aborted) throw error;
          return { entry, failure: toStorageError(error, { key: entry.key }) };
        }
      });
      for (const { failure } of places) if (options.atomic && failure !== undefined) throw failure;
      const ready = places.filter((place) => place.stored !== undefined);
      const answers = await putManyApart(
        below,
        ready.map(({ entry, stored }) => ({
          key: entry.key,
          body: stored?.body ?? entry.body,
          ...(entry.options && { options: withoutCompress(entry.options) }),
        })),
        options,
      );
      for (const [index, place] of ready.entries()) place.answer = answers[index];
      return places.flatMap(({ entry: { key }, stored, failure, answer }) => {
        if (failure !== undefined) return [{ key, ok: false as const, error: failure }];
        if (answer === undefined || stored === undefined || !answer.ok) return answer ?? [];
        return [{ key, ok: true as const, value: written(answer.value, stored) }];
      });
    },
    async getMany(keys, options) {
      const results = await own('getMany')(keys, options);
      return Promise.all(
        results.map(async (result): Promise<typeof result> => {
          if (!result.ok) return result;
          try {
            return { ...result, value: await reader.open(result.value, options) };
          } catch (error) {
            if (options.signal?.aborted) throw error;
            return { key: result.key, ok: false, error: toStorageError(error, result) };
          }
        }),
      );
    },
    deleteMany: (keys, options) => own('deleteMany')(keys, options),

    copy: async (from, to, options) => infoOf(to, await own('copy')(from, to, options), options),
    move: async (from, to, options) => infoOf(to, await own('move')(from, to, options), options),
    setMetadata: async (key, patch, options) =>
      infoOf(key, await own('setMetadata')(key, patch, options), options),

    async upload(key, options) {
      if (options.compress && options.token === undefined) {
        throw unsupported(below.name, 'compress for an upload session').with({
          hint: 'Parts are stored as they are. put compresses content of any size.',
        });
      }
      return plainSession(await own('upload')(key, options));
    },
    uploads: (options) => own('uploads')(options),

    versions: {
      async *list(key, options) {
        for await (const infos of own('versions').list(key, options)) {
          yield await inTurn(infos, async (info) => {
            if (info.version === undefined) return info;
            const known = await reader.stat(key, { ...options, version: info.version });
            return { ...withoutSizes(info), ...sizesOf(known) };
          });
        }
      },
      restore: async (key, version, options) =>
        infoOf(key, await own('versions').restore(key, version, options), options),
    },
    objectTags: {
      get: (key, options) => own('objectTags').get(key, options),
      set: (key, tags, options) => own('objectTags').set(key, tags, options),
    },

    watch: (options) => own('watch')(options),
    changes: (options) => own('changes')(options),
    usage: (options) => own('usage')(options),
    health: (options) => own('health')(options),
    async close() {
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;
}

interface Place {
  readonly entry: PutEntry;
  readonly stored?: StoredBody;
  readonly failure?: Error;
  answer?: BatchResult<ObjectInfo> | undefined;
}

/** What depends on how the content is stored. */
function sizesOf({ size, checksums }: ObjectInfo): Pick<ObjectInfo, 'size' | 'checksums'> {
  return { size, ...(checksums && { checksums }) };
}

function withoutSizes<Info extends Partial<ObjectInfo>>(
  info: Info,
): Omit<Info, 'size' | 'checksums'> {
  const { size: _size, checksums: _checksums, ...rest } = info;
  return rest;
}

function upEntry(entry: ListEntry): ListEntry {
  return entry.kind === 'item' ? withoutSizes(entry) : entry;
}

function withoutCompress<Options extends Omit<PutOptions, 'signal'>>(
  options: Options,
): Omit<Options, 'compress'> {
  const { compress: _here, ...rest } = options;
  return rest;
}

/** Runs a step for every item, a bounded number at once. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  step: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const lanes = Array.from({ length: Math.min(CONCURRENCY, items.length) }, async () => {
    for (const [index, item] of rest) results[index] = await step(item);
  });
  await Promise.all(lanes);
  return results;
}
