import { mapBody } from '../bodies/map-body.ts';
import type { StoredObject } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { GetOptions, OperationOptions, StatOptions } from '../contract/operations.ts';
import type { StorageProvider, VersionOperations } from '../contract/provider.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { ownOperation } from '../provider/own-operation.ts';
import { signalOf } from '../provider/signal-of.ts';
import type { CompanionKeys } from './companion-keys.ts';
import { type CompanionLayout, companionName, readCompanion } from './companion-layout.ts';
import { type CompanionRecord, type CompanionSide, selectVersion } from './companion-record.ts';

export interface CompanionVersionsSettings {
  readonly provider: StorageProvider;
  readonly keys: CompanionKeys;
  readonly layout: CompanionLayout;
  load(name: string, asked: OperationOptions): Promise<CompanionRecord | undefined>;
  fingerprintsOf(info: ObjectInfo): readonly string[];
  upInfo(key: string, info: ObjectInfo, side: CompanionSide): ObjectInfo;
  /** Brings an old body back with what was said of it; `fingerprint`: what tells it, if that is known. */
  restore(
    key: string,
    side: CompanionSide,
    fingerprint: string | undefined,
    asked: OperationOptions,
    restore: (name: string) => Promise<ObjectInfo>,
  ): Promise<ObjectInfo>;
}

/** Versions of objects with what their companions say of each. */
export interface CompanionVersions extends VersionOperations {
  get(key: string, options: GetOptions): Promise<StoredObject>;
  stat(key: string, options: StatOptions): Promise<ObjectInfo>;
}

/**
 * A companion remembers what was said of versions that are not current. When it went with its object,
 * its own last version is asked.
 */
export function companionVersions(settings: CompanionVersionsSettings): CompanionVersions {
  const { provider, keys, layout, upInfo } = settings;
  const own = ownOperation(provider);

  async function recordOf(
    name: string,
    asked: OperationOptions,
  ): Promise<CompanionRecord | undefined> {
    const record = await settings.load(name, asked);
    if (record !== undefined) return record;
    const companion = companionName(name, layout);
    try {
      for await (const [newest] of own('versions').list(companion, signalOf(asked))) {
        if (newest?.version === undefined) continue;
        const { version } = newest;
        const object = await provider.get(companion, { version, ...signalOf(asked) });
        return readCompanion(await object.text(), name, layout);
      }
    } catch (error) {
      if (!isStorageError(error, 'not-found')) throw error;
    }
    return undefined;
  }

  function sideOf(record: CompanionRecord | undefined, info: ObjectInfo): CompanionSide {
    if (record === undefined || info.version === undefined) return { attributes: {} };
    return selectVersion(record, info.version, [info.etag, ...settings.fingerprintsOf(info)]);
  }

  async function stat(key: string, asked: StatOptions): Promise<ObjectInfo> {
    const name = keys.down(key);
    const info = await provider.stat(name, asked);
    return upInfo(key, info, sideOf(await recordOf(name, asked), info));
  }

  return {
    stat,
    async get(key, asked) {
      const name = keys.down(key);
      const object = await provider.get(name, asked);
      try {
        const record = await recordOf(name, asked);
        return mapBody(object, { info: upInfo(key, object.info, sideOf(record, object.info)) });
      } catch (error) {
        await object.cancel(error);
        throw error;
      }
    },
    async *list(key, asked) {
      const name = keys.down(key);
      let record: CompanionRecord | undefined;
      let isRead = false;
      for await (const page of own('versions').list(name, asked)) {
        if (!isRead) record = await recordOf(name, asked);
        isRead = true;
        yield page.map((info) => upInfo(key, info, sideOf(record, info)));
      }
    },
    async restore(key, version, asked) {
      const name = keys.down(key);
      const info = await provider.stat(name, { version, ...signalOf(asked) });
      const { fingerprint, version: _old, ...side } = sideOf(await recordOf(name, asked), info);
      return settings.restore(key, side, fingerprint, asked, () =>
        own('versions').restore(name, version, asked),
      );
    },
  };
}
