/**
 * Does a task `count` times with so many in flight, and returns how long it took. Units: ms.
 * The loop is the same for every subject; it adds one `await` to an operation. Garbage of what was
 * done before is collected first: it is not this task's.
 */
export async function drive(
  count: number,
  concurrency: number,
  task: (index: number) => Promise<unknown>,
): Promise<number> {
  globalThis.gc?.();
  let next = 0;
  const lane = async () => {
    while (next < count) await task(next++);
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, lane));
  return performance.now() - startedAt;
}

/** Does a task `count` times, one after the other, and returns how long each took. Units: ms. */
export async function driveTimed(
  count: number,
  task: (index: number) => Promise<unknown>,
): Promise<number[]> {
  globalThis.gc?.();
  const times: number[] = [];
  for (let index = 0; index < count; index++) {
    const startedAt = performance.now();
    await task(index);
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** Operations per second. */
export function perSecond(count: number, elapsedMs: number): number {
  return (count / elapsedMs) * 1000;
}

const BYTES_PER_MIB = 1024 * 1024;

/** MiB per second. */
export function mibPerSecond(bytes: number, elapsedMs: number): number {
  return perSecond(bytes / BYTES_PER_MIB, elapsedMs);
}
