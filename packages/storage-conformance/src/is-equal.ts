/** Whether two values are equal by content: objects, arrays, dates, bytes; `NaN` equals itself, `0` and `-0` differ. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return false;
  }
  if (one instanceof Date || other instanceof Date) {
    return one instanceof Date && other instanceof Date && one.getTime() === other.getTime();
  }
  if (one instanceof Uint8Array || other instanceof Uint8Array) {
    return one instanceof Uint8Array && other instanceof Uint8Array && isSameBytes(one, other);
  }
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every(
      (name) =>
        Object.hasOwn(other, name) &&
        isEqual((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  );
}

/** Whether two byte arrays hold the same bytes. Compares words where both lie on their borders. */
export function isSameBytes(one: Uint8Array, other: Uint8Array): boolean {
  const { byteLength } = one;
  if (byteLength !== other.byteLength) return false;
  const isAligned = one.byteOffset % WORD_BYTES === 0 && other.byteOffset % WORD_BYTES === 0;
  const words = isAligned ? Math.floor(byteLength / WORD_BYTES) : 0;
  const left = new Uint32Array(one.buffer, isAligned ? one.byteOffset : 0, words);
  const right = new Uint32Array(other.buffer, isAligned ? other.byteOffset : 0, words);
  for (let index = 0; index < words; index += 1) {
    if (left[index] !== right[index]) return false;
  }
  for (let index = words * WORD_BYTES; index < byteLength; index += 1) {
    if (one[index] !== other[index]) return false;
  }
  return true;
}

const WORD_BYTES = 4;
