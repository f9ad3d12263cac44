import {
  defineLayer,
  type LayerFactory,
  type StorageProvider,
  unsupported,
} from '@granary/storage-core/provider';

/** What happened in one operation. */
export interface AcmeEvent {
  /** Name of the operation, such as `put` or `versions.list`. */
  readonly operation: string;
  /** The key, or the prefix of a listing. Absent where there is none. */
  readonly key?: string;
  /** Units: ms from the call to its end; a body is read after that. */
  readonly durationMs: number;
  /** What the operation failed with. Absent when it succeeded. */
  readonly error?: unknown;
}

/** Options of {@link withAcme}. */
export interface AcmeOptions {
  /** Told of every operation when it has ended. What it throws is not caught. */
  readonly onOperation: (event: AcmeEvent) => void;
  /** The clock. Units: ms. Default: `performance.now`. */
  readonly now?: () => number;
}

/**
 * A provider that tells of every operation. It changes neither bytes nor keys nor rights, and may
 * stand anywhere among other layers.
 * Errors: those of the provider below.
 */
export function withAcme(provider: StorageProvider, options: AcmeOptions): StorageProvider {
  return createAcme.provider(provider, options);
}

/** A storage over another one that tells of every operation. Errors: as {@link withAcme}. */
export const createAcme: LayerFactory<AcmeOptions> = /* @__PURE__ */ defineLayer({
  name: 'acme',
  layer: acmeLayer,
});

/**
 * Every operation is listed, so that a new one is looked at before it passes. Core hides those that
 * the provider below does not declare.
 */
function acmeLayer(below: StorageProvider, options: AcmeOptions): StorageProvider {
  const { onOperation, now = () => performance.now() } = options;

  const layer: StorageProvider = {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      return below.capabilities;
    },

    open: async (options) => below.open?.(options),
    get: (key, options) => tell('get', key, () => below.get(key, options)),
    put: (key, body, options) => tell('put', key, () => below.put(key, body, options)),
    stat: (key, options) => tell('stat', key, () => below.stat(key, options)),
    delete: (key, options) => tell('delete', key, () => below.delete(key, options)),
    list: (options) => tellWalk('list', options.prefix, below.list(options)),

    candidates: (query, options) =>
      tellWalk('candidates', query.prefix, own('candidates')(query, options)),
    putMany: (entries, options) =>
      tell('putMany', undefined, () => own('putMany')(entries, options)),
    getMany: (keys, options) => tell('getMany', undefined, () => own('getMany')(keys, options)),
    statMany: (keys, options) => tell('statMany', undefined, () => own('statMany')(keys, options)),
    deleteMany: (keys, options) =>
      tell('deleteMany', undefined, () => own('deleteMany')(keys, options)),

    copy: (from, to, options) => tell('copy', from, () => own('copy')(from, to, options)),
    move: (from, to, options) => tell('move', from, () => own('move')(from, to, options)),
    setMetadata: (key, patch, options) =>
      tell('setMetadata', key, () => own('setMetadata')(key, patch, options)),

    upload: (key, options) => tell('upload', key, () => own('upload')(key, options)),
    uploads: (options) => tellWalk('uploads', options.prefix, own('uploads')(options)),

    presign: (key, options) => tell('presign', key, () => own('presign')(key, options)),
    publicUrl: (key) => own('publicUrl')(key),

    versions: {
      list: (key, options) => tellWalk('versions.list', key, own('versions').list(key, options)),
      restore: (key, version, options) =>
        tell('versions.restore', key, () => own('versions').restore(key, version, options)),
    },
    objectTags: {
      get: (key, options) => tell('objectTags.get', key, () => own('objectTags').get(key, options)),
      set: (key, tags, options) =>
        tell('objectTags.set', key, () => own('objectTags').set(key, tags, options)),
    },

    watch: (options) => tell('watch', options.prefix, () => own('watch')(options)),
    changes: (options) => tellWalk('changes', undefined, own('changes')(options)),

    usage: (options) => tell('usage', undefined, () => own('usage')(options)),
    health: (options) => tell('health', undefined, () => own('health')(options)),

    close: async () => below.close?.(),
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;

  async function tell<Result>(
    operation: string,
    key: string | undefined,
    call: () => Promise<Result>,
  ): Promise<Result> {
    const startedAt = now();
    try {
      const result = await call();
      report(operation, key, startedAt);
      return result;
    } catch (error) {
      report(operation, key, startedAt, { error });
      throw error;
    }
  }

  /** A walk is one operation, from its first step until it ends or is left. */
  async function* tellWalk<Item>(
    operation: string,
    key: string | undefined,
    walk: AsyncIterable<Item>,
  ): AsyncGenerator<Item, void, undefined> {
    const startedAt = now();
    let failure: { readonly error: unknown } | undefined;
    try {
      yield* walk;
    } catch (error) {
      failure = { error };
      throw error;
    } finally {
      report(operation, key, startedAt, failure);
    }
  }

  function report(
    operation: string,
    key: string | undefined,
    startedAt: number,
    failure: { readonly error?: unknown } = {},
  ): void {
    const durationMs = now() - startedAt;
    onOperation({ operation, ...(key !== undefined && { key }), durationMs, ...failure });
  }

  function own<Name extends keyof StorageProvider>(name: Name): NonNullable<StorageProvider[Name]> {
    const operation = below[name];
    if (operation == null) throw unsupported(below.name, name);
    return operation;
  }
}
