import {
  type Capabilities,
  companionName,
  companionPattern,
  isStorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { type DriveItem, toInfo } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';
import { CONTENT_FIELDS, fileOf, itemRequest, readItem } from './onedrive-read.ts';

/** What a provider with companions has of these. */
type WithCompanions = StorageProvider &
  Required<Pick<StorageProvider, 'deleteMany' | 'move' | 'setMetadata' | 'upload'>>;

const COMPANION: RegExp = companionPattern();
const COMPANION_BYTES: number = companionName('').length;

/** What a drive can do with companions. */
function withAttributes({ maxKeyBytes = 0, ...bare }: Capabilities): Capabilities {
  return {
    ...bare,
    attributes: 'companion',
    setMetadata: true,
    delimiter: 'slash',
    maxKeyBytes: maxKeyBytes - COMPANION_BYTES,
  };
}

/**
 * Puts companions around a provider, and reads objects without one, which most are, in one request
 * less: object and companion are looked at in one batch, one after the other. Where there is a
 * companion, or a write of this provider is under way, the provider with companions answers. Its code
 * is loaded when it is needed.
 */
export function withQuickCompanions(bare: StorageProvider, drive: OneDrive): StorageProvider {
  const capabilities = Object.freeze(withAttributes(bare.capabilities));
  let loading: Promise<WithCompanions> | undefined;
  let begun = 0;
  let running = 0;

  function whole(): Promise<WithCompanions> {
    loading ??= import('./onedrive-companions.ts').then(
      ({ withCompanion }) => withCompanion(bare) as WithCompanions,
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  }

  /** A write, during which an object and its companion may be of two writes. */
  async function writing<Result>(
    work: (provider: WithCompanions) => Promise<Result>,
  ): Promise<Result> {
    begun += 1;
    running += 1;
    try {
      return await work(await whole());
    } finally {
      running -= 1;
    }
  }

  /** The item of a key that has no companion; `undefined` when that is not sure. */
  async function bareItem(
    key: string,
    signal: AbortSignal | undefined,
    fields?: string,
  ): Promise<DriveItem | undefined> {
    // What is escaped, and what looks like a companion itself, has another name below.
    if (running > 0 || key.includes('%') || key.split('/').some((name) => COMPANION.test(name))) {
      return undefined;
    }
    const since = begun;
    const [item, companion] = await drive.batch(
      [
        itemRequest(drive, drive.names.pathOf(key), fields),
        itemRequest(drive, drive.names.pathOf(companionName(key)), 'id'),
      ],
      { signal, inOrder: true },
    );
    if (item === undefined || companion === undefined) return undefined;
    if ('error' in item) throw item.error;
    const isBare = 'error' in companion && isStorageError(companion.error, 'not-found');
    return isBare && begun === since ? fileOf(item.body) : undefined;
  }

  return {
    ...(bare.changes && {
      async *changes(options) {
        yield* (await whole()).changes?.(options) ?? [];
      },
    }),
    ...(bare.usage && { usage: bare.usage }),
    ...(bare.health && { health: bare.health }),
    specVersion: 1,
    name: bare.name,
    capabilities,
    native: bare.native,

    async get(key, options) {
      const item = await bareItem(key, options.signal, CONTENT_FIELDS);
      const object = item && (await readItem(drive, key, item, options));
      return object ?? (await whole()).get(key, options);
    },
    put: (key, body, options) => writing((provider) => provider.put(key, body, options)),
    async stat(key, options) {
      const item = await bareItem(key, options.signal);
      return item === undefined ? (await whole()).stat(key, options) : toInfo(key, item);
    },
    delete: (key, options) => writing((provider) => provider.delete(key, options)),
    async *list(options) {
      yield* (await whole()).list(options);
    },

    deleteMany: (keys, options) => writing((provider) => provider.deleteMany(keys, options)),
    move: (from, to, options) => writing((provider) => provider.move(from, to, options)),
    setMetadata: (key, patch, options) =>
      writing((provider) => provider.setMetadata(key, patch, options)),
    async upload(key, options) {
      const session = await (await whole()).upload(key, options);
      return { ...session, complete: (asked) => writing(() => session.complete(asked)) };
    },
  };
}
