/** A field of a listing entry besides `key`. */
export type ListField =
  | 'size'
  | 'etag'
  | 'modifiedAt'
  | 'createdAt'
  | 'contentType'
  | 'metadata'
  | 'tags'
  | 'expiresAt'
  | 'checksums'
  | 'id';

/** An option of `presign` that not every service can bind into a signature. */
export type PresignOption =
  | 'contentType'
  | 'contentLength'
  | 'checksum'
  | 'ifNoneMatch'
  | 'responseDisposition'
  | 'responseContentType';

/**
 * What a provider can do: one flat object of booleans, limits and short unions. A field that is
 * missing means no (for a limit: none is known). The conformance kit checks every claim.
 */
export interface Capabilities {
  /** `get` takes `range`. */
  readonly rangeReads?: boolean;
  /** `get` takes `ifMatch` and `ifNoneMatch`. */
  readonly readConditions?: boolean;
  /** `put` takes `ifNoneMatch: '*'`; of two racing creators exactly one wins. */
  readonly createIfAbsent?: boolean;
  /** `put` takes `ifMatch`. */
  readonly replaceIfMatch?: boolean;
  /** `delete` takes `ifMatch`. */
  readonly deleteIfMatch?: boolean;
  /** `copy` and `move` take `sourceIfMatch`. */
  readonly copyIfMatch?: boolean;
  /** `copy` and `move` take `ifNoneMatch: '*'` for the target. */
  readonly copyIfAbsent?: boolean;
  /** An upload session's `complete` takes `ifMatch` and `ifNoneMatch: '*'`. */
  readonly uploadConditions?: boolean;
  /** What `ifMatch` in `setMetadata` asks for is checked. */
  readonly setMetadataIfMatch?: boolean;

  /** Where attributes live. `none`: a put with attributes beyond the content type is `unsupported`. */
  readonly attributes?: 'native' | 'companion' | 'none';
  /** Body and attributes of a write become visible as one. */
  readonly atomicAttributes?: boolean;
  /** Units: bytes of names and values as the service counts them. */
  readonly maxMetadataBytes?: number;
  /** `put` takes `checksum: 'sha256'` and the checksum comes back in `info`. */
  readonly checksum?: boolean;
  /** `upload` takes `checksum: 'sha256'`, and a session's `complete` checks the one it is given. */
  readonly uploadChecksum?: boolean;
  /** `put` takes `writeId` and gives it back in `info`. */
  readonly writeIds?: boolean;
  /** Names that `native` of `put` and `upload` takes: fields of the service's own request. */
  readonly nativeOptions?: readonly string[];
  /**
   * What changes an etag: `content`, a hash, so the same bytes have the same etag; `write`, every
   * put; `attributes`, every put and every change of attributes.
   */
  readonly etagCovers?: 'content' | 'write' | 'attributes';

  /** Fields always present in an entry of a plain listing. */
  readonly listFields?: readonly ListField[];
  /** `list` takes `include: ['attributes']` at no request per key. */
  readonly listAttributes?: boolean;
  /** `utf8`: entries come in the byte order of their UTF-8 keys. */
  readonly listOrder?: 'utf8' | 'none';
  /** Which delimiters `list` takes. Missing: none. */
  readonly delimiter?: 'slash' | 'any';

  /** Answers a search from an index, so that not every object is looked at. */
  readonly candidates?: boolean;
  readonly putMany?: boolean;
  readonly getMany?: boolean;
  readonly statMany?: boolean;
  readonly deleteMany?: boolean;
  /** `putMany` and `deleteMany` take `atomic: true`: all or nothing. */
  readonly atomicBatch?: boolean;

  readonly copy?: boolean;
  readonly move?: boolean;
  readonly setMetadata?: boolean;
  readonly upload?: boolean;
  readonly uploads?: boolean;
  readonly presign?: boolean;
  /** Options of `presign`, besides method and expiry, that a signature binds or an answer obeys. */
  readonly presignOptions?: readonly PresignOption[];
  readonly publicUrl?: boolean;
  readonly versions?: boolean;
  /** `delete` takes a version and deletes it alone. */
  readonly deleteVersion?: boolean;
  /** `put` and `upload` take `objectTags`, and they can be read and set by themselves. */
  readonly objectTags?: boolean;
  readonly watch?: boolean;
  readonly changes?: boolean;
  readonly usage?: boolean;
  readonly health?: boolean;

  /** `put` takes `encrypt: true`. Declared by the encryption layer alone. */
  readonly encrypt?: boolean;
  /** `put` takes `compress: true`. Declared by the compression layer alone. */
  readonly compress?: boolean;

  /** The objects `a` and `a/b` can exist side by side. */
  readonly fileAndFolder?: boolean;
  /** The keys `A` and `a` are two keys. */
  readonly caseSensitive?: boolean;
  /** What a resolved write stored survives the end of the process. */
  readonly durable?: boolean;

  /** Largest body of one `put`. Units: bytes. */
  readonly maxPutBytes?: number;
  /**
   * Largest body of one `put` that is in memory already, where that is more than `maxPutBytes`: to
   * send it whole takes no further memory, and fewer requests. Units: bytes.
   */
  readonly maxBufferedPutBytes?: number;
  /** Largest object. Units: bytes. */
  readonly maxObjectBytes?: number;
  /** Longest key. Units: UTF-8 bytes. 1,024 when missing. */
  readonly maxKeyBytes?: number;
}
