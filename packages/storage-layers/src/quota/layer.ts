import {
  type BatchOptions,
  type BatchResult,
  type Body,
  isStorageError,
  type ObjectInfo,
  ownOperation,
  type PutEntry,
  type StorageProvider,
  toStorageError,
  unsupported,
} from '@granary/storage-core/provider';
import { countedSession, type SessionParts } from './counted-session.ts';
import type { HeldObjects } from './held-objects.ts';
import type { UsageCounter } from './usage-counter.ts';
import { type WriteTicket, writeTicket } from './write-ticket.ts';

/** Settings of {@link quotaLayer}. */
export interface QuotaLayerSettings {
  readonly below: StorageProvider;
  readonly counter: UsageCounter;
  readonly objects: HeldObjects;
}

/** The guarded provider below, with every write counted before it begins. */
export function quotaLayer({ below, counter, objects }: QuotaLayerSettings): StorageProvider {
  const own = ownOperation(below);
  const partsByToken = new Map<string, SessionParts>();
  const capabilities = () => ({ ...below.capabilities, usage: true });

  /** Writes an object whose size is known before. */
  async function add(
    key: string,
    sizeBytes: number,
    write: () => Promise<ObjectInfo>,
    leaving?: string,
  ): Promise<ObjectInfo> {
    const before = objects.sizeOf(key);
    const more = {
      bytes: Math.max(0, sizeBytes - (before ?? 0)),
      objects: before === undefined ? 1 : 0,
    };
    counter.hold(key, more, { leaving, isDoubted: objects.isDoubted(key) });
    try {
      const info = await write();
      objects.count(key, info.size);
      return info;
    } catch (error) {
      if (isUnsure(error)) objects.doubt(key, sizeBytes);
      throw error;
    } finally {
      counter.release(key, more, leaving);
    }
  }

  /** What is gone when it succeeds, and perhaps when it fails. */
  async function remove<Result>(
    keys: readonly string[],
    run: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await run();
    } catch (error) {
      if (isUnsure(error)) for (const key of keys) objects.doubt(key);
      throw error;
    }
  }

  function ticketFor(key: string, body: Body): WriteTicket {
    const size = () => objects.sizeOf(key);
    return writeTicket(counter, key, body, size, () => objects.isDoubted(key));
  }

  function end(key: string, ticket: WriteTicket, body: Body, written: ObjectInfo | Error): void {
    ticket.end();
    if (!(written instanceof Error)) objects.count(key, written.size);
    else if (isUnsure(written)) objects.doubt(key, body.size ?? ticket.heldSize());
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

    get: (key, options) => below.get(key, options),
    put: (key, body, options) =>
      objects.change([key], options, async () => {
        const ticket = ticketFor(key, body);
        try {
          const info = await below.put(key, ticket.body, options);
          end(key, ticket, body, info);
          return info;
        } catch (error) {
          const failure = ticket.refusal() ?? toStorageError(error);
          end(key, ticket, body, failure);
          throw failure;
        }
      }),
    stat: (key, options) => below.stat(key, options),
    delete: (key, options) =>
      objects.change([key], options, () =>
        remove([key], async () => {
          const result = await below.delete(key, options);
          if (options.version === undefined) objects.count(key, undefined);
          else objects.doubt(key);
          return result;
        }),
      ),
    list: (options) => below.list(options),

    candidates: (query, options) => own('candidates')(query, options),
    putMany: (entries, options) =>
      objects.change(
        entries.map(({ key }) => key),
        options,
        () => putThatFit(entries, options),
      ),
    getMany: (keys, options) => own('getMany')(keys, options),
    statMany: (keys, options) => own('statMany')(keys, options),
    deleteMany: (keys, options) =>
      objects.change(keys, options, () =>
        remove(keys, async () => {
          const results = await own('deleteMany')(keys, options);
          for (const result of results) {
            if (result.ok) objects.count(result.key, undefined);
            else if (isUnsure(result.error)) objects.doubt(result.key);
          }
          return results;
        }),
      ),

    copy: (from, to, options) =>
      objects.change(
        [from, to],
        options,
        () => add(to, objects.sizeOf(from) ?? 0, () => own('copy')(from, to, options)),
        from,
      ),
    move: (from, to, options) =>
      objects.change(
        [from, to],
        options,
        () =>
          remove([from], async () => {
            const size = objects.sizeOf(from) ?? 0;
            const info = await add(to, size, () => own('move')(from, to, options), from);
            if (from !== to) objects.count(from, undefined);
            return info;
          }),
        from,
      ),
    setMetadata: (key, patch, options) => own('setMetadata')(key, patch, options),

    async upload(key, options) {
      await objects.ready(options);
      const { totalBytes = 0, token } = options;
      const fits = { bytes: totalBytes, objects: 0 };
      if (token === undefined) {
        // Room is looked for at the start, and taken part by part.
        counter.hold(key, fits);
        counter.release(key, fits);
      }
      const session = await own('upload')(key, options);
      return countedSession({ session, counter, objects, partsByToken });
    },
    uploads: (options) => own('uploads')(options),

    async presign(key, options) {
      if (options.method === 'PUT') {
        throw unsupported(below.name, 'presigning PUT below a quota').with({
          hint: 'What is sent past this process cannot be counted. Take the content and put it.',
        });
      }
      return own('presign')(key, options);
    },
    publicUrl: (key) => own('publicUrl')(key),

    versions: {
      list: (key, options) => own('versions').list(key, options),
      restore: (key, version, options) =>
        objects.change([key], options, async () => {
          const { size } = await below.stat(key, { ...options, version });
          return add(key, size, () => own('versions').restore(key, version, options));
        }),
    },
    objectTags: {
      get: (key, options) => own('objectTags').get(key, options),
      set: (key, tags, options) => own('objectTags').set(key, tags, options),
    },

    watch: (options) => own('watch')(options),
    changes: (options) => own('changes')(options),
    async usage(options) {
      await objects.ready(options);
      const usage = counter.usage();
      if (usage.totalBytes !== undefined || below.usage === undefined) return usage;
      const { totalBytes } = await below.usage(options);
      return { ...usage, ...(totalBytes !== undefined && { totalBytes }) };
    },
    health: (options) => own('health')(options),
    async close() {
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;

  /** Puts the entries that fit; of an atomic batch, all or none. */
  async function putThatFit(
    entries: readonly PutEntry[],
    options: BatchOptions,
  ): Promise<readonly BatchResult<ObjectInfo>[]> {
    const places = entries.map(placeFor);
    let failure: Error | undefined;
    try {
      for (const { refused } of places) if (options.atomic && refused) throw refused;
      const fitting = places.filter(({ ticket }) => ticket !== undefined);
      const answers = await own('putMany')(
        fitting.map(({ entry, ticket }) => ({ ...entry, body: ticket?.body ?? entry.body })),
        options,
      );
      for (const [index, place] of fitting.entries()) place.answer = answers[index];
      return places.flatMap(({ entry: { key }, ticket, refused, answer }) => {
        const error = refused ?? ticket?.refusal();
        if (error !== undefined) return [{ key, ok: false as const, error }];
        return answer ?? [];
      });
    } catch (error) {
      const refused = places.find(({ ticket }) => ticket?.refusal() !== undefined);
      failure = refused?.ticket?.refusal() ?? toStorageError(error);
      throw failure;
    } finally {
      for (const { entry, ticket, answer } of places) {
        const written = answer?.ok ? answer.value : (answer?.error ?? failure);
        if (ticket !== undefined && written !== undefined) {
          end(entry.key, ticket, entry.body, written);
        }
      }
    }
  }

  function placeFor(entry: PutEntry): Place {
    const { key, body } = entry;
    try {
      return { entry, ticket: ticketFor(key, body) };
    } catch (error) {
      return { entry, refused: toStorageError(error, { key }) };
    }
  }
}

interface Place {
  readonly entry: PutEntry;
  readonly ticket?: WriteTicket;
  readonly refused?: Error;
  answer?: BatchResult<ObjectInfo> | undefined;
}

/** Whether a write that failed may have been applied. The guard below has said what is known. */
function isUnsure(error: unknown): boolean {
  return !isStorageError(error) || error.outcome !== 'not-applied';
}
