import { mapBody } from '../bodies/map-body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { AttributesPatch, ObjectInfo } from '../contract/object-info.ts';
import type { CopyOptions, OperationOptions, WriteConditions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { toStorageError, unsupported } from '../errors/to-storage-error.ts';
import { asOperation } from '../provider/as-operation.ts';
import { openedProvider } from '../provider/opened-provider.ts';
import { outcomeOf } from '../provider/outcome-of.ts';
import { ownOperation } from '../provider/own-operation.ts';
import { signalOf } from '../provider/signal-of.ts';
import { patchAttributes, pickAttributes, withoutAttributes } from './check-attributes.ts';
import { comingBody } from './coming-body.ts';
import { companionCapabilities } from './companion-capabilities.ts';
import { companionEvents } from './companion-events.ts';
import { companionKeys } from './companion-keys.ts';
import { companionName, DEFAULT_COMPANION_LAYOUT } from './companion-layout.ts';
import { listWithoutCompanions } from './companion-list.ts';
import { companionLooks } from './companion-looks.ts';
import type { CompanionOptions } from './companion-options.ts';
import {
  type CompanionRecord,
  type CompanionSide,
  comingSides,
  heldCompanion,
  historyOf,
  isEmptySide,
  nextCompanion,
  selectAttributes,
  settledCompanion,
  withArrived,
} from './companion-record.ts';
import { isRaced, overOthers, savesOver } from './companion-replace.ts';
import { companionSessions } from './companion-session.ts';
import { checkCondition, unapplied, type WrittenBody, withoutVersion } from './companion-steps.ts';
import { companionStore } from './companion-store.ts';
import { companionVersions } from './companion-versions.ts';

/** How often a read begins again because the object changed between its two halves. */
const MOST_RACES = 8;

/**
 * Keeps content headers, metadata, tags and expiry for a provider that cannot: in companion
 * objects, written before the body and only when there is something to write. A crash between the
 * two leaves the old object or the new one, whole; what is edited from outside keeps what the user
 * said. Companions are hidden from listings and follow their objects. Body and attributes become
 * visible as one to users of this provider; to other processes, `atomicAttributes` is not claimed.
 * With `replace`, each of several processes that write one object keeps its attributes with its body.
 * Versions are left out, unless they are asked for. It stands right above the backend, below the
 * retry loop.
 */
export function withCompanion(
  provider: StorageProvider,
  options: CompanionOptions = {},
): StorageProvider {
  const { layout = DEFAULT_COMPANION_LAYOUT, versions: keepsVersions = false } = options;
  const { fingerprintsOf = () => [], fingerprintOf, look, replace } = options;
  const below = openedProvider(provider);
  const own = ownOperation(provider);
  const store = companionStore(provider, below.capabilities, layout);
  const saveOver = savesOver(store, layout, replace);
  const { lookAt, lookAtThere } = companionLooks({ provider, store, layout, look });
  const keys = companionKeys(layout);
  const events = companionEvents(keys, layout);

  const capabilities = (opened: Capabilities) =>
    companionCapabilities(opened, layout, keepsVersions);

  /** An info as it is above: its own key, and the attributes of the companion alone. */
  function upInfo(key: string, info: ObjectInfo, side: CompanionSide): ObjectInfo {
    const { contentType } = info;
    const { attributes, createdAt, checksums } = side;
    return {
      ...withoutAttributes(info),
      ...(contentType !== undefined && { contentType }),
      ...(createdAt && { createdAt }),
      ...(checksums && { checksums }),
      ...attributes,
      key,
    };
  }

  /** What the companion says of a body; `undefined` when the body may have changed meanwhile. */
  async function sideOf(
    name: string,
    info: ObjectInfo,
    asked: OperationOptions,
    isQuiet: () => boolean,
  ): Promise<CompanionSide | undefined> {
    const { etag } = info;
    const side = selectAttributes(await store.load(name, asked), etag, fingerprintsOf(info));
    if (side.matched !== 'neither' || (isEmptySide(side) && isQuiet())) return side;
    const now = await provider.stat(name, signalOf(asked));
    return now.etag === etag ? side : undefined;
  }

  /** Reads body or info and companion of one and the same write. */
  async function readBoth<Found>(
    key: string,
    asked: OperationOptions,
    read: (name: string) => Promise<Found>,
    infoOf: (found: Found) => ObjectInfo,
    release: (found: Found) => Promise<void>,
  ): Promise<{ readonly found: Found; readonly info: ObjectInfo }> {
    const name = keys.down(key);
    for (let race = 1; race <= MOST_RACES; race += 1) {
      const isQuiet = store.watchWrites();
      const found = await read(name);
      try {
        const info = infoOf(found);
        const side = await sideOf(name, info, asked, isQuiet);
        if (side !== undefined) return { found, info: upInfo(key, info, side) };
      } catch (error) {
        await release(found);
        throw error;
      }
      await release(found);
    }
    throw new StorageError('conflict', 'the object kept changing while it was read.');
  }

  async function statOf(key: string, options: OperationOptions): Promise<ObjectInfo> {
    const read = await readBoth(
      key,
      options,
      (name) => provider.stat(name, options),
      (info) => info,
      async () => {},
    );
    return read.info;
  }

  /** Brings in a new body with its attributes: companion, body, and the companion settled where it has to be. */
  async function writeBoth(
    key: string,
    side: CompanionSide,
    asked: WriteConditions & OperationOptions,
    write: (name: string) => Promise<ObjectInfo>,
    { fingerprint, past }: WrittenBody = {},
  ): Promise<ObjectInfo> {
    const name = keys.down(key);
    const announce = async () => {
      const seen = await lookAt(name, side, asked);
      const { current, there } = seen;
      if (current === undefined && isEmptySide(side) && past === undefined) return undefined;
      checkCondition(asked, there?.etag);
      const known = await fingerprint?.();
      const next: CompanionSide = { ...side, ...(known !== undefined && { fingerprint: known }) };
      const isOther = known === undefined || known !== there?.etag;
      const planned = nextCompanion({
        current,
        currentFingerprint: there?.etag,
        otherFingerprints: there ? fingerprintsOf(there) : [],
        currentVersion: keepsVersions && isOther ? there?.version : undefined,
        next,
        ...waits(),
      }) ?? { next };
      const record: CompanionRecord = { ...planned, ...historyOf(planned, past) };
      // Readers go by the body that is there, so nothing has changed before its write.
      return { current, there, known, record, save: await saveOver(name, record, seen.tag, asked) };
    };
    const announced = await overOthers(() => unapplied(asked, announce));
    if (announced === undefined) return upInfo(key, await write(name), side);
    const { current, there, known, record, save } = announced;
    let info: ObjectInfo;
    try {
      info = await write(name);
    } catch (error) {
      // Readers go by the body that is there, so this only tidies up.
      const applied = outcomeOf(toStorageError(error)) !== 'not-applied';
      if (!applied) await save(current).catch(() => {});
      throw error;
    }
    const settled = settledCompanion(record, info.etag);
    const isTold = known !== undefined && [info.etag, ...fingerprintsOf(info)].includes(known);
    if (settled !== undefined && isTold) return upInfo(key, info, side);
    try {
      await save(settled);
    } catch (error) {
      if (isRaced(error)) await tellOthers(name, { ...record.next, fingerprint: info.etag });
      // With the same etag as before, the old attributes would be taken for those of the new body.
      if (info.etag === there?.etag) throw toStorageError(error).with({ outcome: 'unknown' });
    }
    return upInfo(key, info, side);
  }

  function setAttributes(
    key: string,
    patch: AttributesPatch,
    asked: OperationOptions,
  ): Promise<ObjectInfo> {
    const name = keys.down(key);
    return overOthers(async () => {
      const { info, current, tag } = await unapplied(asked, () => lookAtThere(name, asked));
      const there = [info.etag, ...fingerprintsOf(info)];
      const { matched, ...known } = selectAttributes(current, info.etag, fingerprintsOf(info));
      const attributes = patchAttributes(known.attributes, patch);
      const next: CompanionSide = { ...known, attributes, fingerprint: info.etag };
      const others = comingSides({ current, next, ...waits() }, there, matched === 'next');
      const record = { next, ...others, ...historyOf(withoutVersion(current, info.version)) };
      await saveOver(name, heldCompanion(record), tag, asked);
      return upInfo(key, info, next);
    });
  }

  /** What other processes are about to write is kept where their companions cannot be lost. */
  function waits(): { readonly now?: Date } {
    return replace === undefined ? {} : { now: new Date() };
  }

  /** Adds what is said of a body to the companion of another process that came in between. */
  async function tellOthers(name: string, side: CompanionSide): Promise<void> {
    await overOthers(async () => {
      const { current, there, tag } = await lookAt(name, side, {});
      if (there?.etag !== side.fingerprint) return;
      await saveOver(name, withArrived(current, side, new Date()), tag, {});
    }).catch(() => {});
  }

  async function copyBoth(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    options: CopyOptions,
  ): Promise<ObjectInfo> {
    const { attributes: patch = {}, ifNoneMatch, sourceIfMatch } = options;
    const write = { ...signalOf(options), ...(ifNoneMatch && { ifNoneMatch }) };
    const source = await unapplied(options, () => statOf(from, signalOf(options)));
    checkCondition({ ...(sourceIfMatch !== undefined && { ifMatch: sourceIfMatch }) }, source.etag);
    if (from === to && ifNoneMatch === undefined) return setAttributes(to, patch, options);
    const pinned = below.capabilities().copyIfMatch && { sourceIfMatch: source.etag };
    // Versions may go with what is moved.
    const goes = operation === 'move' && keepsVersions;
    const past = goes ? (await store.load(keys.down(from), options))?.history : undefined;
    const side = { attributes: patchAttributes(source, patch) };
    const carry = (name: string) => own(operation)(keys.down(from), name, { ...write, ...pinned });
    const info = await writeBoth(to, side, write, carry, { ...(past && { past }) });
    if (operation === 'move') await store.save(keys.down(from), undefined);
    return info;
  }

  /** One operation on a key at a time. The errors of its steps below are told as its own. */
  function locked<Result>(
    operation: string,
    key: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    return asOperation(operation, () => store.locked([keys.down(key)], work), key);
  }

  function copyLocked(
    operation: 'copy' | 'move',
    from: string,
    to: string,
    asked: CopyOptions,
  ): Promise<ObjectInfo> {
    const work = () => copyBoth(operation, from, to, asked);
    return asOperation(operation, () => store.locked([keys.down(from), keys.down(to)], work));
  }

  const sessions = companionSessions({
    upload: (key, uploading) => own('upload')(keys.down(key), uploading),
    complete: (key, attributes, conditions, complete) =>
      store.locked([keys.down(key)], () => writeBoth(key, { attributes }, conditions, complete)),
  });

  const versions = companionVersions({
    provider,
    keys,
    layout,
    load: store.load,
    fingerprintsOf,
    upInfo,
    restore: (key, side, fingerprint, asked, restore) =>
      store.locked([keys.down(key)], () =>
        writeBoth(key, side, asked, restore, { fingerprint: async () => fingerprint }),
      ),
  });

  const layered: StorageProvider = {
    specVersion: 1,
    name: provider.name,
    get capabilities() {
      return capabilities(below.capabilities());
    },
    open: async (opening) => capabilities(await below.open(opening)),

    async get(key, asked) {
      if (asked.version !== undefined) return versions.get(key, asked);
      const { found, info } = await readBoth(
        key,
        asked,
        (name) => provider.get(name, asked),
        (object) => object.info,
        (object) => object.cancel(),
      );
      return mapBody(found, { info });
    },
    put: (key, body, asked) =>
      locked('put', key, () => {
        const coming = comingBody(body, fingerprintOf, asked.signal);
        const write = (name: string) => provider.put(name, coming.body(), withoutAttributes(asked));
        return writeBoth(key, { attributes: pickAttributes(asked) }, asked, write, coming);
      }),
    stat: (key, asked) =>
      asked.version === undefined
        ? asOperation('stat', () => statOf(key, asked), key)
        : versions.stat(key, asked),
    delete: (key, asked) =>
      locked('delete', key, async () => {
        const result = await provider.delete(keys.down(key), asked);
        // What is said of one version is not looked at once that is gone.
        if (asked.version === undefined) await store.save(keys.down(key), undefined, asked);
        return result;
      }),
    list: (asked) => listWithoutCompanions(provider, keys, asked),

    deleteMany: (deleted, asked) =>
      store.locked(deleted.map(keys.down), async () => {
        const results = await own('deleteMany')(deleted.map(keys.down), asked);
        const gone = results.filter((result) => result.ok).map((result) => result.key);
        await forget(gone, asked);
        return results.map((result, index) => ({ ...result, key: deleted[index] ?? result.key }));
      }),
    copy: (from, to, asked) => copyLocked('copy', from, to, asked),
    move: (from, to, asked) => copyLocked('move', from, to, asked),
    setMetadata: (key, patch, asked) =>
      locked('setMetadata', key, () => setAttributes(key, patch, asked)),

    upload: sessions.upload,
    async *uploads({ prefix = '', ...asked }) {
      const pending = own('uploads')({
        prefix: keys.downPrefix(prefix),
        ...asked,
      });
      for await (const upload of pending) {
        const key = keys.up(upload.key);
        if (key?.startsWith(prefix)) yield { ...upload, key, token: sessions.wrap(upload.token) };
      }
    },

    async presign(key, asked) {
      if (asked.method === 'PUT') throw unsupported(provider.name, 'presigning PUT');
      return own('presign')(keys.down(key), asked);
    },
    publicUrl: (key) => own('publicUrl')(keys.down(key)),

    ...(keepsVersions && {
      versions: { list: versions.list, restore: versions.restore },
    }),

    async watch({ prefix = '', ...asked }) {
      const watcher = await own('watch')({
        prefix: keys.downPrefix(prefix),
        ...asked,
      });
      return events.watcher(watcher);
    },
    changes: (asked) => events.changes(own('changes')(asked)),
    usage: (asked) => own('usage')(asked),
    health: (asked) => own('health')(asked),
    async close() {
      await provider.close?.();
    },
  };
  return layered;

  /** Takes away the companions of objects that are gone. */
  async function forget(names: readonly string[], asked: OperationOptions): Promise<void> {
    if (layout === 'manifest') {
      for (const name of names) await store.save(name, undefined, asked);
      return;
    }
    if (names.length === 0) return;
    const companions = names.map((name) => companionName(name, layout));
    const results = await own('deleteMany')(companions, signalOf(asked));
    for (const result of results) if (!result.ok) throw result.error;
  }
}
