import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type ListField,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { type AttributeSetter, attributeSetter } from './fs-attributes.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { committer } from './fs-commit.ts';
import type { Companionship } from './fs-companion.ts';
import { type Copier, copier } from './fs-copy.ts';
import { toFsError } from './fs-errors.ts';
import { withPatientOpen } from './fs-gate.ts';
import { lister } from './fs-list.ts';
import { type Reader, reader } from './fs-read.ts';
import { type Remover, remover } from './fs-remove.ts';
import { resolver } from './fs-resolve.ts';
import { type Durability, openStore, type Store } from './fs-store.ts';
import { type Writer, writer } from './fs-write.ts';

const LIST_FIELDS: readonly ListField[] = ['size', 'etag', 'modifiedAt'];

export interface FileSystemOptions {
  readonly baseDir: string;
  readonly publicUrlBase?: string;
  readonly durability?: Durability;
  readonly companions?: Companionship;
  readonly lockTimeoutMs?: number;
}

export interface FsSystem {
  readonly calls?: FsCalls;
  readonly platform?: NodeJS.Platform;
}

interface Parts {
  readonly store: Store;
  readonly reader: Reader;
  readonly writer: Writer;
  readonly remover: Remover;
  readonly copier: Copier;
  readonly setAttributes: AttributeSetter;
  readonly list: StorageProvider['list'];
}

export function fileSystemProvider(
  options: FileSystemOptions,
  system: FsSystem = {},
): StorageProvider {
  const { baseDir, durability = 'full', companions, lockTimeoutMs = 15_000 } = options;
  const { platform = process.platform } = system;
  const calls = withPatientOpen(system.calls ?? NODE_CALLS);
  let parts: Parts | undefined;

  async function open(): Promise<Parts> {
    const store = await openStore({ baseDir, calls, durability, companions, lockTimeoutMs, platform });
    const resolve = resolver(store);
    const commits = committer(store, resolve);
    const reads = reader(store, resolve);
    const removes = remover(store, resolve);
    const setAttributes = attributeSetter(store, resolve, commits);
    parts = {
      store,
      reader: reads,
      writer: writer({ store, committer: commits, alwaysChecksum: false }),
      remover: removes,
      copier: copier({
        ...{ store, resolve, reader: reads, committer: commits, remover: removes },
        ...{ setAttributes, hooks: {} },
      }),
      setAttributes,
      list: lister(store, resolve),
    };
    return parts;
  }

  async function run<Result>(work: (parts: Parts) => Promise<Result>): Promise<Result> {
    try {
      return await work(parts ?? (await open()));
    } catch (error) {
      throw toFsError(error);
    }
  }

  return {
    specVersion: 1,
    name: 'fs',
    capabilities: capabilitiesFor(companions ?? 'meta-json'),
    get storeId() {
      return parts?.store.storeId ?? '';
    },
    async open() {
      await run(async () => {});
      return undefined;
    },
    get: (key, options) => run(({ reader }) => reader.get(key, options)),
    put: (key, body, options) => run(({ writer }) => writer.put(key, body, options)),
    stat: (key) => run(({ reader }) => reader.stat(key)),
    delete: (key, options) => run(({ remover }) => remover.remove(key, options)),
    async *list(options) {
      try {
        yield* (parts ?? (await open())).list(options);
      } catch (error) {
        throw toFsError(error);
      }
    },
    copy: (from, to, options) => run(({ copier }) => copier.copy(from, to, options)),
    move: (from, to, options) => run(({ copier }) => copier.move(from, to, options)),
    ...(companions !== 'none' && {
      setMetadata: (key, patch, options) =>
        run(({ setAttributes }) => setAttributes(key, patch, options)),
    } satisfies Pick<StorageProvider, 'setMetadata'>),
    async close() {
      parts?.store.close();
    },
  };
}

export const createFileSystem: BackendFactory<FileSystemOptions> = /* @__PURE__ */ defineBackend({
  name: 'fs',
  aliases: ['filesystem', 'local'],
  schemes: ['file'],
  provider: fileSystemProvider,
});

function capabilitiesFor(companions: Companionship): Capabilities {
  const hasAttributes = companions !== 'none';
  return {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: true,
    replaceIfMatch: true,
    deleteIfMatch: true,
    copyIfMatch: true,
    copyIfAbsent: true,
    setMetadataIfMatch: hasAttributes,
    attributes: hasAttributes ? 'companion' : 'none',
    atomicAttributes: hasAttributes,
    checksum: hasAttributes,
    etagCovers: 'write',
    listFields: LIST_FIELDS,
    listAttributes: hasAttributes,
    listOrder: 'utf8',
    delimiter: 'any',
    copy: true,
    move: true,
    setMetadata: hasAttributes,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
  };
}
