/** A key below a prefix that is a whole number of segments. An empty prefix is the root. */
export function joinKey(prefix: string, key: string): string {
  return prefix === '' ? key : `${prefix}/${key}`;
}
