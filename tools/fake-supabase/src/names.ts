import { refuse } from './refusal.ts';

// https://github.com/supabase/storage/blob/master/src/storage/limits.ts
const VALID_OBJECT_KEY = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]*$/;
const VALID_BUCKET_NAME = /^[A-Za-z0-9_!.*'() &$=@;:+,?-]*$/;
/** S3's limit on the backend's own key: project, bucket, name and version together. */
const MAX_STORED_KEY_BYTES = 1024;
const PROJECT_BYTES = 20;
const VERSION_BYTES = 36;

/** Refuses a name that no object can have. */
export function checkName(bucket: string, name: string): void {
  if (name.length === 0 || !VALID_OBJECT_KEY.test(name)) throw refuse.invalidKey(name);
  const stored = PROJECT_BYTES + bucket.length + name.length + VERSION_BYTES + 3;
  if (stored > MAX_STORED_KEY_BYTES) throw refuse.invalidKey(name);
}

/** Refuses a name that no bucket can have. */
export function checkBucketName(name: string): void {
  if (name.length === 0 || name.length > 100 || !VALID_BUCKET_NAME.test(name)) {
    throw refuse.invalidBucketName();
  }
}
