import type { Bucket, Generation } from './gcs-state.ts';
import { invalid, Refusal } from './refusal.ts';

const MAX_RESULTS = 1000;

/** A page of a listing. */
export interface ObjectPage {
  readonly items: readonly Generation[];
  readonly prefixes: readonly string[];
  readonly nextPageToken: string | undefined;
}

/**
 * Lists objects in the byte order of their UTF-8 names, generations oldest first.
 * https://cloud.google.com/storage/docs/json_api/v1/objects/list
 */
export function listPage(bucket: Bucket, query: Readonly<Record<string, string>>): ObjectPage {
  for (const name of ['matchGlob', 'softDeleted', 'filter', 'includeFoldersAsPrefixes']) {
    if (query[name] !== undefined)
      throw new Refusal(501, 'notImplemented', `The fake has no ${name}.`);
  }
  const { prefix = '', delimiter, startOffset, endOffset, pageToken } = query;
  const most = maxResults(query['maxResults']);
  const after = pageToken === undefined ? undefined : readToken(pageToken);
  const versions = query['versions'] === 'true';
  const items: Generation[] = [];
  const prefixes: string[] = [];
  let place: string | undefined;

  for (const object of inOrder(bucket, versions)) {
    const { name } = object;
    if (!name.startsWith(prefix)) continue;
    if (startOffset !== undefined && compare(name, startOffset) < 0) continue;
    if (endOffset !== undefined && compare(name, endOffset) >= 0) continue;
    const group = groupOf(name, prefix, delimiter);
    const mark = group === undefined ? markOf(object) : `p${group}`;
    if (after !== undefined && isBefore(object, group, after)) continue;
    const isKnown = group !== undefined && prefixes.at(-1) === group;
    if (!isKnown && items.length + prefixes.length === most) {
      return { items, prefixes, nextPageToken: place && writeToken(place) };
    }
    if (group !== undefined && !isKnown) prefixes.push(group);
    const isTrailing = query['includeTrailingDelimiter'] === 'true' && group === name;
    if (group === undefined || isTrailing) items.push(object);
    place = mark;
  }
  return { items, prefixes, nextPageToken: undefined };
}

function maxResults(text = String(MAX_RESULTS)): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw invalid('Invalid maxResults');
  return Math.min(count, MAX_RESULTS);
}

/** All generations that a listing goes through. */
function inOrder(bucket: Bucket, versions: boolean): readonly Generation[] {
  return [...bucket.objects.keys()]
    .toSorted(compare)
    .flatMap((name) => bucket.objects.get(name) ?? [])
    .filter(({ timeDeleted }) => versions || timeDeleted === undefined);
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function groupOf(name: string, prefix: string, delimiter: string | undefined): string | undefined {
  if (delimiter === undefined || delimiter === '') return undefined;
  const at = name.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : name.slice(0, at + delimiter.length);
}

function markOf({ name, generation }: Generation): string {
  return `o${generation}/${name}`;
}

function isBefore(object: Generation, group: string | undefined, after: string): boolean {
  if (after.startsWith('p')) {
    const last = after.slice(1);
    return group === last || compare(object.name, last) < 0;
  }
  const [, generation = '', name = ''] = /^o(\d+)\/(.*)$/s.exec(after) ?? [];
  const order = compare(object.name, name);
  return order < 0 || (order === 0 && object.generation <= Number(generation));
}

function writeToken(place: string): string {
  return Buffer.from(place).toString('base64');
}

function readToken(token: string): string {
  const place = Buffer.from(token, 'base64').toString();
  if (!/^[op]/.test(place) || writeToken(place) !== token) throw invalid('Invalid pageToken');
  return place;
}
