import type { ObjectAttributes, ObjectInfo } from '@granary/storage-core';

/** What of an object goes with it to another place. */
export function attributesOf(info: ObjectInfo): ObjectAttributes {
  const { contentType, contentEncoding, contentLanguage, contentDisposition } = info;
  const { cacheControl, metadata, tags, expiresAt } = info;
  const all = {
    ...{ contentType, contentEncoding, contentLanguage, contentDisposition },
    ...{ cacheControl, metadata, tags, expiresAt },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
