import { createHash, randomUUID } from 'node:crypto';
import { checkName } from './names.ts';
import { refuse } from './refusal.ts';

/** A bucket as the service keeps it. */
export interface Bucket {
  readonly id: string;
  readonly owner: string | undefined;
  readonly public: boolean;
  readonly fileSizeLimit: number | null;
  readonly allowedMimeTypes: readonly string[] | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** A row of `storage.objects` with its content. */
export interface StoredFile {
  readonly id: string;
  readonly name: string;
  readonly bucket: string;
  readonly owner: string | undefined;
  readonly version: string;
  readonly content: Buffer;
  readonly mimetype: string;
  readonly cacheControl: string;
  /** With its quotes. */
  readonly etag: string;
  readonly userMetadata: Readonly<Record<string, unknown>> | null;
  readonly lastModified: Date;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What is written over or beside a row. */
export type FileDraft = Pick<
  StoredFile,
  'content' | 'mimetype' | 'cacheControl' | 'etag' | 'userMetadata'
> & { readonly owner: string | undefined };

/** Buckets and their objects. */
export interface State {
  readonly buckets: Map<string, Bucket>;
  bucket(id: string): Bucket;
  find(bucket: string, name: string): StoredFile | undefined;
  /** Inserts, or replaces and keeps id and time of creation: `INSERT … ON CONFLICT DO UPDATE`. */
  upsert(bucket: string, name: string, draft: FileDraft): StoredFile;
  remove(bucket: string, name: string): StoredFile | undefined;
  rename(file: StoredFile, bucket: string, name: string): StoredFile;
  /** In the byte order of names, as `COLLATE "C"` has it. */
  sorted(bucket: string): readonly StoredFile[];
  now(): Date;
}

/** Makes an empty project. */
export function makeState(now: () => Date): State {
  const buckets = new Map<string, Bucket>();
  const files = new Map<string, StoredFile>();
  let order: StoredFile[] | undefined;
  const place = (bucket: string, name: string) => `${bucket}/${name}`;

  function keep(file: StoredFile): StoredFile {
    files.set(place(file.bucket, file.name), file);
    order = undefined;
    return file;
  }

  return {
    buckets,
    now,
    bucket(id) {
      const found = buckets.get(id);
      if (!found) throw refuse.noSuchBucket();
      return found;
    },
    find: (bucket, name) => files.get(place(bucket, name)),
    upsert(bucket, name, draft) {
      checkName(bucket, name);
      const before = files.get(place(bucket, name));
      const at = now();
      return keep({
        ...draft,
        id: before?.id ?? randomUUID(),
        name,
        bucket,
        version: randomUUID(),
        lastModified: at,
        createdAt: before?.createdAt ?? at,
        updatedAt: at,
      });
    },
    remove(bucket, name) {
      const file = files.get(place(bucket, name));
      if (file) files.delete(place(bucket, name));
      order = undefined;
      return file;
    },
    rename(file, bucket, name) {
      if (files.has(place(bucket, name))) throw refuse.duplicate();
      files.delete(place(file.bucket, file.name));
      const moved = { ...file, bucket, name, version: randomUUID(), updatedAt: now() };
      return keep(moved);
    },
    sorted(bucket) {
      order ??= [...files.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return order.filter((file) => file.bucket === bucket);
    },
  };
}

/** Part size of the service's own upload to its backend. Units: bytes. */
const BACKEND_PART_BYTES = 5 * 1024 * 1024;

/** The ETag that S3 gives content that the service sent up: MD5, or that of the parts with their number. */
export function etagOf(content: Buffer, partBytes: number = BACKEND_PART_BYTES): string {
  if (content.length <= partBytes) return `"${md5(content).toString('hex')}"`;
  return multipartEtag(content, partBytes);
}

/** The ETag of a multipart upload, however many parts it has. */
export function multipartEtag(content: Buffer, partBytes: number): string {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < content.length || parts.length === 0; offset += partBytes) {
    parts.push(md5(content.subarray(offset, offset + partBytes)));
  }
  return `"${md5(Buffer.concat(parts)).toString('hex')}-${parts.length}"`;
}

function md5(content: Buffer): Buffer {
  return createHash('md5').update(content).digest();
}
