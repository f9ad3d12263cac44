import {
  type AttributesPatch,
  attributeBeyondName,
  isEmptySide,
  meetWriteConditions,
  type ObjectAttributes,
  type ObjectInfo,
  patchAttributes,
  type SetMetadataOptions,
  selectAttributes,
} from '@granary/storage-core/provider';
import type { Committer } from './fs-commit.ts';
import { checkAborted, notFound, withOutcome } from './fs-errors.ts';
import { etagOf, fingerprintOf, infoOf } from './fs-info.ts';
import { claimOf } from './fs-keys.ts';
import type { Resolver } from './fs-resolve.ts';
import type { Store } from './fs-store.ts';

export type AttributeSetter = (
  key: string,
  patch: AttributesPatch,
  options: SetMetadataOptions,
) => Promise<ObjectInfo>;

/** Changes what is said about an object and leaves its file alone. */
export function attributeSetter(
  store: Store,
  resolve: Resolver,
  committer: Committer,
): AttributeSetter {
  const { companions, locks, durability } = store;
  return async (key, patch, { ifMatch, signal }) => {
    const first = await resolve.find(key);
    if (first === undefined) throw notFound(key);
    first.folder.release();
    return locks.exclusively(claimOf(key, signal), async (lock) => {
      const found = await resolve.find(key);
      if (found === undefined) throw notFound(key);
      const { folder, name, stats } = found;
      try {
        meetWriteConditions(etagOf(stats), { ifMatch });
        const fingerprint = fingerprintOf(stats);
        const record = await committer.recordOf(found, key);
        const { matched: _matched, ...side } = selectAttributes(record, fingerprint);
        const all = patchAttributes(side.attributes, patch);
        const next = { ...side, fingerprint, attributes: attributesFor(key, all) };
        checkAborted(signal);
        await companions.write({
          ...{ folder, file: name, key, lock, mode: stats.mode },
          record: isEmptySide(next) ? undefined : { next },
        });
        if (durability === 'full') {
          await folder.sync().catch((error: unknown) => {
            throw withOutcome(error, 'unknown');
          });
        }
        return infoOf(key, stats, next);
      } finally {
        folder.release();
      }
    });
  };
}

/** Nothing where the key alone says all. */
export function attributesFor(key: string, attributes: ObjectAttributes): ObjectAttributes {
  return attributeBeyondName(key, attributes) === undefined ? {} : attributes;
}
