import {
  type AttributesPatch,
  type BatchResult,
  type Body,
  type Capabilities,
  type CopyOptions,
  isStorageError,
  mapBody,
  type ObjectInfo,
  type OperationOptions,
  ownOperation,
  type PutEntry,
  type PutOptions,
  patchAttributes,
  StorageError,
  type StorageProvider,
  type StoredObject,
  unsupported,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { type ValidateScope, validateCapabilities } from './capabilities.ts';
import { checkBytes, checkStream } from './content-check.ts';
import { contentChecks } from './content-checks.ts';
import { checkDeclared, checkEncoding, type Declared } from './declared.ts';
import { checkedStream, gatedBody } from './gate.ts';
import {
  type KeyRules,
  limitsSize,
  looksAtAll,
  looksAtType,
  looksInside,
  typeRules,
} from './rules.ts';
import { checkedSession, sizedSession, type UploadState, uploadState } from './session.ts';
import { HEAD_BYTES } from './type-check.ts';

const HEAD_RANGE = { offset: 0, length: HEAD_BYTES };

export interface ValidateSettings extends ValidateScope {
  rulesOf(key: string): KeyRules;
}

/** The guarded provider below, with rules for what may be in it. */
export function validateLayer(below: StorageProvider, settings: ValidateSettings): StorageProvider {
  const own = ownOperation(below);
  const { rulesOf, onRead } = settings;
  const uploads = new Map<string, UploadState>();
  const capabilities = (): Capabilities => validateCapabilities(below.capabilities, settings);

  async function put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo> {
    const rules = rulesOf(key);
    if (rules.length === 0) return below.put(key, body, options);
    const { gated, failure, checkRead } = await gate(key, body, options, rules);
    try {
      const info = await below.put(key, gated, options);
      checkRead();
      return info;
    } catch (error) {
      throw failure() ?? error;
    }
  }

  /** The body with the checks around it that its size and its rules ask for. */
  async function gate(key: string, body: Body, options: PutOptions, rules: KeyRules) {
    const { signal } = options;
    const declared = { ...options, size: body.size };
    checkDeclared(key, declared, rules);
    const isOpen = !looksInside(rules) && (body.size !== undefined || !limitsSize(rules));
    if (isOpen) return { gated: body, failure: () => undefined, checkRead() {} };
    const { body: gated, ...rest } = await gatedBody(body, () =>
      contentChecks({ ...declared, key, signal }, rules),
    );
    return { gated, ...rest };
  }

  async function putMany(
    entries: readonly PutEntry[],
    options: OperationOptions & { readonly atomic?: boolean },
  ): Promise<readonly BatchResult<ObjectInfo>[]> {
    const prepared = await Promise.allSettled(
      entries.map(async ({ key, body, options: each = {} }) => {
        const { signal } = options;
        const rules = rulesOf(key);
        if (rules.length === 0) return { entry: { key, body, options: each } };
        const write = { ...each, ...(signal !== undefined && { signal }) };
        const { gated, failure, checkRead } = await gate(key, body, write, rules);
        return { entry: { key, body: gated, options: each }, failure, checkRead };
      }),
    );
    const refusal = prepared.find((one) => one.status === 'rejected');
    if (options.atomic && refusal !== undefined) throw refusal.reason;
    const good = prepared.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const sent = await own('putMany')(
      good.map(({ entry }) => entry),
      options,
    ).catch((error: unknown) => {
      throw good.map(({ failure }) => failure?.()).find((known) => known !== undefined) ?? error;
    });
    let place = 0;
    return prepared.map((one, index): BatchResult<ObjectInfo> => {
      const key = entries[index]?.key ?? '';
      if (one.status === 'rejected') return { key, ok: false, error: one.reason };
      const result = sent[place] as BatchResult<ObjectInfo>;
      place += 1;
      const known = result.ok ? unread(one.value.checkRead) : one.value.failure?.();
      return known === undefined ? result : { key, ok: false, error: known as Error };
    });
  }

  /** An object on its way to a reader, when its content must hold what the rules say. */
  async function readChecked(
    key: string,
    object: StoredObject,
    { signal }: OperationOptions,
  ): Promise<StoredObject> {
    const rules = rulesOf(key);
    try {
      checkDeclared(key, object.info, rules);
    } catch (error) {
      await object.cancel(error);
      throw error;
    }
    if (!looksInside(rules)) return object;
    const open = () => contentChecks({ ...object.info, key, signal }, rules);
    return mapBody(object, {
      async bytes(bytes) {
        await checkBytes(bytes, open());
        return bytes;
      },
      stream: (stream) => checkedStream(stream, open()),
    });
  }

  /**
   * Checks an object that is in the store as if it were written under `key`, with other attributes
   * perhaps. Returns the info of the write that was checked.
   */
  async function checkStored(
    from: string,
    key: string,
    patch: AttributesPatch,
    rules: KeyRules,
    options: OperationOptions & { readonly version?: string; readonly ifMatch?: string },
  ): Promise<ObjectInfo> {
    const { signal, version, ifMatch } = options;
    const read = {
      ...(signal !== undefined && { signal }),
      ...(version !== undefined && { version }),
    };
    const info = await below.stat(from, read);
    if (ifMatch !== undefined && info.etag !== ifMatch) {
      throw new StorageError('precondition-failed', 'the object is another write than asked for.', {
        key: from,
        outcome: 'not-applied',
      });
    }
    const declared: Declared = { ...patchAttributes(info, patch), size: info.size };
    checkDeclared(key, declared, rules);
    if (!looksInside(rules)) return info;
    const byHead = !looksAtAll(rules);
    const { rangeReads } = below.capabilities;
    const object = await below.get(from, {
      ...read,
      ...(byHead && rangeReads && info.size > HEAD_BYTES && { range: HEAD_RANGE }),
    });
    if (object.info.etag !== info.etag) {
      await object.cancel();
      throw changed(from);
    }
    const content = { ...declared, key, signal };
    if (byHead) await checkBytes(await headOf(object), contentChecks(content, typeRules(rules)));
    else await checkStream(object.stream(), contentChecks(content, rules));
    return info;
  }

  async function transfer(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    options: CopyOptions,
  ): Promise<ObjectInfo> {
    const rules = rulesOf(to);
    if (rules.length === 0) return own(operation)(from, to, options);
    const { attributes = {}, sourceIfMatch, signal } = options;
    const info = await asOperation(operation, () =>
      checkStored(from, to, attributes, rules, {
        ...(signal !== undefined && { signal }),
        ...(sourceIfMatch !== undefined && { ifMatch: sourceIfMatch }),
      }),
    );
    try {
      return await own(operation)(from, to, { ...options, sourceIfMatch: info.etag });
    } catch (error) {
      throw await asRace(error, from, info, sourceIfMatch === undefined);
    }
  }

  /** A failed condition that the caller did not set is a race, which may be tried again. */
  async function asRace(
    error: unknown,
    key: string,
    { etag }: ObjectInfo,
    isOurs: boolean,
  ): Promise<unknown> {
    if (!isOurs || !isStorageError(error, 'precondition-failed')) return error;
    const now = await below.stat(key, {}).catch(() => undefined);
    return now?.etag === etag ? error : changed(key);
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
      const object = await below.get(key, options);
      return onRead ? readChecked(key, object, options) : object;
    },
    put,
    stat: (key, options) => below.stat(key, options),
    delete: (key, options) => below.delete(key, options),
    list: (options) => below.list(options),

    candidates: (query, options) => own('candidates')(query, options),
    putMany,
    async getMany(keys, options) {
      const results = await own('getMany')(keys, options);
      if (!onRead) return results;
      return Promise.all(
        results.map(async (result): Promise<BatchResult<StoredObject>> => {
          if (!result.ok) return result;
          const { key, value } = result;
          try {
            return { key, ok: true, value: await readChecked(key, value, options) };
          } catch (error) {
            return { key, ok: false, error: error as Error };
          }
        }),
      );
    },
    statMany: (keys, options) => own('statMany')(keys, options),
    deleteMany: (keys, options) => own('deleteMany')(keys, options),

    copy: (from, to, options) => transfer('copy', from, to, options),
    move: (from, to, options) => transfer('move', from, to, options),
    async setMetadata(key, patch, options) {
      const all = rulesOf(key);
      const rules = typeRules(all);
      const { contentType, contentEncoding } = patch;
      checkEncoding(all, contentEncoding);
      if (contentType === undefined || rules.length === 0) {
        return own('setMetadata')(key, patch, options);
      }
      const pins = below.capabilities.setMetadataIfMatch === true;
      if (looksAtType(rules) && !pins) {
        throw unsupported(below.name, 'another content type where content is looked into');
      }
      const { signal, ifMatch } = options;
      const info = await asOperation('setMetadata', () =>
        checkStored(key, key, patch, rules, {
          ...(signal !== undefined && { signal }),
          ...(ifMatch !== undefined && { ifMatch }),
        }),
      );
      try {
        return await own('setMetadata')(key, patch, {
          ...options,
          ...(pins && { ifMatch: info.etag }),
        });
      } catch (error) {
        throw await asRace(error, key, info, ifMatch === undefined);
      }
    },

    async upload(key, options) {
      const { token, totalBytes, attributes = {} } = options;
      const rules = rulesOf(key);
      if (rules.length === 0) return own('upload')(key, options);
      if (token === undefined) checkDeclared(key, { ...attributes, size: totalBytes }, rules);
      const session = await own('upload')(key, options);
      if (!looksInside(rules)) return sizedSession(session, rules);
      if (token === undefined) {
        const declared = { ...attributes, size: totalBytes, key };
        uploads.set(session.token, uploadState(contentChecks(declared, rules), totalBytes));
      }
      return checkedSession(session, uploads.get(session.token), () => {
        uploads.delete(session.token);
      });
    },
    uploads: (options) => own('uploads')(options),

    async presign(key, options) {
      const rules = rulesOf(key);
      const isPut = options.method === 'PUT';
      if (rules.length > 0 && (isPut || (onRead && looksInside(rules)))) {
        throw goesAround(`a presigned ${isPut ? 'PUT' : 'GET'}`);
      }
      return own('presign')(key, options);
    },
    publicUrl(key) {
      if (onRead && looksInside(rulesOf(key))) throw goesAround('a public URL');
      return own('publicUrl')(key);
    },

    versions: {
      list: (key, options) => own('versions').list(key, options),
      async restore(key, version, options) {
        const rules = rulesOf(key);
        if (rules.length > 0) {
          await asOperation('versions.restore', () =>
            checkStored(key, key, {}, rules, { ...options, version }),
          );
        }
        return own('versions').restore(key, version, options);
      },
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
      for (const { check } of uploads.values()) check.stop(new Error('the storage was closed'));
      uploads.clear();
      await below.close?.();
    },
  };
  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(layer, name, { enumerable: true, get: () => below[name] });
  }
  return layer;

  function goesAround(what: string): StorageError {
    return unsupported(below.name, `${what}, which goes around the rules of this key,`);
  }
}

/** The first bytes of an object, which is let go of then. */
async function headOf(object: StoredObject): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  const reader = object.stream().getReader();
  let length = 0;
  while (length < HEAD_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, HEAD_BYTES - length);
    head.set(part, length);
    length += part.byteLength;
  }
  await reader.cancel();
  return head.subarray(0, length);
}

function unread(checkRead: (() => void) | undefined): unknown {
  try {
    checkRead?.();
    return undefined;
  } catch (error) {
    return error;
  }
}

function changed(key: string): StorageError {
  return new StorageError('conflict', 'the object changed while its content was checked.', {
    key,
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
