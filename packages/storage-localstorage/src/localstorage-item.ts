import {
  type Checksums,
  type ObjectAttributes,
  type ObjectInfo,
  pickAttributes,
  StorageError,
} from '@granary/storage-core/provider';
import { packBytes, unpackBytes } from './localstorage-bytes.ts';

/** Stands at the start of every item, with the version of the format. */
const MARK = 'granary';
const VERSION = 1;
const START = `${MARK}${VERSION} `;
/** JSON never holds a line end as it is. */
const HEADER_END = '\n';

/** Content as it is kept: text where it is text, else packed. */
export interface Content {
  readonly text: string;
  readonly isPacked: boolean;
  readonly size: number;
}

/** An object out of one item of localStorage. */
export interface Item {
  readonly info: ObjectInfo;
  readonly content: Content;
}

/** The header of an item. Short names, because each of them is stored with each object. Times in ms. */
interface Header {
  readonly s: number;
  /** UTF-16 units of the content, which shows one that was cut. */
  readonly u: number;
  /** Present when the content is packed. */
  readonly p?: 1;
  readonly e: string;
  readonly m: number;
  readonly c: number;
  readonly a?: Omit<ObjectAttributes, 'expiresAt'>;
  readonly x?: number;
  readonly h?: Checksums;
  readonly w?: string;
}

/** Content as text. Text in UTF-8 stays readable, but for NUL, at which some tools stop. */
export function toContent(bytes: Uint8Array): Content {
  const size = bytes.byteLength;
  if (!bytes.includes(0)) {
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
      return { text, isPacked: false, size };
    } catch {
      // It is not text.
    }
  }
  return { text: packBytes(bytes), isPacked: true, size };
}

/** The bytes of an item. Errors: `corrupted`. */
export function fromContent(key: string, { text, isPacked, size }: Content): Uint8Array {
  const bytes = isPacked ? unpackBytes(text, size) : new TextEncoder().encode(text);
  if (bytes === undefined || bytes.byteLength !== size) throw corrupted(key);
  return bytes;
}

/** An object as the value of one item. */
export function formatItem({ info, content }: Item): string {
  const { etag, modifiedAt, createdAt = modifiedAt, checksums, writeId } = info;
  const { expiresAt, ...attributes } = pickAttributes(info);
  const header: Header = {
    s: content.size,
    u: content.text.length,
    ...(content.isPacked && { p: 1 as const }),
    e: etag,
    m: modifiedAt.getTime(),
    c: createdAt.getTime(),
    ...(Object.keys(attributes).length > 0 && { a: attributes }),
    ...(expiresAt !== undefined && { x: expiresAt.getTime() }),
    ...(checksums !== undefined && { h: checksums }),
    ...(writeId !== undefined && { w: writeId }),
  };
  return `${START}${JSON.stringify(header)}${HEADER_END}${content.text}`;
}

/** The object in the value of an item. Errors: `corrupted`; `invalid-data` for a newer format. */
export function parseItem(key: string, value: string): Item {
  const end = value.indexOf(HEADER_END);
  const header = end < 0 ? undefined : parseHeader(key, value.slice(0, end));
  const text = value.slice(end + 1);
  if (header === undefined || header.u !== text.length) throw corrupted(key);
  const info: ObjectInfo = {
    key,
    size: header.s,
    etag: header.e,
    modifiedAt: new Date(header.m),
    createdAt: new Date(header.c),
    ...header.a,
    ...(header.x !== undefined && { expiresAt: new Date(header.x) }),
    ...(header.h !== undefined && { checksums: header.h }),
    ...(header.w !== undefined && { writeId: header.w }),
  };
  return { info, content: { text, isPacked: header.p === 1, size: header.s } };
}

function parseHeader(key: string, line: string): Header | undefined {
  if (!line.startsWith(START)) {
    const [, version] = /^granary(\d{1,9}) /.exec(line) ?? [];
    if (Number(version) > VERSION) throw tooNew(key);
    return undefined;
  }
  try {
    const header = JSON.parse(line.slice(START.length)) as Partial<Header> | null;
    return isHeader(header) ? header : undefined;
  } catch {
    return undefined;
  }
}

function isHeader(header: Partial<Header> | null): header is Header {
  if (typeof header !== 'object' || header === null) return false;
  const { s, u, e, m, c, x = 0, a = {}, h = {} } = header;
  return (
    [s, u, m, c, x].every((number) => Number.isSafeInteger(number)) &&
    typeof e === 'string' &&
    [a, h].every((map) => typeof map === 'object' && map !== null)
  );
}

function corrupted(key: string): StorageError {
  return new StorageError('corrupted', 'the item in localStorage is damaged.', {
    key,
    hint: 'Something else changed it. Save it again, or delete it.',
  });
}

function tooNew(key: string): StorageError {
  return new StorageError('invalid-data', 'the item was written by a newer version.', {
    key,
    hint: 'Update @granary/storage-localstorage.',
  });
}
