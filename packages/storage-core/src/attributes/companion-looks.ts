import type { ObjectInfo } from '../contract/object-info.ts';
import type { OperationOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { signalOf } from '../provider/signal-of.ts';
import { type CompanionLayout, companionName, readCompanion } from './companion-layout.ts';
import type { CompanionOptions } from './companion-options.ts';
import { type CompanionRecord, type CompanionSide, isEmptySide } from './companion-record.ts';
import type { CompanionStore } from './companion-store.ts';

/** An object and its record, as far as they are there. */
export interface SeenBoth {
  readonly current?: CompanionRecord;
  readonly there?: ObjectInfo;
  readonly tag?: string;
}

/** What a look needs. */
export interface LooksSettings {
  readonly look: CompanionOptions['look'];
  readonly provider: StorageProvider;
  readonly store: CompanionStore;
  readonly layout: CompanionLayout;
}

/** Looks before a write. */
export interface CompanionLooks {
  /** The record of an object, and the object where there is a record or something to put into one. */
  lookAt(name: string, side: CompanionSide, asked: OperationOptions): Promise<SeenBoth>;
  /** An object that is there, and its record. Errors: `not-found`. */
  lookAtThere(
    name: string,
    asked: OperationOptions,
  ): Promise<SeenBoth & { readonly info: ObjectInfo }>;
}

export function companionLooks({ provider, store, layout, look }: LooksSettings): CompanionLooks {
  async function infoOf(name: string, asked: OperationOptions): Promise<ObjectInfo | undefined> {
    try {
      return await provider.stat(name, signalOf(asked));
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function lookAt(
    name: string,
    side: CompanionSide,
    asked: OperationOptions,
  ): Promise<SeenBoth> {
    if (look !== undefined) {
      const found = await look(name, companionName(name, layout), signalOf(asked));
      const current =
        found.text === undefined ? undefined : readCompanion(found.text, name, layout);
      const { info: there, tag } = found;
      return { ...(current && { current }), ...(there && { there }), ...(tag && { tag }) };
    }
    const current = await store.load(name, asked);
    if (current === undefined && isEmptySide(side)) return {};
    const there = await infoOf(name, asked);
    return { ...(current && { current }), ...(there && { there }) };
  }

  async function lookAtThere(
    name: string,
    asked: OperationOptions,
  ): Promise<SeenBoth & { readonly info: ObjectInfo }> {
    if (look === undefined) {
      const info = await provider.stat(name, signalOf(asked));
      const current = await store.load(name, asked);
      return { info, ...(current && { current }) };
    }
    const { there, ...seen } = await lookAt(name, { attributes: {} }, asked);
    return { ...seen, info: there ?? (await provider.stat(name, signalOf(asked))) };
  }

  return { lookAt, lookAtThere };
}
