import { isKey, StorageError } from '@granary/storage-core/provider';

/** Stands before everything that this backend stores, so that it never meets the page's own items. */
const OWN = 'granary:';
const MAX_NAMESPACE_UNITS = 100;

/** Names of items for a namespace. */
export interface ItemNames {
  /** The item with the id of the store and the number of its last change. */
  readonly state: string;
  /** The lock that writers hold. */
  readonly lock: string;
  of(key: string): string;
  /** The key of an item's name. `undefined`: it is not an object of this namespace. */
  keyOf(name: string): string | undefined;
}

/** Errors: `invalid-config`. */
export function itemNames(namespace: string): ItemNames {
  checkNamespace(namespace);
  const state = `${OWN}${namespace}`;
  const start = `${state}/`;
  return {
    state,
    lock: `granary-localstorage:${namespace}`,
    of: (key) => start + key,
    keyOf(name) {
      if (!name.startsWith(start)) return undefined;
      const key = name.slice(start.length);
      return isKey(key) ? key : undefined;
    },
  };
}

function checkNamespace(namespace: string): void {
  const isFit =
    typeof namespace === 'string' &&
    namespace.length <= MAX_NAMESPACE_UNITS &&
    !namespace.includes('/') &&
    isKey(namespace);
  if (isFit) return;
  throw new StorageError('invalid-config', 'namespace is not a name.', {
    hint: `It is 1 to ${MAX_NAMESPACE_UNITS} characters without a slash, such as "my-app".`,
  });
}
