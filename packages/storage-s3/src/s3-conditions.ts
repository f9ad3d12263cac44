import { StorageError } from '@granary/storage-core/provider';

/**
 * Conditions that Amazon S3 checks in general purpose buckets.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html, read 2026-11-21
 */
export const S3_CONDITIONS = [
  'createIfAbsent',
  'replaceIfMatch',
  'deleteIfMatch',
  'copyIfMatch',
  'copyIfAbsent',
  'uploadConditions',
] as const;

/** A condition of a write, which not every store that speaks S3 checks. */
export type S3Condition = (typeof S3_CONDITIONS)[number];

/** Whether a word names a condition. */
export function isCondition(word: string): word is S3Condition {
  return S3_CONDITIONS.some((condition) => condition === word);
}

/** What the makers of other stores say of them, by the end of the host's name. */
const CONDITIONS_OF_HOST: readonly (readonly [
  suffix: string,
  conditions: readonly S3Condition[],
])[] = [
  ['.amazonaws.com', S3_CONDITIONS],
  ['.amazonaws.com.cn', S3_CONDITIONS],
  // A copy's target has headers of its own there, and deleting has none.
  // https://developers.cloudflare.com/r2/api/s3/conditional-operations/, read 2026-11-21
  ['.r2.cloudflarestorage.com', ['createIfAbsent', 'replaceIfMatch', 'uploadConditions']],
];

/** Conditions known of an endpoint; none for one that nothing is known of. */
export function conditionsOfHost(host: string): readonly S3Condition[] {
  const known = CONDITIONS_OF_HOST.find(([suffix]) => host.toLowerCase().endsWith(suffix));
  return known?.[1] ?? [];
}

/**
 * Whether a store keeps tags of objects.
 * https://developers.cloudflare.com/r2/api/s3/api/, read 2026-11-21
 */
export function keepsTags(host: string): boolean {
  return !host.toLowerCase().endsWith('.r2.cloudflarestorage.com');
}

/** What stands between the quotes of an etag. */
const ETAG = /^[!#-~]+$/;

/** Takes the quotes away, which belong to the header. */
export function toEtag(header: string): string {
  return header.replace(/^"(.*)"$/, '$1');
}

/**
 * Returns an etag as headers have it. Errors: `precondition-failed` for one that the service cannot
 * have given, which a header would bend.
 */
export function quoted(etag: string): string {
  if (ETAG.test(etag)) return `"${etag}"`;
  throw new StorageError('precondition-failed', 'the etag is not one of this service.', {
    outcome: 'not-applied',
  });
}

/** The fields of a request that hold under conditions. */
export function conditionFields(conditions: {
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}): { readonly IfMatch?: string; readonly IfNoneMatch?: string } {
  const { ifMatch, ifNoneMatch } = conditions;
  return {
    ...(ifMatch !== undefined && { IfMatch: quoted(ifMatch) }),
    ...(ifNoneMatch === '*' && { IfNoneMatch: '*' }),
    // An etag of another service is another write than the current one, whatever that is.
    ...(ifNoneMatch !== undefined &&
      ETAG.test(ifNoneMatch) &&
      ifNoneMatch !== '*' && { IfNoneMatch: quoted(ifNoneMatch) }),
  };
}
