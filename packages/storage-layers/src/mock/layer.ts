import {
  type ObjectInfo,
  ownOperation,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { mockBatch, putThatFit } from './batch.ts';
import { type Flow, slowBody, slowObject } from './bodies.ts';
import type { CallSite, MockGate, MockOptions } from './control.ts';
import type { FaultOptions } from './faults.ts';
import { limitedQuota, noQuota } from './quota.ts';
import { type HeldParts, mockSession } from './upload.ts';

/** The guarded provider below, with every call going through the gate. */
export function mockLayer(
  below: StorageProvider,
  gate: MockGate,
  options: MockOptions,
): StorageProvider {
  const own = ownOperation(below);
  const { quotaLimit, chunkBytes, chunkDelay } = options;
  const { run, note } = gate;
  const quota = quotaLimit === undefined ? noQuota : limitedQuota(below, quotaLimit);
  const partsByToken = new Map<string, HeldParts>();

  const layer: StorageProvider = {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      return below.capabilities;
    },

    open: (options) =>
      run({ operation: 'open', options }, async () => {
        await below.open?.(options);
        await quota.open();
        return below.capabilities;
      }),

    get: (key, options) =>
      run({ operation: 'get', keys: [key], options, hasBody: true }, async (fault) =>
        slowObject(await below.get(key, options), flow(fault, false)),
      ),

    put: (key, body, options) =>
      run(
        { operation: 'put', keys: [key], options, writes: true, hasBody: true },
        async (fault) => {
          const ticket = quota.begin(key, slowBody(body, flow(fault, true)));
          let written: ObjectInfo | undefined;
          try {
            written = await below.put(key, ticket.body, options);
            return written;
          } finally {
            ticket.settle(written);
          }
        },
      ),

    stat: (key, options) =>
      run({ operation: 'stat', keys: [key], options }, () => below.stat(key, options)),

    delete: (key, options) =>
      run({ operation: 'delete', keys: [key], options, writes: true }, async () => {
        const result = await below.delete(key, options);
        if (options.version === undefined) quota.count(key, undefined);
        else await quota.recount(key);
        return result;
      }),

    async *list(options) {
      const { prefix = '', limit = Number.POSITIVE_INFINITY } = options;
      const pages = below.list(options)[Symbol.asyncIterator]();
      let left = limit;
      let isLast = false;
      try {
        for (let page = 1; !isLast; page += 1) {
          const site: CallSite = { operation: 'list', keys: [prefix], options, page };
          const step = await run(site, () => pages.next());
          if (step.done) return;
          left -= step.value.entries.length;
          isLast = step.value.cursor === undefined || left <= 0;
          yield step.value;
        }
      } finally {
        await pages.return?.();
      }
    },

    async *candidates(query, options) {
      const { prefix = '' } = query;
      const pages = await run({ operation: 'candidates', keys: [prefix], options }, async () =>
        own('candidates')(query, options),
      );
      yield* pages;
    },
    putMany: (entries, options) =>
      mockBatch(gate, { operation: 'putMany', writes: true }, entries, options, (items) => {
        const slow = items.map((item) => ({
          ...item,
          body: slowBody(item.body, flow(undefined, true)),
        }));
        return putThatFit(quota, slow, options, (fitting) => own('putMany')(fitting, options));
      }),
    getMany: (keys, options) =>
      mockBatch(gate, { operation: 'getMany' }, keys, options, async (items) => {
        const results = await own('getMany')(items, options);
        return results.map((result) =>
          result.ok
            ? { ...result, value: slowObject(result.value, flow(undefined, false)) }
            : result,
        );
      }),
    statMany: (keys, options) =>
      mockBatch(gate, { operation: 'statMany' }, keys, options, (items) =>
        own('statMany')(items, options),
      ),
    deleteMany: (keys, options) =>
      mockBatch(gate, { operation: 'deleteMany', writes: true }, keys, options, async (items) => {
        const results = await own('deleteMany')(items, options);
        for (const { key, ok } of results) if (ok) quota.count(key, undefined);
        return results;
      }),

    copy: (from, to, options) =>
      run({ operation: 'copy', keys: [from, to], options, writes: true }, () =>
        quota.add(
          to,
          () => quota.sizeOf(from),
          () => own('copy')(from, to, options),
        ),
      ),
    move: (from, to, options) =>
      run({ operation: 'move', keys: [from, to], options, writes: true }, async () => {
        const info = await own('move')(from, to, options);
        if (from !== to) quota.count(from, undefined);
        quota.count(to, info.size);
        return info;
      }),
    setMetadata: (key, patch, options) =>
      run({ operation: 'setMetadata', keys: [key], options, writes: true }, () =>
        own('setMetadata')(key, patch, options),
      ),

    upload: (key, options) =>
      run({ operation: 'upload', keys: [key], options }, async () => {
        const session = await own('upload')(key, options);
        return mockSession(session, gate, quota, partsByToken);
      }),
    async *uploads(options) {
      const { prefix = '' } = options;
      const pending = await run({ operation: 'uploads', keys: [prefix], options }, async () =>
        own('uploads')(options),
      );
      yield* pending;
    },

    presign: (key, options) =>
      run({ operation: 'presign', keys: [key], options }, () => own('presign')(key, options)),
    publicUrl(key) {
      note({ operation: 'publicUrl', keys: [key] });
      return own('publicUrl')(key);
    },

    versions: {
      async *list(key, options) {
        const pages = await run({ operation: 'versions.list', keys: [key], options }, async () =>
          own('versions').list(key, options),
        );
        yield* pages;
      },
      restore: (key, version, options) =>
        run({ operation: 'versions.restore', keys: [key], options, writes: true }, () =>
          quota.add(
            key,
            async () => (await below.stat(key, { version })).size,
            () => own('versions').restore(key, version, options),
          ),
        ),
    },

    objectTags: {
      get: (key, options) =>
        run({ operation: 'objectTags.get', keys: [key], options }, () =>
          own('objectTags').get(key, options),
        ),
      set: (key, tags, options) =>
        run({ operation: 'objectTags.set', keys: [key], options, writes: true }, () =>
          own('objectTags').set(key, tags, options),
        ),
    },

    watch: (options) =>
      run({ operation: 'watch', keys: [options.prefix ?? ''], options }, () =>
        own('watch')(options),
      ),
    async *changes(options) {
      yield* await run({ operation: 'changes', options }, async () => own('changes')(options));
    },

    usage: (options) =>
      run({ operation: 'usage', options }, async () => ({
        ...(await own('usage')(options)),
        ...(quotaLimit !== undefined && { totalBytes: quotaLimit }),
      })),
    health: (options) => run({ operation: 'health', options }, () => own('health')(options)),

    async close() {
      note({ operation: 'close' });
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;

  function flow(fault: FaultOptions | undefined, isWrite: boolean): Flow {
    const { clock } = gate.control;
    return { chunkBytes, chunkDelay, clock, fault, isWrite, hang: gate.hang };
  }
}
