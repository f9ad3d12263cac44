/** Types that one look at the content does not tell apart, or that have several names. */
const FAMILIES: readonly (readonly string[])[] = [
  ['image/png', 'image/apng'],
  ['image/jpeg', 'image/jpg', 'image/pjpeg'],
  ['image/bmp', 'image/ms-bmp'],
  ['image/icon', 'image/vnd.microsoft.icon'],
  ['image/vnd.adobe.photoshop', 'image/photoshop', 'application/photoshop'],
  ['image/heif', 'image/heic', 'image/heif-sequence', 'image/heic-sequence'],
  ['image/jp2', 'image/jpx', 'image/jpm', 'image/j2c', 'image/mj2', 'image/jpeg2000'],
  [
    ...['image/tiff', 'image/adobe-dng', 'image/canon-cr2', 'image/nikon-nef', 'image/sony-arw'],
    ...['image/olympus-orf', 'image/panasonic-rw2', 'image/fujifilm-raf'],
  ],
  [
    ...['video/mp4', 'video/m4v', 'video/quicktime', 'video/3gpp', 'video/3gpp2'],
    ...['audio/mp4', 'audio/m4a', 'audio/3gpp', 'audio/3gpp2'],
  ],
  ['video/matroska', 'video/webm', 'audio/matroska', 'audio/webm'],
  ['application/ogg', 'audio/ogg', 'video/ogg', 'audio/opus'],
  ['video/vnd.avi', 'video/msvideo', 'video/avi'],
  [
    ...['application/vnd.ms-asf', 'audio/ms-asf', 'video/ms-asf'],
    ...['audio/ms-wma', 'video/ms-wmv'],
  ],
  ['video/mpeg', 'video/mp1s', 'video/mp2p', 'video/mp2t'],
  ['audio/mpeg', 'audio/mp3'],
  ['audio/wav', 'audio/wave', 'audio/vnd.wave'],
  ['audio/aac', 'audio/aacp'],
  ['audio/midi', 'audio/mid'],
  ['application/vnd.rar', 'application/rar', 'application/rar-compressed'],
  ['application/zip', 'application/zip-compressed'],
  ['application/rtf', 'text/rtf'],
  ['application/postscript', 'application/eps', 'image/eps', 'application/illustrator'],
  ['application/sqlite3', 'application/vnd.sqlite3'],
  ['application/vnd.apache.parquet', 'application/parquet'],
  ['application/java-vm', 'application/java'],
  [
    ...['application/msdownload', 'application/dosexec', 'application/msdos-program'],
    'application/vnd.microsoft.portable-executable',
  ],
  [
    'application/elf',
    'application/executable',
    'application/sharedlib',
    'application/pie-executable',
  ],
  ['font/ttf', 'font/sfnt', 'font/otf', 'application/font-ttf', 'application/font-otf'],
  ['font/woff', 'application/font-woff'],
  ['application/xml', 'text/xml'],
  ['text/markdown', 'text/md'],
  ['text/javascript', 'application/javascript', 'application/ecmascript'],
];

const NAMES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map(
  /* @__PURE__ */ FAMILIES.flatMap(([first = '', ...others]) =>
    others.map((other): [string, string] => [other, first]),
  ),
);

/** Formats that are ZIP archives inside; how deep one has to look to see which differs. */
const ZIPS =
  /^application\/(?:epub\+zip|xpinstall|java-archive|vnd\.(?:openxmlformats-officedocument|oasis\.opendocument|ms-(?:word|excel|powerpoint)\..*macroenabled|android\.package-archive|visio|apple\.).*)$|^model\/3mf$/;
/** Formats of Microsoft's compound file. */
const COMPOUNDS = /^application\/(?:msword|msi|vnd\.(?:visio|ms-.*))$/;
/** What many formats are made of. */
const CONTAINERS: ReadonlySet<string> = /* @__PURE__ */ new Set([
  ...['application/zip', 'application/gzip', 'application/cfb', 'application/sqlite3'],
  'application/ogg',
]);
const TEXTS =
  /^text\/|\+(?:json|xml|yaml)$|^application\/(?:json|json5|jsonl|ndjson|xml|yaml|toml|sql|graphql|javascript|ecmascript|typescript|sh|httpd-php|subrip|tex|latex|pem-file)$/;
const MARKDOWN: ReadonlySet<string> = /* @__PURE__ */ new Set(['text/markdown']);

/** One name for every member of a family. `x-` says nothing about a type. */
export function canonicalType(type: string): string {
  const plain = type.replace(/\/x-/, '/');
  return NAMES.get(plain) ?? plain;
}

/** Whether a type's content is text. */
const isTextType = (type: string): boolean => TEXTS.test(canonicalType(type));

/** What one look at content shows. */
export interface Seen {
  /** The type that its first bytes tell. */
  readonly found: string | undefined;
  /** Whether it has no byte that text does not have. */
  readonly isText: boolean;
}

/**
 * Whether content that looks so may be declared as that type. `recognizes` says for which types the
 * content would have shown it.
 */
export function agrees(
  declared: string,
  { found, isText }: Seen,
  recognizes: (type: string) => boolean,
): boolean {
  const type = canonicalType(declared);
  // Says that nothing is known of the content.
  if (type === 'application/octet-stream') return true;
  const shown = found === undefined ? undefined : canonicalType(found);
  if (shown === type) return true;
  if (type === 'image/svg+xml') return false;
  const isXml = type === 'application/xml' || type.endsWith('+xml');
  switch (shown) {
    case 'text/html':
      return isXml || MARKDOWN.has(type);
    case 'image/svg+xml':
      return type === 'application/xml';
    case 'application/xml':
      return isXml || (!isTextType(type) && !recognizes(type));
    default:
  }
  // The first letters of a text may be those of a binary format, such as "BM" or "MZ".
  if (isText && (shown === undefined || !isTelling(shown))) {
    return isTextType(type) || !recognizes(type);
  }
  if (shown === undefined) return !isTextType(type) && !recognizes(type);
  if (shown.startsWith('text/')) return type === 'text/plain';
  if (ZIPS.test(shown) && type === 'application/zip') return true;
  if (shown === 'application/zip' && ZIPS.test(type)) return true;
  if (shown === 'application/cfb' && COMPOUNDS.test(type)) return true;
  return CONTAINERS.has(shown) && !isTextType(type) && !recognizes(type);
}

/** Whether a type that text shows is told by more than two letters. */
function isTelling(type: string): boolean {
  return (
    type.startsWith('text/') ||
    ['application/rtf', 'application/pdf', 'application/postscript'].includes(type)
  );
}
