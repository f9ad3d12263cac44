import { toBody } from '../bodies/to-body.ts';
import type { Capabilities } from '../contract/capabilities.ts';
import type { OperationOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { signalOf } from '../provider/signal-of.ts';
import {
  type CompanionLayout,
  companionName,
  readCompanion,
  writeCompanion,
} from './companion-layout.ts';
import type { CompanionRecord } from './companion-record.ts';

/** Companions as objects of a provider. Names are those below, not keys. */
export interface CompanionStore {
  load(name: string, asked?: OperationOptions): Promise<CompanionRecord | undefined>;
  /** `undefined` takes the record away. */
  save(name: string, record: CompanionRecord | undefined, asked?: OperationOptions): Promise<void>;
  /** Runs one write after another on each companion. */
  locked<Result>(names: readonly string[], work: () => Promise<Result>): Promise<Result>;
  /** Returns what tells whether no write has been running since. */
  watchWrites(): () => boolean;
}

/** How often a manifest that others change too is read again. */
const MOST_RACES = 16;

export function companionStore(
  provider: StorageProvider,
  can: () => Capabilities,
  layout: CompanionLayout,
): CompanionStore {
  const locks = new Map<string, Promise<unknown>>();
  let begun = 0;
  let running = 0;

  async function read(
    companion: string,
    asked: OperationOptions,
  ): Promise<{ readonly text: string; readonly etag: string } | undefined> {
    try {
      const object = await provider.get(companion, signalOf(asked));
      return { text: await object.text(), etag: object.info.etag };
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function replace(
    name: string,
    record: CompanionRecord | undefined,
    asked: OperationOptions,
  ): Promise<void> {
    const companion = companionName(name, layout);
    // In the other layouts a companion belongs to one object, whose writes are one after another.
    const before = layout === 'manifest' ? await read(companion, asked) : undefined;
    const text = writeCompanion({ key: name, text: before?.text, record, layout, now: new Date() });
    const { createIfAbsent, replaceIfMatch, deleteIfMatch } = can();
    const shared = layout === 'manifest';
    if (text === undefined) {
      const ifMatch = shared && deleteIfMatch ? before?.etag : undefined;
      if (shared && before === undefined) return;
      await provider.delete(companion, {
        ...signalOf(asked),
        ...(ifMatch !== undefined && { ifMatch }),
      });
      return;
    }
    await provider.put(companion, toBody(text), {
      ...signalOf(asked),
      ...(shared && before !== undefined && replaceIfMatch && { ifMatch: before.etag }),
      ...(shared && before === undefined && createIfAbsent && { ifNoneMatch: '*' }),
    });
  }

  async function lockedOne<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = locks.get(name);
    const mine = (async () => {
      await before?.catch(() => {});
      return work();
    })();
    locks.set(name, mine);
    try {
      return await mine;
    } finally {
      if (locks.get(name) === mine) locks.delete(name);
    }
  }

  return {
    async load(name, asked = {}) {
      const found = await read(companionName(name, layout), asked);
      return found === undefined ? undefined : readCompanion(found.text, name, layout);
    },
    async save(name, record, asked = {}) {
      for (let race = 1; ; race += 1) {
        try {
          await replace(name, record, asked);
          return;
        } catch (error) {
          if (!isStorageError(error, 'precondition-failed') || race === MOST_RACES) {
            throw isStorageError(error, 'precondition-failed') ? tooManyRaces(error) : error;
          }
        }
      }
    },
    locked(names, work) {
      // One order for all, so that no two wait for each other.
      const ordered = [...new Set(names.map((name) => companionName(name, layout)))].sort();
      const all = async () => {
        begun += 1;
        running += 1;
        try {
          return await work();
        } finally {
          running -= 1;
        }
      };
      return ordered.reduceRight((inner, name) => () => lockedOne(name, inner), all)();
    },
    watchWrites() {
      const since = running > 0 ? Number.NaN : begun;
      return () => begun === since;
    },
  };
}

function tooManyRaces(cause: unknown): StorageError {
  return new StorageError('conflict', 'others kept changing the attributes of this folder.', {
    cause,
    outcome: 'not-applied',
  });
}
