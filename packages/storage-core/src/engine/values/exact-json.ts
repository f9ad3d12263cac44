const UTF8 = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Deepest nesting of a value. Parsers of other languages stop at about this, and ours would run out of stack later. */
export const MAX_DEPTH = 2000;

/**
 * Whether JSON gives a value back exactly as it is: a walk that allocates nothing. When it does
 * not, `checkJson` says why. A property whose value is `undefined` counts as absent.
 */
export function isExactJson(value: unknown, depth = 0): boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return true;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== 'object' || depth >= MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    if (Object.getPrototypeOf(value) !== Array.prototype) return false;
    for (let index = 0; index < value.length; index += 1) {
      if (!isExactJson(value[index], depth + 1)) return false;
    }
    return true;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  for (const name of Object.keys(value)) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member !== undefined && !isExactJson(member, depth + 1)) return false;
  }
  return Object.getOwnPropertySymbols(value).length === 0;
}

/**
 * Whether the name of a key leads to JSON whatever table of types there is: it has no extension, or
 * that of JSON. A dot that starts a name is no extension.
 */
export function isJsonKey(key: string): boolean {
  const dot = key.lastIndexOf('.');
  return dot <= key.lastIndexOf('/') + 1 || /\.json$/i.test(key);
}

/** Reads UTF-8 and keeps every character, a byte order mark included. Errors: `TypeError` for other bytes. */
export function decodeUtf8(bytes: Uint8Array): string {
  return UTF8.decode(bytes);
}

/** Reads JSON, also with the byte order mark that some editors write. Errors: what `JSON.parse` throws. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decodeUtf8(bytes);
  return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
}
