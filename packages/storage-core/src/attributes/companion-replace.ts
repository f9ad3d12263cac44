import type { OperationOptions } from '../contract/operations.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { signalOf } from '../provider/signal-of.ts';
import { type CompanionLayout, companionName, writeCompanion } from './companion-layout.ts';
import type { CompanionOptions } from './companion-options.ts';
import type { CompanionRecord } from './companion-record.ts';
import type { CompanionStore } from './companion-store.ts';

/** How often a companion is looked at again because another process changed it. */
const MOST_RACES = 8;

/** Writes a companion again, over what was written before alone where the provider can tell. */
export type SaveAgain = (record: CompanionRecord | undefined) => Promise<void>;

/** Writes a companion over the one that was looked at, whose tag this is. */
export type SaveOver = (
  name: string,
  record: CompanionRecord | undefined,
  tag: string | undefined,
  asked: OperationOptions,
) => Promise<SaveAgain>;

/** Companions that are written over what was seen, where the provider has `replace`; else over whatever is there. */
export function savesOver(
  store: CompanionStore,
  layout: CompanionLayout,
  replace: CompanionOptions['replace'],
): SaveOver {
  if (replace === undefined) {
    return async (name, record, _tag, asked) => {
      await store.save(name, record, asked);
      return (next) => store.save(name, next);
    };
  }
  return async (name, record, tag, asked) => {
    let mine = tag;
    const save = async (said: CompanionRecord | undefined, how: OperationOptions) => {
      const write = { key: name, text: undefined, record: said, layout, now: new Date() };
      const text = writeCompanion(write);
      if (text === undefined && mine === undefined) return;
      try {
        mine = await replace(companionName(name, layout), text, mine, signalOf(how));
      } catch (error) {
        throw isStorageError(error, 'precondition-failed') ? raced(error) : error;
      }
    };
    await save(record, asked);
    return (next) => save(next, {});
  };
}

/** Does work again that another process got in between: it looks at a companion, and writes one over it. */
export async function overOthers<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let race = 1; ; race += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRaced(error) || race === MOST_RACES) throw error;
    }
  }
}

/** Whether another process changed a companion since it was looked at. */
export function isRaced(error: unknown): boolean {
  return isStorageError(error, 'conflict') && isStorageError(error.cause, 'precondition-failed');
}

function raced(cause: StorageError): StorageError {
  return new StorageError('conflict', 'others kept changing the attributes of this object.', {
    cause,
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
