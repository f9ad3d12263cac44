/**
 * A `Content-Disposition` with a file name (RFC 6266): plain where ASCII can hold it, else with the exact
 * name in UTF-8 (RFC 8187) beside one that old clients read.
 */
export function contentDisposition(type: 'inline' | 'attachment', fileName: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go
  const name = fileName.toWellFormed().replace(/[\u0000-\u001f\u007f/\\]/g, '_');
  const ascii = name.replace(/[^ -~]/gu, '_');
  const plain = ascii.replace(/"/g, '\\"');
  // A percent sign is decoded by some clients, which then see another name.
  if (ascii === name && !name.includes('%')) return `${type}; filename="${plain}"`;
  return `${type}; filename="${plain.replaceAll('%', '_')}"; filename*=UTF-8''${extended(name)}`;
}

/** What `encodeURIComponent` leaves and RFC 8187 does not allow is encoded too. */
function extended(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
