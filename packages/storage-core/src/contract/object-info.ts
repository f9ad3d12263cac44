import type { JsonValue } from './json.ts';

/** User metadata of an object: any JSON values; the type of each is kept. */
export type Metadata = Readonly<Record<string, JsonValue>>;

/** What a writer may say about an object besides its bytes. */
export interface ObjectAttributes {
  /** Media type, such as `image/png`. Absent: unknown, or told by the name. */
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentLanguage?: string;
  readonly contentDisposition?: string;
  readonly cacheControl?: string;
  /** Any JSON values. An empty map is the same as none. */
  readonly metadata?: Metadata;
  /** Item tags, in the order given, without duplicates. Not the service's own object tags. */
  readonly tags?: readonly string[];
  /** The moment from which the object counts as absent. */
  readonly expiresAt?: Date;
}

/**
 * A change of attributes: a field that is present replaces the whole field, `null` clears it,
 * and a field that is absent stays as it is.
 */
export type AttributesPatch = {
  readonly [Name in keyof ObjectAttributes]?: ObjectAttributes[Name] | null;
};

/** Hashes of the content by algorithm (`sha256`, `md5`, `crc32c` …), each as `<algorithm>-<base64>`. */
export type Checksums = Readonly<Record<string, string>>;

/** An object without its bytes. */
export interface ObjectInfo extends ObjectAttributes {
  readonly key: string;
  /** Units: bytes of the stored content. */
  readonly size: number;
  /** Opaque identity of a write, equal in get, stat, put and list. For comparing and `ifMatch` only. */
  readonly etag: string;
  readonly modifiedAt: Date;
  readonly createdAt?: Date;
  readonly checksums?: Checksums;
  /** The service's stable id of the object, where it has one. */
  readonly id?: string;
  /** Version of the object, where the provider keeps versions. */
  readonly version?: string;
  /** The random id that a conditional write carried, where the provider can keep it. */
  readonly writeId?: string;
}
