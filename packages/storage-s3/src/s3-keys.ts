/** The source of a copy as its header has it: bucket and key, percent-encoded, with a version. */
export function copySource(bucket: string, key: string, version?: string): string {
  const source = `${bucket}/${encodeKey(key)}`;
  return version === undefined ? source : `${source}?versionId=${encodeURIComponent(version)}`;
}

/**
 * A name out of a listing. Spaces come as `+` from some services and as `%20` from others; a plus is
 * always `%2B`.
 */
export function decodeName(name: string): string {
  return decodeURIComponent(name.replaceAll('+', ' '));
}

/** A key as a path: each segment percent-encoded, the slashes kept. */
export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}
