import type { StorageProvider } from '@granary/storage-core/provider';
import {
  type FakeDropbox,
  type FakeDropboxOptions,
  startFakeDropbox,
} from '@granary-tools/fake-dropbox';
import { onTestFinished } from 'vitest';
import { createDropbox, type DropboxOptions, dropboxProvider } from '../src/index.ts';
import { hookedFetch } from './hooked-fetch.ts';

/** A fake of one test, a storage whose requests a hook sees, and another one beside it. */
export async function openHooked(
  own: Partial<DropboxOptions> = {},
  settings: FakeDropboxOptions = {},
): Promise<{
  readonly fake: FakeDropbox;
  readonly storage: ReturnType<typeof createDropbox>;
  /** The provider of that storage, bare. */
  readonly provider: StorageProvider;
  readonly other: ReturnType<typeof createDropbox>;
  readonly hook: ReturnType<typeof hookedFetch>['hook'];
  readonly routes: readonly string[];
}> {
  const fake = await startFakeDropbox(settings);
  onTestFinished(() => fake.stop());
  const { fetch, hook, routes } = hookedFetch();
  const options = {
    auth: fake.accessToken,
    endpoint: fake.url,
    attributes: 'none',
    ...own,
  } as const;
  return {
    fake,
    hook,
    routes,
    storage: createDropbox({ ...options, fetch, retry: false }),
    provider: dropboxProvider({ ...options, fetch }),
    other: createDropbox({ ...options, retry: false }),
  };
}
