import type { StorageProvider, UploadSession } from '@granary/storage-core/provider';
import { present } from '../check.ts';
import { relay } from '../relay.ts';
import type { ScenarioContext } from '../scenario.ts';

/** The largest content that these scenarios send, so that a provider with large parts is left out. */
const MOST = 24 * 1024 * 1024;

/**
 * A provider that takes only small bodies in one put and small parts, so that the engine has to send
 * several parts. `size` is that of content in three of them and a bit.
 */
export async function narrow({
  provider,
  skip,
}: ScenarioContext): Promise<{ readonly narrowed: StorageProvider; readonly size: number }> {
  const upload = present(provider.upload, 'upload').bind(provider);
  const probe = await upload('probe', { totalBytes: 1 });
  await probe.abort();
  const { minBytes, multipleOf } = probe.part;
  const maxBytes = Math.ceil(Math.max(minBytes, 50_000) / multipleOf) * multipleOf;
  if (maxBytes * 3 > MOST) skip('parts are too large to try');
  const { maxBufferedPutBytes: _whole, ...capabilities } = provider.capabilities;
  const narrowed = relay(provider, {
    capabilities: { ...capabilities, maxPutBytes: 40_000 },
    // It is open already, and opening it again would widen the limit back.
    open: async () => ({}),
    async upload(key, options) {
      const session = await upload(key, options);
      return { ...withSession(session, {}), part: { ...session.part, maxBytes } };
    },
  });
  return { narrowed, size: maxBytes * 3 + 123 };
}

/** The same content in pieces. */
export function chunked(content: Uint8Array, size = 30_000): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let offset = 0; offset < content.byteLength; offset += size)
    chunks.push(content.slice(offset, offset + size));
  return chunks;
}

/** An upload session of which some operations are changed. */
export function withSession(
  session: UploadSession,
  changes: Partial<UploadSession>,
): UploadSession {
  return {
    key: session.key,
    token: session.token,
    part: session.part,
    status: (how) => session.status(how),
    write: (offset, bytes, how) => session.write(offset, bytes, how),
    complete: (how) => session.complete(how),
    abort: (how) => session.abort(how),
    ...changes,
  };
}
