import type { StoredObject } from '../contract/body.ts';
import type { RetryOptions } from '../contract/factory.ts';
import type {
  DeleteResult,
  ListEntry,
  ListOptions,
  ListPage,
  PutEntry,
} from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { layersOf, nameLayers } from './layers-of.ts';
import { openedProvider } from './opened-provider.ts';
import { OPTIONAL_OPERATIONS, type OptionalOperation } from './optional-operations.ts';
import { ownOperation } from './own-operation.ts';
import { retriedBatch } from './retry-batch.ts';
import { retriedObject } from './retry-body.ts';
import { retryLoop } from './retry-loop.ts';
import { retriedSession } from './retry-session.ts';
import { retriedWalk } from './retry-walk.ts';
import { createWriteId, isConditional, retriedPut, watchedBody } from './retry-write.ts';

/**
 * A provider that tries again what failed for a passing reason. It changes neither bytes nor keys
 * nor rights, and stands right above the backend: below caches, encryption and the like.
 *
 * - Only errors that say `retryable`, after `retryAfterMs` or a random back-off.
 * - A body that cannot be read again is never repeated. A read body that breaks is continued from
 *   where it broke, of the same write alone.
 * - A conditional write whose reply was lost is settled by the id that it carried, where the
 *   provider declares `writeIds`; elsewhere the error says `outcome: 'unknown'`. A `move`, a
 *   conditional `delete` or `copy` and a `restore` are never repeated blindly.
 * - A listing goes on behind its last page; of an upload the part is sent again.
 *
 * Errors: `timeout` for a try, a silence in a body or a whole operation that takes too long.
 */
