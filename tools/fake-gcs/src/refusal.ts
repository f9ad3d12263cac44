/** An answer that is no success. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
export class Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    reason: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.headers = headers;
  }
}

/** A request that is not well formed. */
export function invalid(message: string, reason = 'invalid'): Refusal {
  return new Refusal(400, reason, message);
}

/** The bucket is not there. */
export function noBucket(): Refusal {
  return new Refusal(404, 'notFound', 'The specified bucket does not exist.');
}

/** The object, or this generation of it, is not there. */
export function noObject(bucket: string, name: string): Refusal {
  return new Refusal(404, 'notFound', `No such object: ${bucket}/${name}`);
}

/** A precondition does not hold. */
export function conditionNotMet(): Refusal {
  return new Refusal(
    412,
    'conditionNotMet',
    'At least one of the pre-conditions you specified did not hold.',
  );
}

/** The caller has what it asked not to get again. */
export function notModified(): Refusal {
  return new Refusal(304, 'notModified', 'Not Modified');
}

/** The body of an error in the JSON API. */
export function jsonError({ status, reason, message }: Refusal): string {
  return JSON.stringify({
    error: { code: status, message, errors: [{ message, domain: 'global', reason }] },
  });
}

/** Names of errors in the XML API. https://cloud.google.com/storage/docs/xml-api/reference-status */
const XML_CODES: Readonly<Record<string, string>> = {
  authError: 'AuthenticationRequired',
  forbidden: 'AccessDenied',
  conditionNotMet: 'PreconditionFailed',
  requestedRangeNotSatisfiable: 'InvalidRange',
  invalid: 'InvalidArgument',
  badDigest: 'BadDigest',
  rateLimitExceeded: 'SlowDown',
  backendError: 'InternalError',
};

/** The body of an error in the XML API. */
export function xmlError({ status, reason, message }: Refusal): string {
  const missing = message.startsWith('The specified bucket') ? 'NoSuchBucket' : 'NoSuchKey';
  const code = XML_CODES[reason] ?? (status === 404 && reason === 'notFound' ? missing : reason);
  return `<?xml version='1.0' encoding='UTF-8'?><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>`;
}

/** Text as it stands in XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"'\r\n]/g, (character) => `&#${character.charCodeAt(0)};`);
}
