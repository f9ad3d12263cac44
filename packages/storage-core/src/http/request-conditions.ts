import type { ObjectInfo } from '../contract/object-info.ts';

/** The entity tag of an object. Characters that one cannot have are percent-encoded. */
export function entityTag(etag: string): string {
  const safe = etag.replace(/[^!#$&-~]/gu, (character) => encodeURIComponent(character));
  return `"${safe}"`;
}

/**
 * What the conditions of a request lead to, in the order of RFC 9110, section 13.2.2: 412, 304, or
 * going on.
 */
export function conditionStatus(headers: Headers, info: ObjectInfo): 304 | 412 | undefined {
  const tag = entityTag(info.etag);
  const ifMatch = headers.get('if-match');
  const unmodifiedSince = dateOf(headers.get('if-unmodified-since'));
  if (ifMatch !== null) {
    if (!lists(ifMatch, tag, false)) return 412;
  } else if (unmodifiedSince !== undefined && seconds(info.modifiedAt) > unmodifiedSince) {
    return 412;
  }
  const ifNoneMatch = headers.get('if-none-match');
  const modifiedSince = dateOf(headers.get('if-modified-since'));
  if (ifNoneMatch !== null) return lists(ifNoneMatch, tag, true) ? 304 : undefined;
  const isUnchanged = modifiedSince !== undefined && seconds(info.modifiedAt) <= modifiedSince;
  return isUnchanged ? 304 : undefined;
}

/**
 * Whether a range may be served: there is no `If-Range`, or it names this write. A date counts
 * only when no other write can have the same one (RFC 9110, section 8.8.2.2).
 */
export function ifRangeHolds(headers: Headers, info: ObjectInfo, now: () => number): boolean {
  const ifRange = headers.get('if-range');
  if (ifRange === null) return true;
  if (ifRange.startsWith('"')) return ifRange === entityTag(info.etag);
  const date = dateOf(ifRange);
  const modified = seconds(info.modifiedAt);
  return date === modified && Math.floor(now() / 1000) > modified;
}

/** Whether a list of entity tags has this one. Weak ones count only in a weak comparison. */
function lists(header: string, tag: string, weak: boolean): boolean {
  if (header.trim() === '*') return true;
  for (const [listed] of header.matchAll(/(?:W\/)?"[^"]*"/g)) {
    if (listed === tag || (weak && listed === `W/${tag}`)) return true;
  }
  return false;
}

/** Units: seconds since 1970, as HTTP dates have them. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function dateOf(header: string | null): number | undefined {
  const time = header === null ? Number.NaN : Date.parse(header);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}
