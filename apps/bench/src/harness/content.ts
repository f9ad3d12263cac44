import assert from 'node:assert/strict';

/** Returns bytes that look random and are the same each time for the same seed. */
export function sampleBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // Numerical Recipes' linear congruential generator: fast, and good enough to be incompressible.
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** Fails when two contents differ, without printing them. */
export function assertSameBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.ok(
    actual instanceof Uint8Array,
    `${what}: expected bytes, got ${Object.prototype.toString.call(actual)}`,
  );
  assert.equal(actual.length, expected.length, `${what}: the length differs`);
  assert.equal(Buffer.compare(actual, expected), 0, `${what}: the bytes differ`);
}
