import type { Health } from '../contract/operations.ts';
import { toStorageError } from '../errors/to-storage-error.ts';

/** How long a check took and what it failed with. It does not reject. */
export async function measureHealth(
  check: () => Promise<unknown>,
  nowMs: () => number = () => performance.now(),
): Promise<Health> {
  const startedAt = nowMs();
  const latencyMs = () => Math.max(0, nowMs() - startedAt);
  try {
    await check();
    return { ok: true, latencyMs: latencyMs() };
  } catch (error) {
    return { ok: false, latencyMs: latencyMs(), error: toStorageError(error) };
  }
}
