import type { StorageProvider } from '@granary/storage-core/provider';
import {
  type FakeGdrive,
  type FakeTokenOptions,
  startFakeGdrive,
} from '@granary-tools/fake-gdrive';
import { onTestFinished } from 'vitest';
import { createGoogleDrive, type GdriveOptions } from '../src/index.ts';

/** A fake that ends with the test, and a way to open providers over it. */
export interface OpenFake {
  readonly fake: FakeGdrive;
  open(options?: Partial<GdriveOptions>, token?: FakeTokenOptions): StorageProvider;
  /** Requests that something makes, as `GET /drive/v3/files`. */
  counted(work: () => Promise<unknown>): Promise<readonly string[]>;
}

/** Starts a fake for one test. */
export async function openFake(): Promise<OpenFake> {
  const fake = await startFakeGdrive();
  onTestFinished(() => fake.stop());
  return {
    fake,
    open(options = {}, token = {}) {
      const accessToken = fake.token(token);
      const signIn = options.client === undefined ? { auth: () => accessToken } : {};
      return createGoogleDrive.provider({
        ...signIn,
        endpoint: fake.url,
        retry: false,
        ...options,
      });
    },
    async counted(work) {
      const before = fake.log().length;
      await work();
      return fake
        .log()
        .slice(before)
        .map(({ method, path }) => `${method} ${path.replace(/files\/[^/]{20,}/, 'files/ID')}`);
    },
  };
}
