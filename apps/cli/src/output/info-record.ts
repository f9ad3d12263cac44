import type { ListItem } from '@granary/storage-core';

/** What is known of an object, as it stands in JSON: dates as ISO-8601, fields that are not known left out. */
export function infoRecord(item: Partial<ListItem>): Record<string, unknown> {
  const { key, size, etag, modifiedAt, createdAt, expiresAt, contentType, ...rest } = item;
  const { contentEncoding, contentLanguage, contentDisposition, cacheControl } = rest;
  const { metadata, tags, checksums, id, version } = rest;
  return {
    ...{ key, size, etag, modifiedAt, createdAt, expiresAt, contentType },
    ...{ contentEncoding, contentLanguage, contentDisposition, cacheControl },
    ...{ metadata, tags, checksums, id, version },
  };
}
