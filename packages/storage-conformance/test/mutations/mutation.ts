import type { ListEntry, ListItem, StorageProvider } from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import type { MapStore } from '../providers/map-store.ts';

/** A provider that breaks one promise, and the rules of which the kit has to find one broken. */
export interface Mutation {
  readonly name: string;
  readonly rule: string;
  /** Breaks the provider. `broken` has everything that the map has. */
  wrap(provider: StorageProvider, store: MapStore): StorageProvider;
}

/** What core's guard marks a provider with. */
const STATE: symbol = Symbol.for('@granary/storage-core/state');

/** Passes a provider off as one that core guards already, so that nothing checks in its place. */
export function unguarded(provider: StorageProvider): StorageProvider {
  return Object.defineProperty(relay(provider), STATE, { value: () => 'open' });
}

/** A provider with some operations replaced. */
export function changed(
  rule: string,
  name: string,
  change: (provider: StorageProvider, store: MapStore) => Partial<StorageProvider>,
): Mutation {
  return { rule, name, wrap: (provider, store) => relay(provider, change(provider, store)) };
}

/** A provider that declares other capabilities. */
export function declaring(
  rule: string,
  name: string,
  capabilities: StorageProvider['capabilities'],
): Mutation {
  return changed(rule, name, (provider) => ({
    capabilities: { ...provider.capabilities, ...capabilities },
  }));
}

/** A provider that changes keys on their way down, and tells them as they were asked for. */
export function folding(rule: string, name: string, fold: (key: string) => string): Mutation {
  return changed(rule, name, (provider) => ({
    async get(key, options) {
      const object = await provider.get(fold(key), options);
      return Object.assign(object, { info: { ...object.info, key } });
    },
    async put(key, body, options) {
      return { ...(await provider.put(fold(key), body, options)), key };
    },
    async stat(key, options) {
      return { ...(await provider.stat(fold(key), options)), key };
    },
    delete: (key, options) => provider.delete(fold(key), options),
  }));
}

/** A provider whose listings have other entries. */
export function listing(
  rule: string,
  name: string,
  change: (entries: readonly ListEntry[], store: MapStore) => readonly ListEntry[],
): Mutation {
  return changed(rule, name, (provider, store) => ({
    async *list(options) {
      for await (const page of provider.list(options)) {
        yield { ...page, entries: change(page.entries, store) };
      }
    },
  }));
}

export function isItem(entry: ListEntry): entry is ListItem {
  return entry.kind === 'item';
}
