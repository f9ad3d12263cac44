/** The last id's time and counter, so that ids of one millisecond come in order. */
const last = { ms: 0, counter: 0 };

/**
 * A new id: a UUID of version 7 (RFC 9562, section 6.2, method 1 with a counter of 32 bits). Ids of one
 * process sort in the order they were made; nobody can guess one from another.
 */
export function createId(): string {
  const view = new DataView(crypto.getRandomValues(new Uint8Array(16)).buffer);
  const now = Date.now();
  if (now > last.ms) {
    last.ms = now;
    // Starts in the lower half, which leaves room to count.
    last.counter = view.getUint32(6) >>> 1;
  } else if (last.counter < 0xffffffff) {
    last.counter += 1;
  } else {
    last.ms += 1;
    last.counter = 0;
  }
  const { ms, counter } = last;
  view.setUint32(0, ms / 65536);
  view.setUint16(4, ms);
  view.setUint16(6, 0x7000 | (counter >>> 20));
  view.setUint32(8, 0x80000000 | ((counter & 0xfffff) << 10) | (view.getUint32(8) & 0x3ff));
  let id = '';
  for (let index = 0; index < 16; index += 2) {
    if (index === 4 || index === 6 || index === 8 || index === 10) id += '-';
    id += view.getUint16(index).toString(16).padStart(4, '0');
  }
  return id;
}
