import type { UploadSession } from '@granary/storage-core/provider';
import type { MockGate } from './control.ts';
import type { Quota } from './quota.ts';

/** Sizes of the parts that an upload holds, by offset. */
export type HeldParts = Map<number, number>;

/** A session with every call going through the gate, and its parts counted. */
export function mockSession(
  session: UploadSession,
  { run }: MockGate,
  quota: Quota,
  partsByToken: Map<string, HeldParts>,
): UploadSession {
  const { key, token, part, expiresAt } = session;
  const keys = [key];
  const parts: HeldParts = partsByToken.get(token) ?? new Map();
  partsByToken.set(token, parts);

  function release(): void {
    for (const sizeBytes of parts.values()) quota.hold(-sizeBytes);
    parts.clear();
    partsByToken.delete(token);
  }

  return {
    key,
    token,
    part,
    ...(expiresAt && { expiresAt }),

    status: (options = {}) =>
      run({ operation: 'upload.status', keys, options }, () => session.status(options)),

    write: (offset, bytes, options = {}) =>
      run(
        {
          operation: 'upload.write',
          keys,
          options,
          details: { offset, length: bytes.byteLength },
        },
        async () => {
          const before = parts.get(offset) ?? 0;
          quota.hold(bytes.byteLength - before);
          parts.set(offset, bytes.byteLength);
          try {
            await session.write(offset, bytes, options);
          } catch (error) {
            quota.hold(before - bytes.byteLength);
            parts.set(offset, before);
            throw error;
          }
        },
      ),

    complete: (options = {}) =>
      run({ operation: 'upload.complete', keys, options, writes: true }, async () => {
        const info = await session.complete(options);
        release();
        quota.count(key, info.size);
        return info;
      }),

    abort: (options = {}) =>
      run({ operation: 'upload.abort', keys, options }, async () => {
        await session.abort(options);
        release();
      }),
  };
}
