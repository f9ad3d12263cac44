import type {
  PartRules,
  StorageProvider,
  UploadOptions,
  UploadSession,
} from '@granary/storage-core/provider';
import { present } from './check.ts';
import { collect, join, noise } from './content.ts';

/** How long sessions are waited for that are being ended: two seconds. */
const MAX_LOOKS = 100;
const LOOK_MS = 20;

/** A size that a part but the last may have, as small as the rules allow. */
export function partSize({ minBytes, multipleOf }: PartRules): number {
  return Math.max(multipleOf, Math.ceil(Math.max(minBytes, 1) / multipleOf) * multipleOf);
}

/** An upload that was begun, and what is to be uploaded. */
export interface Begun {
  readonly session: UploadSession;
  /** Content that fits two parts of the least size and a bit. */
  readonly parts: readonly [Uint8Array, Uint8Array, Uint8Array];
  readonly content: Uint8Array;
}

/** Begins an upload of three parts that keep the session's rules. */
export async function begin(
  provider: StorageProvider,
  key: string,
  options: UploadOptions = {},
  seed = 1,
): Promise<Begun> {
  const upload = present(provider.upload, 'upload');
  const probe = await upload(key, { totalBytes: 100 });
  const size = partSize(probe.part);
  await probe.abort();
  const parts = [noise(size, seed), noise(size, seed + 1), noise(7, seed + 2)] as const;
  const content = join(parts);
  const session = await upload(key, { totalBytes: content.byteLength, ...options });
  return { session, parts, content };
}

/** Writes all parts in order. */
export async function writeAll({ session, parts }: Begun): Promise<void> {
  let offset = 0;
  for (const part of parts) {
    await session.write(offset, part);
    offset += part.byteLength;
  }
}

/** Keys of uploads that were begun and not ended: none where nobody can tell. */
export async function pending(provider: StorageProvider, prefix?: string): Promise<string[]> {
  const { uploads } = provider;
  if (uploads === undefined) return [];
  return (await collect(uploads(prefix === undefined ? {} : { prefix }))).map(({ key }) => key);
}

/** Tells uploads that stay. A put that was given up ends its session after its promise has settled. */
export async function lasting(provider: StorageProvider): Promise<string[]> {
  let left = await pending(provider);
  for (let look = 1; look < MAX_LOOKS && left.length > 0; look += 1) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    left = await pending(provider);
  }
  return left;
}