export function withRetry(provider: StorageProvider, options: RetryOptions = {}): StorageProvider {
  const loop = retryLoop(provider.name, options);
  const { run } = loop;
  const own = ownOperation(provider);
  const below = openedProvider(provider);
  const read = { provider, can: below.capabilities, loop };

  const retried: StorageProvider = {
    specVersion: provider.specVersion,
    name: provider.name,
    get capabilities() {
      return provider.capabilities;
    },

    get: (key, options) =>
      run<StoredObject>(
        { operation: 'get', key, signal: options.signal, discard: letGo },
        ({ signal }) => provider.get(key, { ...options, signal }),
      ).then((object) => retriedObject(read, key, options, object)),

    put: (key, body, options) => retriedPut(read, key, body, options),

    stat: (key, options) =>
      run({ operation: 'stat', key, signal: options.signal }, ({ signal }) =>
        provider.stat(key, { ...options, signal }),
      ),

    delete(key, options) {
      const conditional = options.ifMatch !== undefined;
      return run<DeleteResult>(
        {
          operation: 'delete',
          key,
          signal: options.signal,
          writes: true,
          again: ({ outcome }) => !conditional || outcome === 'not-applied',
        },
        async ({ signal, unsure }) => {
          const result = await provider.delete(key, { ...options, signal });
          // What is gone now may have been there for the try whose reply was lost.
          return unsure && result.existed === false ? {} : result;
        },
      );
    },

    list: (options) => retriedList(options),
  };

  async function* retriedList(options: ListOptions): AsyncGenerator<ListPage, void, undefined> {
    const { limit } = options;
    let cursor = options.cursor;
    let count = 0;
    let behindLast = false;
    yield* retriedWalk<ListPage>(loop, {
      operation: 'list',
      signal: options.signal,
      again: () => !behindLast,
      open: (signal) =>
        provider.list({
          ...options,
          ...(cursor !== undefined && { cursor }),
          ...(limit !== undefined && { limit: limit - count }),
          signal,
        }),
      take(page) {
        cursor = page.cursor;
        count += page.entries.length;
        behindLast = cursor === undefined || count === limit;
        return page;
      },
    });
  }

  /** A walk without cursors: it begins again, and what came already is left out. */
  async function* retriedFromStart<Item>(
    about: {
      readonly operation: string;
      readonly key?: string;
      readonly signal?: AbortSignal | undefined;
    },
    open: (signal: AbortSignal) => AsyncIterable<readonly Item[]>,
    idOf: (item: Item) => string,
  ): AsyncGenerator<readonly Item[], void, undefined> {
    const seen = new Set<string>();
    yield* retriedWalk<readonly Item[]>(loop, {
      ...about,
      open,
      take(page) {
        const fresh = page.filter((item) => !seen.has(idOf(item)));
        for (const item of fresh) seen.add(idOf(item));
        return fresh.length > 0 || page.length === 0 ? fresh : undefined;
      },
    });
  }

  const operations: Pick<Required<StorageProvider>, OptionalOperation | 'open' | 'close'> = {
    open: ({ signal: outer }) =>
      run({ operation: 'open', signal: outer }, ({ signal }) => below.open({ signal })),
    close: async () => provider.close?.(),

    async *candidates(query, options) {
      const pages = retriedFromStart(
        { operation: 'candidates', signal: options.signal },
        (signal) => entriesOf(own('candidates')(query, { signal })),
        ({ key }) => key,
      );
      for await (const entries of pages) yield { entries };
    },
    putMany(entries, { signal, atomic = false }) {
      const items = entries.map((entry) => ({ entry, watched: watchedBody(entry.body) }));
      return retriedBatch(loop, {
        operation: 'putMany',
        items,
        atomic,
        signal,
        writes: true,
        contentBytes: entries.reduce((sum, { body }) => sum + (body.size ?? 0), 0),
        keyOf: ({ entry }) => entry.key,
        mayRepeat: ({ entry, watched }, outcome) =>
          watched.isWhole() && (outcome === 'not-applied' || !isConditional(entry.options ?? {})),
        call: (some, one) =>
          own('putMany')(
            some.map(({ entry, watched }): PutEntry => ({ ...entry, body: watched.of(one) })),
            { signal: one.signal, atomic },
          ),
      });
    },
    getMany: (keys, { signal }) =>
      retriedBatch(loop, {
        operation: 'getMany',
        items: keys,
        atomic: false,
        signal,
        keyOf: (key) => key,
        mayRepeat: () => true,
        discard: (late) => {
          for (const result of late) if (result.ok) void result.value.cancel().catch(() => {});
        },
        async call(some, one) {
          const results = await own('getMany')(some, { signal: one.signal });
          return results.map((result) =>
            result.ok
              ? {
                  ...result,
                  value: retriedObject(
                    read,
                    result.key,
                    signal === undefined ? {} : { signal },
                    result.value,
                  ),
                }
              : result,
          );
        },
      }),
    statMany: (keys, { signal }) =>
      retriedBatch(loop, {
        operation: 'statMany',
        items: keys,
        atomic: false,
        signal,
        keyOf: (key) => key,
        mayRepeat: () => true,
        call: (some, one) => own('statMany')(some, { signal: one.signal }),
      }),
    deleteMany: (keys, { signal, atomic = false }) =>
      retriedBatch(loop, {
        operation: 'deleteMany',
        items: keys,
        atomic,
        signal,
        writes: true,
        keyOf: (key) => key,
        mayRepeat: () => true,
        call: (some, one) => own('deleteMany')(some, { signal: one.signal, atomic }),
      }),

    copy: (from, to, options) =>
      run(
        {
          operation: 'copy',
          key: from,
          signal: options.signal,
          writes: true,
          again: ({ outcome }) => options.ifNoneMatch === undefined || outcome === 'not-applied',
        },
        ({ signal }) => own('copy')(from, to, { ...options, signal }),
      ),
    move: (from, to, options) =>
      run(
        {
          operation: 'move',
          key: from,
          signal: options.signal,
          writes: true,
          again: ({ outcome }) => outcome === 'not-applied',
        },
        ({ signal }) => own('move')(from, to, { ...options, signal }),
      ),
    setMetadata: (key, patch, options) =>
      run(
        {
          operation: 'setMetadata',
          key,
          signal: options.signal,
          writes: true,
          again: ({ outcome }) => options.ifMatch === undefined || outcome === 'not-applied',
        },
        ({ signal }) => own('setMetadata')(key, patch, { ...options, signal }),
      ),

    async upload(key, options) {
      // Which write a session of another process carries, only that process knows.
      const mayMark = below.capabilities().writeIds === true && options.token === undefined;
      const writeId = options.writeId ?? (mayMark ? createWriteId() : undefined);
      const session = await run(
        { operation: 'upload', key, signal: options.signal },
        ({ signal }) =>
          own('upload')(key, {
            ...options,
            ...(writeId !== undefined && { writeId }),
            signal,
          }),
      );
      return retriedSession(read, session, writeId);
    },
    async *uploads(options) {
      const pages = retriedFromStart(
        { operation: 'uploads', signal: options.signal },
        (signal) => oneByOne(own('uploads')({ ...options, signal })),
        ({ token }) => token,
      );
      for await (const page of pages) yield* page;
    },

    presign: (key, options) =>
      run({ operation: 'presign', key, signal: options.signal }, ({ signal }) =>
        own('presign')(key, { ...options, signal }),
      ),
    publicUrl: (key) => own('publicUrl')(key),

    versions: {
      list: (key, options) =>
        retriedFromStart(
          { operation: 'versions.list', key, signal: options.signal },
          (signal) => own('versions').list(key, { ...options, signal }),
          ({ version, etag }) => version ?? etag,
        ),
      restore: (key, version, options) =>
        run(
          {
            operation: 'versions.restore',
            key,
            signal: options.signal,
            writes: true,
            again: ({ outcome }) => outcome === 'not-applied',
          },
          ({ signal }) => own('versions').restore(key, version, { ...options, signal }),
        ),
    },

    objectTags: {
      get: (key, options) =>
        run({ operation: 'objectTags.get', key, signal: options.signal }, ({ signal }) =>
          own('objectTags').get(key, { ...options, signal }),
        ),
      set: (key, tags, options) =>
        run(
          { operation: 'objectTags.set', key, signal: options.signal, writes: true },
          ({ signal }) => own('objectTags').set(key, tags, { ...options, signal }),
        ),
    },

    // The watcher outlives the try, so it gets the caller's own signal.
    watch: (options) =>
      run(
        {
          operation: 'watch',
          signal: options.signal,
          discard: (late) => void late.close().catch(() => {}),
        },
        () => own('watch')(options),
      ),
    async *changes(options) {
      let { cursor } = options;
      yield* retriedWalk(loop, {
        operation: 'changes',
        signal: options.signal,
        // Beginning again from now would leave out what happened meanwhile.
        again: () => cursor !== undefined,
        open: (signal) => own('changes')({ ...(cursor !== undefined && { cursor }), signal }),
        take(page) {
          cursor = page.cursor;
          return page;
        },
      });
    },

    usage: (options) =>
      run({ operation: 'usage', signal: options.signal }, ({ signal }) =>
        own('usage')({ ...options, signal }),
      ),
    // A check tells how things are now.
    health: (options) => own('health')(options),
  };

  for (const name of [...OPTIONAL_OPERATIONS, 'open', 'close'] as const) {
    Object.defineProperty(retried, name, {
      enumerable: true,
      get: () => (provider[name] === undefined ? undefined : operations[name]),
    });
  }
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(retried, name, { enumerable: true, get: () => provider[name] });
  }
  return nameLayers(retried, layersOf(provider));
}

function letGo(late: StoredObject): void {
  late.cancel().catch(() => {});
}

async function* entriesOf(
  pages: AsyncIterable<ListPage>,
): AsyncGenerator<readonly ListEntry[], void, undefined> {
  for await (const { entries } of pages) yield entries;
}

async function* oneByOne<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  for await (const item of items) yield [item];
}
