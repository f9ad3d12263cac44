import { StorageError, type UploadSession } from '@granary/storage-core/provider';
import { isMagicSoFar, MAGIC } from './header.ts';

/**
 * A session whose content is stored as it is. Content that starts as what the layer writes would be
 * taken for that, so it is refused here; `put` wraps it.
 */
export function plainSession(session: UploadSession): UploadSession {
  const { key, token, part, expiresAt } = session;
  return {
    key,
    token,
    part,
    ...(expiresAt && { expiresAt }),
    status: (options) => session.status(options),
    async write(offset, bytes, options) {
      if (offset === 0 && isMagicSoFar(bytes.subarray(0, MAGIC.byteLength))) throw collision();
      await session.write(offset, bytes, options);
    },
    complete: (options) => session.complete(options),
    abort: (options) => session.abort(options),
  };
}

function collision(): StorageError {
  return new StorageError(
    'unsupported',
    'the content starts as compressed content does, and parts are stored as they are.',
    { outcome: 'not-applied', hint: 'Store it with put, which takes content of any size.' },
  );
}
