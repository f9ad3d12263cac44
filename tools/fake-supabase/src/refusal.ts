/** What the service refuses a request with: HTTP 400 for nearly everything, the true status in the body. */
export interface Refusal {
  readonly httpStatus: number;
  readonly body: Readonly<Record<'statusCode' | 'error' | 'message' | 'code', string>>;
}

const REFUSALS: WeakSet<object> = new WeakSet();

/** Makes a refusal to throw. https://github.com/supabase/storage/blob/master/src/http/error-handler.ts */
export function refusal(
  statusCode: number,
  code: string,
  message: string,
  {
    error = code,
    httpStatus = statusCode === 500 ? 500 : 400,
  }: { readonly error?: string; readonly httpStatus?: number } = {},
): Refusal & Error {
  const made = Object.assign(new Error(message), {
    httpStatus,
    body: { statusCode: String(statusCode), error, message, code },
  });
  REFUSALS.add(made);
  return made;
}

/** Whether what was thrown is a refusal. */
export function isRefusal(error: unknown): error is Refusal & Error {
  return typeof error === 'object' && error !== null && REFUSALS.has(error);
}

/** What the request schema of a route refuses. */
export function invalidRequest(message: string): Refusal & Error {
  return refusal(400, 'InvalidRequest', message, { error: 'Error' });
}

/** https://github.com/supabase/storage/blob/master/src/internal/errors/codes.ts */
export const refuse = {
  noSuchBucket: (): Refusal & Error =>
    refusal(404, 'NoSuchBucket', 'Bucket not found', { error: 'Bucket not found' }),
  noSuchKey: (): Refusal & Error =>
    refusal(404, 'NoSuchKey', 'Object not found', { error: 'not_found' }),
  invalidKey: (key: string): Refusal & Error => refusal(400, 'InvalidKey', `Invalid key: ${key}`),
  invalidBucketName: (): Refusal & Error =>
    refusal(400, 'InvalidBucketName', 'Bucket name invalid', { error: 'Invalid Input' }),
  duplicateKey: (): Refusal & Error =>
    refusal(409, 'KeyAlreadyExists', 'The resource already exists', { error: 'Duplicate' }),
  duplicateBucket: (): Refusal & Error =>
    refusal(409, 'BucketAlreadyExists', 'The resource already exists', { error: 'Duplicate' }),
  duplicate: (): Refusal & Error =>
    refusal(409, 'ResourceAlreadyExists', 'The resource already exists', { error: 'Duplicate' }),
  denied: (message = 'new row violates row-level security policy'): Refusal & Error =>
    refusal(403, 'AccessDenied', message, { error: 'Unauthorized' }),
  tooLarge: (): Refusal & Error =>
    refusal(413, 'EntityTooLarge', 'The object exceeded the maximum allowed size', {
      error: 'Payload too large',
    }),
  mimeType: (type: string): Refusal & Error =>
    refusal(415, 'InvalidMimeType', `mime type ${type} is not supported`, {
      error: 'invalid_mime_type',
    }),
  notEmpty: (): Refusal & Error =>
    refusal(409, 'ResourceNotEmpty', 'The bucket you tried to delete is not empty'),
  signature: (message = 'Invalid signature'): Refusal & Error =>
    refusal(400, 'InvalidSignature', message),
  jwt: (message: string): Refusal & Error => refusal(400, 'InvalidJWT', message),
  parameter: (name: string): Refusal & Error =>
    refusal(400, 'InvalidParameter', `Invalid Parameter ${name}`),
  route: (method: string, url: string): Refusal & Error =>
    refusal(404, 'InvalidRequest', `Route ${method}:${url} not found`, {
      error: 'Not Found',
      httpStatus: 404,
    }),
};
