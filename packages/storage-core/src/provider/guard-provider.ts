import { mapBody } from '../bodies/map-body.ts';
import { addBodyTerms } from '../bodies/stored-object.ts';
import type { StoredObject } from '../contract/body.ts';
import type { ListPage, OperationOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { canStartKey, checkKey } from '../keys/check-key.ts';
import { admission } from './admission.ts';
import {
  checkCopy,
  checkDelete,
  checkGet,
  checkList,
  checkObjectTags,
  checkPresign,
  checkPut,
  checkSetMetadata,
  checkStat,
  checkUpload,
  invalid,
} from './check-options.ts';
import { guardBatch } from './guard-batch.ts';
import { guardSession } from './guard-session.ts';
import { guardWatchers } from './guard-watchers.ts';
import { OPTIONAL_OPERATIONS, type OptionalOperation } from './optional-operations.ts';
import { ownOperation } from './own-operation.ts';
import { isGuarded, tellState } from './state-of.ts';

/**
 * Puts core's half of the contract around a provider: every rule of SPEC.md that is marked *core*.
 * It opens the provider with the first operation, checks what is asked for before any I/O, labels
 * every error, counts what is in flight and waits for it in `close`. An optional operation is
 * present when its capability is declared; before `open` has run that may be fewer than after.
 * Guarding twice changes nothing.
 * Errors: `invalid-config` for a provider that declares what it does not have, or the other way round.
 */
export function guardProvider(provider: StorageProvider): StorageProvider {
  if (isGuarded(provider)) return provider;
  const gate = admission(provider);
  const { run, walk } = gate;
  const can = gate.capabilities;
  const own = ownOperation(provider);
  const watchers = guardWatchers(gate);

  function finishGet(signal: AbortSignal | undefined) {
    const terms = { provider: provider.name, signal, onRead: gate.track };
    return (object: StoredObject): StoredObject => {
      if (addBodyTerms(object, terms)) return object;
      const known = mapBody(object, {});
      addBodyTerms(known, terms);
      return known;
    };
  }

  const finishPlainGet = finishGet(undefined);

  const guarded: StorageProvider = {
    specVersion: provider.specVersion,
    name: provider.name,
    get capabilities() {
      return can();
    },

    async open({ signal }) {
      await gate.open(signal);
      return can();
    },

    get(key, options) {
      const { signal } = options;
      return run(
        { operation: 'get', key, signal },
        () => {
          checkGet(key, options, can());
          return provider.get(key, options);
        },
        signal === undefined ? finishPlainGet : finishGet(signal),
      );
    },

    put(key, body, options) {
      return run({ operation: 'put', key, signal: options.signal, writes: true, body }, () => {
        checkPut(key, body, options, can());
        return provider.put(key, body, options);
      });
    },

    stat(key, options) {
      return run({ operation: 'stat', key, signal: options.signal }, () => {
        checkStat(key, options, can());
        return provider.stat(key, options);
      });
    },

    delete(key, options) {
      return run({ operation: 'delete', key, signal: options.signal, writes: true }, () => {
        checkDelete(key, options, can());
        return provider.delete(key, options);
      });
    },

    list(options) {
      let cursor: string | undefined;
      return walk(
        { operation: 'list', signal: options.signal },
        () => {
          checkList(options, can());
          cursor = options.cursor;
          if (canStartKey(options.prefix ?? '', can().maxKeyBytes)) return provider.list(options);
          if (cursor !== undefined) throw invalid('no key starts with this prefix.');
          return undefined;
        },
        (page: ListPage) => {
          if (page.cursor !== undefined && page.cursor === cursor) {
            throw new StorageError('unavailable', 'the listing does not move on after a page.');
          }
          cursor = page.cursor;
        },
      );
    },

    close: () => gate.close(watchers.close),
  };
  tellState(guarded, gate.state);
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(guarded, name, { enumerable: true, get: () => provider[name] });
  }
  const operations: Required<Pick<StorageProvider, OptionalOperation>> = {
    candidates: (query, options) =>
      walk({ operation: 'candidates', signal: options.signal }, () =>
        canStartKey(query.prefix ?? '', can().maxKeyBytes)
          ? own('candidates')(query, options)
          : undefined,
      ),
    putMany: (entries, options) =>
      guardBatch(gate, 'putMany', entries, options, {
        check: ({ key, body, options: each = {} }) => checkPut(key, body, each, can()),
        call: (good) => own('putMany')(good, options),
      }),
    getMany: (keys, options) =>
      guardBatch(gate, 'getMany', keys, options, {
        check: (key) => checkGet(key, {}, can()),
        call: (good) => own('getMany')(good, options),
        finish: finishGet(options.signal),
      }),
    statMany: (keys, options) =>
      guardBatch(gate, 'statMany', keys, options, {
        check: (key) => checkStat(key, {}, can()),
        call: (good) => own('statMany')(good, options),
      }),
    deleteMany: (keys, options) =>
      guardBatch(gate, 'deleteMany', keys, options, {
        check: (key) => checkDelete(key, {}, can()),
        call: (good) => own('deleteMany')(good, options),
      }),

    copy: (from, to, options) =>
      run({ operation: 'copy', key: from, signal: options.signal, writes: true }, () => {
        checkCopy(from, to, options, can());
        return own('copy')(from, to, options);
      }),
    move: (from, to, options) =>
      run({ operation: 'move', key: from, signal: options.signal, writes: true }, () => {
        checkCopy(from, to, options, can());
        return own('move')(from, to, options);
      }),
    setMetadata: (key, patch, options) =>
      run({ operation: 'setMetadata', key, signal: options.signal, writes: true }, () => {
        checkSetMetadata(key, patch, options.ifMatch, can());
        return own('setMetadata')(key, patch, options);
      }),

    upload: (key, options) =>
      run({ operation: 'upload', key, signal: options.signal }, async () => {
        checkUpload(key, options, can());
        return guardSession(gate, await own('upload')(key, options));
      }),
    uploads: (options) =>
      walk({ operation: 'uploads', signal: options.signal }, () => own('uploads')(options)),

    presign: (key, options) =>
      run({ operation: 'presign', key, signal: options.signal }, async () =>
        own('presign')(key, checkPresign(key, options, can())),
      ),
    publicUrl(key) {
      try {
        checkKey(key, can().maxKeyBytes);
        return own('publicUrl')(key);
      } catch (error) {
        throw gate.label(error, { operation: 'publicUrl', key });
      }
    },

    versions: {
      list: (key, options) =>
        walk({ operation: 'versions.list', key, signal: options.signal }, () => {
          checkKey(key, can().maxKeyBytes);
          return own('versions').list(key, options);
        }),
      restore: (key, version, options) =>
        run({ operation: 'versions.restore', key, signal: options.signal, writes: true }, () => {
          checkStat(key, { version }, can());
          return own('versions').restore(key, version, options);
        }),
    },

    objectTags: {
      get: (key, options) =>
        run({ operation: 'objectTags.get', key, signal: options.signal }, () => {
          checkStat(key, {}, can());
          return own('objectTags').get(key, options);
        }),
      set: (key, tags, options) =>
        run({ operation: 'objectTags.set', key, signal: options.signal, writes: true }, () => {
          checkStat(key, {}, can());
          checkObjectTags(tags);
          return own('objectTags').set(key, tags, options);
        }),
    },

    watch: (options) => watchers.watch(options, () => own('watch')(options)),
    changes: (options) =>
      walk({ operation: 'changes', signal: options.signal }, () => {
        if (options.cursor === '') throw invalid('cursor is not one that a page carried.');
        return own('changes')(options);
      }),

    usage: (options) => run(place('usage', options), () => own('usage')(options)),
    health: (options) => run(place('health', options), () => own('health')(options)),
  };
  for (const name of OPTIONAL_OPERATIONS) {
    Object.defineProperty(guarded, name, {
      enumerable: true,
      get: () => (can()[name] ? operations[name] : undefined),
    });
  }
  return guarded;
}

function place(operation: string, { signal }: OperationOptions) {
  return { operation, signal };
}
