/** Bits that one UTF-16 unit carries. */
const UNIT_BITS = 15;
const UNIT_VALUES = 2 ** UNIT_BITS;
/**
 * The first of 32,768 code units in a row. None of them is a surrogate, which a browser that keeps
 * UTF-8 on its disk would lose, or a control character.
 */
const FIRST_UNIT = 0x3400;
/** Arguments of one `fromCharCode`. */
const UNITS_AT_ONCE = 8192;

/** Bytes as text of 15 bits a unit: 1.07 bytes of UTF-16 for each byte, where base64 takes 2.67. */
export function packBytes(bytes: Uint8Array): string {
  const units = new Uint16Array(Math.ceil((bytes.byteLength * 8) / UNIT_BITS));
  let bits = 0;
  let held = 0;
  let place = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    if (bits >= UNIT_BITS) {
      bits -= UNIT_BITS;
      units[place] = FIRST_UNIT + (held >>> bits);
      place += 1;
      held &= (1 << bits) - 1;
    }
  }
  if (bits > 0) units[place] = FIRST_UNIT + (held << (UNIT_BITS - bits));
  let text = '';
  for (let from = 0; from < units.length; from += UNITS_AT_ONCE) {
    text += String.fromCharCode(...units.subarray(from, from + UNITS_AT_ONCE));
  }
  return text;
}

/** The bytes that {@link packBytes} made the text of. `undefined`: it did not make it of so many bytes. */
export function unpackBytes(text: string, sizeBytes: number): Uint8Array<ArrayBuffer> | undefined {
  if (text.length !== Math.ceil((sizeBytes * 8) / UNIT_BITS)) return undefined;
  const bytes = new Uint8Array(sizeBytes);
  let bits = 0;
  let held = 0;
  let place = 0;
  for (let index = 0; index < text.length; index += 1) {
    const value = text.charCodeAt(index) - FIRST_UNIT;
    if (value < 0 || value >= UNIT_VALUES) return undefined;
    held = (held << UNIT_BITS) | value;
    bits += UNIT_BITS;
    for (; bits >= 8 && place < sizeBytes; place += 1) {
      bits -= 8;
      bytes[place] = held >>> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : undefined;
}
