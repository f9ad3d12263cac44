import { ListObjectsV2Command, type ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import {
  compareKeys,
  decodeCursor,
  encodeCursor,
  isKey,
  type ListEntry,
  type ListOptions,
  type ListPage,
  StorageError,
} from '@granary/storage-core/provider';
import { wholeSeconds } from './s3-attributes.ts';
import type { S3Store } from './s3-client.ts';
import { toEtag } from './s3-conditions.ts';
import { notS3 } from './s3-errors.ts';
import { decodeName } from './s3-keys.ts';

/** Most entries of a page. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html, read 2026-11-21 */
const PAGE_SIZE = 1_000;

/** Units: bytes. https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, read 2026-11-21 */
const MAX_KEY_BYTES = 1_024;
const LAST_CHARACTER = '\u{10ffff}';

/** Lists objects, one request a page. Order, groups and the place between pages are the service's. */
export async function* listObjects(
  store: S3Store,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix, delimiter, startAfter, cursor, signal } = options;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let place = placeOf(options);
  const group = cursor === undefined ? groupOf(options) : undefined;
  if (group !== undefined) {
    place = { after: behind(group) };
    if (await hasAfter(store, group, startAfter, signal)) {
      left -= 1;
      yield { entries: [{ kind: 'prefix', key: group }], cursor: encodeCursor(options, place) };
      if (left === 0) return;
    }
  }
  for (;;) {
    const command = new ListObjectsV2Command({
      ...store.target,
      // Keys come percent-encoded, because XML cannot hold all of them.
      EncodingType: 'url',
      MaxKeys: Math.min(left, PAGE_SIZE),
      ...(prefix !== undefined && prefix !== '' && { Prefix: prefix }),
      ...(delimiter !== undefined && { Delimiter: delimiter }),
      ...(place.after !== undefined && { StartAfter: place.after }),
      ...(place.token !== undefined && { ContinuationToken: place.token }),
    });
    const output = await store.send(signal, (client, terms) => client.send(command, terms));
    const entries = entriesOf(output);
    left -= entries.length;
    const token = output.IsTruncated ? output.NextContinuationToken : undefined;
    if (token === undefined) {
      if (entries.length > 0) yield { entries };
      return;
    }
    place = { token };
    if (entries.length > 0) yield { entries, cursor: encodeCursor(options, place) };
    if (left <= 0) return;
  }
}

/** Where a walk goes on: behind a key, or where the service says. */
type Place = Readonly<Partial<Record<'after' | 'token', string>>>;

function placeOf(options: ListOptions): Place {
  const { cursor, startAfter } = options;
  if (cursor === undefined) return startAfter === undefined ? {} : { after: startAfter };
  const { after, token } = Object(decodeCursor(cursor, options)) as Place;
  if (typeof after === 'string') return { after };
  if (typeof token === 'string') return { token };
  throw new StorageError('invalid-argument', 'the cursor is not one of this listing.');
}

/** The group that the walk begins in, if it begins in one. */
function groupOf({ prefix = '', delimiter, startAfter }: ListOptions): string | undefined {
  if (delimiter === undefined || !startAfter?.startsWith(prefix)) return undefined;
  const at = startAfter.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : startAfter.slice(0, at + delimiter.length);
}

/**
 * Whether a group has a key behind this one. Services differ in whether they show the group then, so it is
 * asked for by itself.
 */
async function hasAfter(
  store: S3Store,
  group: string,
  startAfter: string | undefined,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const command = new ListObjectsV2Command({
    ...store.target,
    MaxKeys: 1,
    Prefix: group,
    ...(startAfter !== undefined && { StartAfter: startAfter }),
  });
  const { IsTruncated, Contents = [] } = await store.send(signal, (client, terms) =>
    client.send(command, terms),
  );
  if (IsTruncated === undefined) throw notS3('it is no listing');
  return Contents.length > 0;
}

/** A text behind every key of a group: the last character there is, as often as a key has room. */
function behind(group: string): string {
  const room = MAX_KEY_BYTES - new TextEncoder().encode(group).byteLength;
  return group + LAST_CHARACTER.repeat(Math.max(1, Math.ceil(room / 4)));
}

/** The entries of a page in the order of their keys: the service tells objects and groups apart. */
function entriesOf(output: ListObjectsV2CommandOutput): ListEntry[] {
  const { Contents = [], CommonPrefixes = [], IsTruncated, NextContinuationToken } = output;
  if (IsTruncated === undefined || (IsTruncated && NextContinuationToken === undefined)) {
    throw notS3('it is no listing');
  }
  const items = Contents.flatMap(({ Key, Size, ETag, LastModified }): ListEntry[] => {
    if (Key === undefined) throw notS3('an object has no key');
    const key = decodeName(Key);
    if (!isKey(key)) return [];
    return [
      {
        kind: 'item',
        key,
        ...(Size !== undefined && { size: Size }),
        ...(ETag !== undefined && { etag: toEtag(ETag) }),
        ...(LastModified !== undefined && { modifiedAt: wholeSeconds(LastModified) }),
      },
    ];
  });
  const groups = CommonPrefixes.map(({ Prefix }): ListEntry => {
    if (Prefix === undefined) throw notS3('a group has no name');
    return { kind: 'prefix', key: decodeName(Prefix) };
  });
  return groups.length === 0
    ? items
    : [...items, ...groups].sort((a, b) => compareKeys(a.key, b.key));
}
