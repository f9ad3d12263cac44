import { isStorageError, type UploadSession } from '@granary/storage-core/provider';
import type { HeldObjects } from './held-objects.ts';
import type { UsageCounter } from './usage-counter.ts';

/** Sizes of the parts that an upload holds, by offset. */
export type SessionParts = Map<number, number>;

/** Settings of {@link countedSession}. */
export interface CountedSessionSettings {
  readonly session: UploadSession;
  readonly counter: UsageCounter;
  readonly objects: HeldObjects;
  readonly partsByToken: Map<string, SessionParts>;
}

/** A session whose parts count from when they are written until it ends. */
export async function countedSession(settings: CountedSessionSettings): Promise<UploadSession> {
  const { session, counter, objects, partsByToken } = settings;
  const { key, token, part, expiresAt } = session;
  const parts = partsByToken.get(token) ?? (await heldParts(session));
  partsByToken.set(token, parts);

  async function heldParts(begun: UploadSession): Promise<SessionParts> {
    // A layer below may not tell what somebody else's session holds; then its parts count for nothing.
    const { held } = await begun.status().catch((error: unknown) => {
      if (isStorageError(error) && (error.restart || error.code === 'unsupported')) {
        return { held: [] };
      }
      throw error;
    });
    const found: SessionParts = new Map(held.map(({ offset, length }) => [offset, length]));
    // They are there already, so they count, and nothing asks whether they fit.
    for (const bytes of found.values()) counter.take(key, { bytes, objects: 0 });
    return found;
  }

  function release(): void {
    for (const bytes of parts.values()) counter.release(key, { bytes, objects: 0 });
    parts.clear();
    partsByToken.delete(token);
  }

  return {
    key,
    token,
    part,
    ...(expiresAt && { expiresAt }),
    status: (options) => session.status(options),

    async write(offset, bytes, options) {
      const before = parts.get(offset) ?? 0;
      const more = { bytes: Math.max(0, bytes.byteLength - before), objects: 0 };
      counter.hold(key, more);
      parts.set(offset, before + more.bytes);
      try {
        await session.write(offset, bytes, options);
      } catch (error) {
        // A part that may be there goes on to count.
        if (!isUnsure(error)) {
          counter.release(key, more);
          parts.set(offset, before);
        }
        throw error;
      }
      if (bytes.byteLength < before) {
        counter.release(key, { bytes: before - bytes.byteLength, objects: 0 });
        parts.set(offset, bytes.byteLength);
      }
    },

    complete: (options = {}) =>
      objects.change([key], options, async () => {
        const more = { bytes: 0, objects: objects.sizeOf(key) === undefined ? 1 : 0 };
        counter.hold(key, more, { isDoubted: objects.isDoubted(key) });
        try {
          const info = await session.complete(options);
          release();
          objects.count(key, info.size);
          return info;
        } catch (error) {
          if (isUnsure(error)) objects.doubt(key);
          throw error;
        } finally {
          counter.release(key, more);
        }
      }),

    async abort(options) {
      await session.abort(options);
      release();
    },
  };
}

/** After these nobody knows whether something was applied, unless the error says. */
const UNSURE: ReadonlySet<string> = /* @__PURE__ */ new Set([
  'unavailable',
  'timeout',
  'aborted',
  'unknown',
  'closed',
]);

function isUnsure(error: unknown): boolean {
  if (!isStorageError(error)) return true;
  return error.outcome === undefined ? UNSURE.has(error.code) : error.outcome === 'unknown';
}
