/** Returns the path of an object: each segment percent-encoded, so that no key means another path. */
export function toPath(key: string): string {
  return `objects/${key.split('/').map(encodeURIComponent).join('/')}`;
}
