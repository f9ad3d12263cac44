/** Stands before a character that UTF-16 sorts otherwise than UTF-8 does; itself such a character. */
const MARK = 0xd7ff;
const BITS = 12;
const LOW = (1 << BITS) - 1;
/** Keeps NUL out of the form. */
const SHIFT = 1;

/**
 * A text in the form in which IndexedDB's order, by UTF-16 units, is that of UTF-8: characters from
 * U+D7FF on become three units. It is another text for few keys, and the start of a text becomes the
 * start of its form.
 */
export function toPlace(text: string): string {
  if (!/[\ud7ff-\uffff]/.test(text)) return text;
  let place = '';
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    place += point < MARK ? character : marked(point - MARK);
  }
  return place;
}

/** The key that {@link toPlace} was given. */
export function toKey(place: string): string {
  if (!place.includes('\ud7ff')) return place;
  let key = '';
  for (let at = 0; at < place.length; at += 1) {
    const unit = place.charCodeAt(at);
    if (unit !== MARK) {
      key += place.charAt(at);
      continue;
    }
    const high = place.charCodeAt(at + 1) - SHIFT;
    const low = place.charCodeAt(at + 2) - SHIFT;
    key += String.fromCodePoint(MARK + high * (LOW + 1) + low);
    at += 2;
  }
  return key;
}

function marked(above: number): string {
  return String.fromCharCode(MARK, (above >> BITS) + SHIFT, (above & LOW) + SHIFT);
}
