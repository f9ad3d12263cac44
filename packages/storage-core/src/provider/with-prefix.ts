import { asyncDispose } from '../bodies/async-dispose.ts';
import { mapBody } from '../bodies/map-body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { ChangeEvent, WatchEvent, Watcher } from '../contract/events.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { BatchResult, ListPage } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { UploadSession } from '../contract/upload.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { checkKey, DEFAULT_MAX_KEY_BYTES } from '../keys/check-key.ts';
import { joinKey } from '../keys/join-key.ts';
import { ownOperation } from './own-operation.ts';

/** Settings of {@link withPrefix}. */
export interface PrefixOptions {
  /** Closing the view closes the provider, of which this is the only use. Default: it does nothing. */
  readonly owns?: boolean;
}

/**
 * The part of a store whose keys start with `prefix` and a slash, as if it were all there is: keys,
 * listings, events and errors are told without the prefix (SPEC KEY-7). `maxKeyBytes` shrinks by
 * it. `usage` tells about the whole store.
 * Errors: `invalid-key` when the prefix is not a key.
 */
export function withPrefix(
  provider: StorageProvider,
  prefix: string,
  { owns = false }: PrefixOptions = {},
): StorageProvider {
  checkKey(prefix, provider.capabilities.maxKeyBytes);
  const root = `${prefix}/`;
  const rootBytes = new TextEncoder().encode(root).byteLength;
  const down = (key: string) => joinKey(prefix, key);
  const up = (key: string) => key.slice(root.length);
  const upInfo = (info: ObjectInfo): ObjectInfo => ({ ...info, key: up(info.key) });
  const own = ownOperation(provider);

  function capabilities(): Capabilities {
    const below = provider.capabilities;
    return { ...below, maxKeyBytes: (below.maxKeyBytes ?? DEFAULT_MAX_KEY_BYTES) - rootBytes };
  }

  function upError(error: unknown): unknown {
    const isBelow = isStorageError(error) && error.key?.startsWith(root) && 'forKey' in error;
    return isBelow ? error.forKey(up(error.key ?? '')) : error;
  }

  function rethrow(error: unknown): never {
    throw upError(error);
  }

  /** A query of what is listed, as it is asked below. */
  function downQuery<Query extends { readonly prefix?: string; readonly startAfter?: string }>(
    query: Query,
  ): Query {
    const { prefix: start = '', startAfter } = query;
    return {
      ...query,
      prefix: root + start,
      ...(startAfter !== undefined && { startAfter: root + startAfter }),
    };
  }

  function upPage(page: ListPage): ListPage {
    return { ...page, entries: page.entries.map((entry) => ({ ...entry, key: up(entry.key) })) };
  }

  async function* pages<Page>(
    source: AsyncIterable<Page>,
    map: (page: Page) => Page,
  ): AsyncGenerator<Page, void, undefined> {
    try {
      for await (const page of source) yield map(page);
    } catch (error) {
      throw upError(error);
    }
  }

  async function results<Value>(
    pending: Promise<readonly BatchResult<Value>[]>,
    map: (value: Value) => Value,
  ): Promise<readonly BatchResult<Value>[]> {
    const batch = await pending.catch(rethrow);
    return batch.map((result) => {
      const key = up(result.key);
      return result.ok
        ? { key, ok: true, value: map(result.value) }
        : { key, ok: false, error: upError(result.error) as Error };
    });
  }

  /** An event as it is seen from here; `undefined` when it is about something else. */
  function upEvent<Event extends WatchEvent>(event: Event): Event | undefined {
    switch (event.type) {
      case 'put':
      case 'delete':
        if (event.key === undefined) return event;
        return event.key.startsWith(root) ? { ...event, key: up(event.key) } : undefined;
      case 'subtree': {
        const { prefix: changed = '', ...rest } = event;
        if (changed.startsWith(root)) return { ...event, prefix: up(changed) };
        return root.startsWith(changed) ? (rest as Event) : undefined;
      }
      default:
        return event;
    }
  }

  return {
    specVersion: 1,
    name: provider.name,
    get capabilities() {
      return capabilities();
    },
    async open(options) {
      await provider.open?.(options);
      return capabilities();
    },

    async get(key, options) {
      const object = await provider.get(down(key), options).catch(rethrow);
      return mapBody(object, { info: upInfo(object.info) });
    },
    put: (key, body, options) => provider.put(down(key), body, options).then(upInfo, rethrow),
    stat: (key, options) => provider.stat(down(key), options).then(upInfo, rethrow),
    delete: (key, options) => provider.delete(down(key), options).catch(rethrow),
    list: (options) => pages(provider.list(downQuery(options)), upPage),

    candidates: (query, options) => pages(own('candidates')(downQuery(query), options), upPage),

    putMany: (entries, options) =>
      results(
        own('putMany')(
          entries.map((entry) => ({ ...entry, key: down(entry.key) })),
          options,
        ),
        upInfo,
      ),
    getMany: (keys, options) =>
      results(own('getMany')(keys.map(down), options), (object) =>
        mapBody(object, { info: upInfo(object.info) }),
      ),
    statMany: (keys, options) => results(own('statMany')(keys.map(down), options), upInfo),
    deleteMany: (keys, options) =>
      results(own('deleteMany')(keys.map(down), options), (result) => result),

    copy: (from, to, options) => own('copy')(down(from), down(to), options).then(upInfo, rethrow),
    move: (from, to, options) => own('move')(down(from), down(to), options).then(upInfo, rethrow),
    setMetadata: (key, patch, options) =>
      own('setMetadata')(down(key), patch, options).then(upInfo, rethrow),

    async upload(key, options) {
      const session = await own('upload')(down(key), options).catch(rethrow);
      return upSession(session);
    },
    uploads({ prefix: start = '', ...options }) {
      const pending = own('uploads')({ ...options, prefix: root + start });
      return pages(pending, (upload) => ({ ...upload, key: up(upload.key) }));
    },

    presign: (key, options) => own('presign')(down(key), options).catch(rethrow),
    publicUrl(key) {
      try {
        return own('publicUrl')(down(key));
      } catch (error) {
        throw upError(error);
      }
    },

    versions: {
      list: (key, options) =>
        pages(own('versions').list(down(key), options), (infos) => infos.map(upInfo)),
      restore: (key, version, options) =>
        own('versions').restore(down(key), version, options).then(upInfo, rethrow),
    },

    objectTags: {
      get: (key, options) => own('objectTags').get(down(key), options).catch(rethrow),
      set: (key, tags, options) => own('objectTags').set(down(key), tags, options).catch(rethrow),
    },

    async watch({ prefix: start = '', ...options }) {
      const watcher = await own('watch')({ ...options, prefix: root + start }).catch(rethrow);
      return upWatcher(watcher);
    },
    changes: (options) =>
      pages(own('changes')(options), ({ events, cursor }) => ({
        events: events.map(upEvent).filter((event): event is ChangeEvent => event !== undefined),
        cursor,
      })),

    usage: (options) => own('usage')(options),
    health: (options) => own('health')(options),
    async close() {
      if (owns) await provider.close?.();
    },
  };

  function upSession(session: UploadSession): UploadSession {
    return {
      key: up(session.key),
      token: session.token,
      part: session.part,
      ...(session.expiresAt !== undefined && { expiresAt: session.expiresAt }),
      status: (options) => session.status(options).catch(rethrow),
      write: (offset, bytes, options) => session.write(offset, bytes, options).catch(rethrow),
      complete: (options) => session.complete(options).then(upInfo, rethrow),
      abort: (options) => session.abort(options).catch(rethrow),
    };
  }

  function upWatcher(watcher: Watcher): Watcher {
    async function* events(): AsyncGenerator<WatchEvent, void, undefined> {
      for await (const event of watcher) {
        const seen = upEvent(event);
        if (seen !== undefined) yield seen;
      }
    }
    const close = () => watcher.close();
    return { [Symbol.asyncIterator]: events, close, [asyncDispose]: close };
  }
}
