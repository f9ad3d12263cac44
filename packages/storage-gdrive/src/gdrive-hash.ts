import { StorageError, sha256Hasher } from '@granary/storage-core/provider';
import type { DriveFile } from './gdrive-file.ts';

/** A hash as the service writes it, in hexadecimal, as `<algorithm>-<base64>`; `undefined` for none. */
export function toChecksum(algorithm: string, hex: string | undefined): string | undefined {
  if (hex === undefined || !/^(?:[0-9a-f]{2})+$/i.test(hex)) return undefined;
  let bytes = '';
  for (let at = 0; at < hex.length; at += 2) {
    bytes += String.fromCharCode(Number.parseInt(hex.slice(at, at + 2), 16));
  }
  return `${algorithm}-${btoa(bytes)}`;
}

/**
 * Passes content on and compares its SHA-256 with the one that the service tells; the stream fails at
 * its end with `corrupted` where they differ.
 */
export function verified(
  stream: ReadableStream<Uint8Array>,
  { sha256Checksum }: Pick<DriveFile, 'sha256Checksum'>,
): ReadableStream<Uint8Array> {
  const expected = toChecksum('sha256', sha256Checksum);
  if (expected === undefined) return stream;
  const reader = stream.getReader();
  const hashing = sha256Hasher();
  hashing.catch(() => {});
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const hasher = await hashing;
        const { done, value } = await reader.read();
        if (!done) {
          hasher.update(value);
          controller.enqueue(value);
          return;
        }
        if (hasher.digest() !== expected) throw corrupted();
        controller.close();
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/** What content fails with that is not what was stored. */
export function corrupted(): StorageError {
  return new StorageError('corrupted', 'the content has another SHA-256 than Google Drive tells.', {
    hint: 'It changed on its way. Try again; if it stays, look at the file in Google Drive.',
  });
}
