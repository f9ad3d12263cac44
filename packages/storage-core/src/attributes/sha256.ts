import { StorageError } from '../errors/storage-error.ts';

/** A SHA-256 of all bytes at once, as `sha256-<base64>`. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>);
  return formatSha256(new Uint8Array(digest));
}

/**
 * Compares the SHA-256 of content with the one that its sender gave, if any.
 * Errors: `corrupted`, with nothing applied.
 */
export function checkSha256(sha256: string, expected: string | undefined): void {
  if (expected === undefined || expected === sha256) return;
  throw new StorageError('corrupted', `the content has another checksum: ${sha256}.`, {
    outcome: 'not-applied',
    hint: 'It changed on its way, or it is other content. Send it again.',
  });
}

/** A SHA-256 that is fed piece by piece. */
export interface Sha256Hasher {
  update(bytes: Uint8Array): void;
  /** `sha256-<base64>` of all that came. The hasher is used up. */
  digest(): string;
}

/** A SHA-256 for streams. Loads its code with the first call. */
export async function sha256Hasher(): Promise<Sha256Hasher> {
  const { createSHA256 } = await import('hash-wasm');
  const hasher = await createSHA256();
  return {
    update(bytes) {
      hasher.update(bytes);
    },
    digest: () => formatSha256(hasher.digest('binary')),
  };
}

function formatSha256(digest: Uint8Array): string {
  return `sha256-${btoa(String.fromCharCode(...digest))}`;
}
