import { contentTypeOf, matchesPattern, type PutOptions } from '@granary/storage-core/provider';

/** What is compressed without being asked for. */
export interface CompressRules {
  /** All that shrinks, unless `compress: false` is said. Default: `false`. */
  readonly always?: boolean;
  /** Media types that are compressed, such as `text/*` or `application/json`. Default: none. */
  readonly contentTypes?: readonly string[];
  /** Keys that are compressed: patterns in which `*` stands for anything. Default: none. */
  readonly keys?: readonly string[];
}

/** Media types whose formats compress already, so that trying costs time alone. */
const COMPRESSED =
  /^(?:image\/(?!svg|bmp|x-ms-bmp|tiff|x-icon|vnd\.microsoft\.icon)|video\/|audio\/(?!wav|x-wav|wave|aiff|x-aiff|basic|midi)|font\/woff2?$|application\/(?:zip|gzip|x-gzip|zstd|x-7z-compressed|x-bzip2?|x-xz|x-rar-compressed|vnd\.rar|java-archive|epub\+zip|vnd\.openxmlformats-officedocument\.|vnd\.oasis\.opendocument\.(?!.*flat)))/;

/** Decides whether a write is to be compressed, before its content is looked at. */
export function compressRules(
  rules: CompressRules,
): (
  key: string,
  options: Pick<PutOptions, 'compress' | 'contentType' | 'contentEncoding'>,
) => boolean {
  const { always = false, contentTypes = [], keys = [] } = rules;
  const byType = contentTypes.map((type) => type.toLowerCase());
  return (key, { compress, contentType, contentEncoding }) => {
    if (compress === false || contentEncoding !== undefined) return false;
    const type = mediaType(contentType ?? contentTypeOf(key));
    if (COMPRESSED.test(type)) return false;
    return (
      compress === true ||
      always ||
      byType.some((pattern) => type !== '' && matchesPattern(pattern, type)) ||
      keys.some((pattern) => matchesPattern(pattern, key))
    );
  };
}

function mediaType(contentType = ''): string {
  const [type = ''] = contentType.split(';');
  return type.trim().toLowerCase();
}
