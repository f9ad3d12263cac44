import type { Harness, OpenStore } from '@granary/storage-conformance';
import { guardProvider, type StorageProvider, withPrefix } from '@granary/storage-core/provider';
import { createOPFS, type OPFSOptions } from '../src/index.ts';

/** Settings of {@link opfsHarness}. */
export interface HarnessSettings {
  readonly options?: OPFSOptions;
  /** Passes the folder as if a person had chosen it. */
  readonly isUserFolder?: boolean;
  /** Every provider is a view below a prefix. */
  readonly isView?: boolean;
}

/** A storage in a folder of its own, of this page or worker. */
export function opfsHarness(name: string, settings: HarnessSettings = {}): Harness {
  const { options, isUserFolder = false, isView = false } = settings;
  return {
    name,
    // Slow machines get the time they need; nothing here waits for it to pass.
    timeoutMs: 90_000,
    async create(): Promise<OpenStore> {
      const folder = `kit-${crypto.randomUUID()}`;
      const top = await navigator.storage.getDirectory();
      const directory = isUserFolder
        ? await top.getDirectoryHandle(folder, { create: true })
        : undefined;
      const open = (): StorageProvider => {
        const provider = createOPFS.provider({
          ...options,
          ...(directory === undefined ? { root: folder } : { directory }),
        });
        return isView ? guardProvider(withPrefix(provider, 'users/42')) : provider;
      };
      return {
        provider: open(),
        reopen: open,
        outside: {
          settleMs: 500,
          leftovers: () => tempFiles(folder),
        },
        close: () => top.removeEntry(folder, { recursive: true }).catch(() => {}),
      };
    },
  };
}

/** Names of unfinished writes below a folder of the origin. */
export async function tempFiles(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    const top = await navigator.storage.getDirectory();
    const hidden = await (await top.getDirectoryHandle(folder)).getDirectoryHandle('.granary');
    for await (const name of (await hidden.getDirectoryHandle('temp')).keys()) names.push(name);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotFoundError') throw error;
  }
  return names;
}
