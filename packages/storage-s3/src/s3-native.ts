import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import type { ObjectTags, ServiceOptions } from '@granary/storage-core/provider';

/**
 * Fields that `native` of a put or an upload takes, as they are. `CreateMultipartUpload` has them all, too.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html, read 2026-11-21
 */
export type S3NativeOptions = Pick<
  PutObjectCommandInput,
  | 'ACL'
  | 'BucketKeyEnabled'
  | 'Expires'
  | 'GrantFullControl'
  | 'GrantRead'
  | 'GrantReadACP'
  | 'GrantWriteACP'
  | 'ObjectLockLegalHoldStatus'
  | 'ObjectLockMode'
  | 'ObjectLockRetainUntilDate'
  | 'SSEKMSEncryptionContext'
  | 'SSEKMSKeyId'
  | 'ServerSideEncryption'
  | 'StorageClass'
  | 'WebsiteRedirectLocation'
>;

/** The names of {@link S3NativeOptions}. */
export const NATIVE_OPTIONS: readonly (keyof S3NativeOptions)[] = [
  'ACL',
  'BucketKeyEnabled',
  'Expires',
  'GrantFullControl',
  'GrantRead',
  'GrantReadACP',
  'GrantWriteACP',
  'ObjectLockLegalHoldStatus',
  'ObjectLockMode',
  'ObjectLockRetainUntilDate',
  'SSEKMSEncryptionContext',
  'SSEKMSKeyId',
  'ServerSideEncryption',
  'StorageClass',
  'WebsiteRedirectLocation',
];

/** The fields of a request for what is said in the service's own words. */
export function serviceFields(
  defaults: S3NativeOptions | undefined,
  { native, objectTags = {} }: ServiceOptions,
): S3NativeOptions & { readonly Tagging?: string } {
  const tagging = tagHeader(objectTags);
  return { ...defaults, ...native, ...(tagging !== '' && { Tagging: tagging }) };
}

/** Tags as a header has them: `a=1&b=2`, percent-encoded. */
export function tagHeader(tags: ObjectTags): string {
  return Object.entries(tags)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&');
}
