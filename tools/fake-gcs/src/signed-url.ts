import { createVerify } from 'node:crypto';
import { sha256Hex } from './checksums.ts';
import { Refusal } from './refusal.ts';
import type { FakeRequest } from './request.ts';

const ALGORITHM = 'GOOG4-RSA-SHA256';
const WEEK_SECONDS = 604_800;

/** What a signature is checked against. */
export interface SignatureCheck {
  readonly publicKey: string;
  readonly email: string;
  /** Units: ms since 1970. */
  readonly now: number;
}

/** Whether a request is authorized by its URL. */
export function isSigned({ query }: FakeRequest): boolean {
  return query['X-Goog-Signature'] !== undefined;
}

/**
 * Refuses a request whose V4 signature does not hold.
 * https://cloud.google.com/storage/docs/authentication/signatures
 * https://cloud.google.com/storage/docs/authentication/canonical-requests
 */
export function checkSignature(request: FakeRequest, check: SignatureCheck): void {
  const { query, headers } = request;
  if (query['X-Goog-Algorithm'] !== ALGORITHM) throw malformed('Invalid algorithm');
  const date = query['X-Goog-Date'] ?? '';
  const [, y, m, d, h, min, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? [];
  const signedAt = Date.parse(`${y}-${m}-${d}T${h}:${min}:${s}Z`);
  const seconds = Number(query['X-Goog-Expires']);
  if (Number.isNaN(signedAt)) throw malformed('Invalid X-Goog-Date');
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > WEEK_SECONDS) {
    throw malformed('X-Goog-Expires must be between 1 and 604800');
  }
  const scope = `${date.slice(0, 8)}/auto/storage/goog4_request`;
  if (query['X-Goog-Credential'] !== `${check.email}/${scope}`) {
    throw malformed('Invalid credential');
  }
  if (signedAt > check.now + 15 * 60_000) throw malformed('Request is not valid yet');
  if (check.now >= signedAt + seconds * 1000) {
    throw new Refusal(400, 'ExpiredToken', 'Invalid argument. The provided token has expired.');
  }
  const names = (query['X-Goog-SignedHeaders'] ?? '').split(';');
  checkSentHeaders(headers, names);
  const isRight = [headers['host'] ?? '', (headers['host'] ?? '').replace(/:\d+$/, '')].some(
    (host) => verifies(request, { ...headers, host }, names, `${date}\n${scope}`, check.publicKey),
  );
  if (!isRight) {
    throw new Refusal(
      403,
      'SignatureDoesNotMatch',
      'Access denied. The request signature we calculated does not match the signature you provided.',
    );
  }
  checkPayload(request, names);
}

/** A header of ours that was not signed would change what was agreed to. */
function checkSentHeaders(
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
): void {
  for (const name of names) {
    if (headers[name] === undefined) {
      throw new Refusal(
        400,
        'MalformedSecurityHeader',
        `Header was included in signedheaders, but not in the request: ${name}`,
      );
    }
  }
  for (const name of Object.keys(headers)) {
    const needsSignature = name.startsWith('x-goog-') && name !== 'x-goog-content-sha256';
    if (needsSignature && !names.includes(name)) {
      throw new Refusal(
        400,
        'MalformedSecurityHeader',
        `Header was included in the request, but not in signedheaders: ${name}`,
      );
    }
  }
}

function verifies(
  { method, path, search, query }: FakeRequest,
  headers: Readonly<Record<string, string>>,
  names: readonly string[],
  stamp: string,
  publicKey: string,
): boolean {
  const canonicalQuery = search
    .split('&')
    .filter((pair) => !pair.startsWith('X-Goog-Signature='))
    .map((pair) => pair.replace(/\+/g, '%20'))
    .map(normalized)
    .toSorted()
    .join('&');
  const canonicalHeaders = names
    .map((name) => `${name}:${(headers[name] ?? '').trim().replace(/\s{2,}/g, ' ')}\n`)
    .join('');
  const payload = names.includes('x-goog-content-sha256')
    ? (headers['x-goog-content-sha256'] ?? '')
    : 'UNSIGNED-PAYLOAD';
  const canonical = [
    method === 'HEAD' ? 'GET' : method,
    normalizedPath(path),
    canonicalQuery,
    canonicalHeaders,
    names.join(';'),
    payload,
  ].join('\n');
  return createVerify('RSA-SHA256')
    .update([ALGORITHM, ...stamp.split('\n'), sha256Hex(canonical)].join('\n'))
    .verify(publicKey, query['X-Goog-Signature'] ?? '', 'hex');
}

/** Everything but unreserved characters percent-encoded, whatever the client left as it was. */
function normalized(pair: string): string {
  const [name = '', ...value] = pair.split('=');
  return `${strict(name)}=${strict(value.join('='))}`;
}

function normalizedPath(path: string): string {
  return path.split('/').map(strict).join('/');
}

function strict(text: string): string {
  return encodeURIComponent(decodeURIComponent(text)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function checkPayload({ headers, body }: FakeRequest, names: readonly string[]): void {
  const digest = headers['x-goog-content-sha256'];
  if (digest !== undefined && names.includes('x-goog-content-sha256')) {
    if (digest !== 'UNSIGNED-PAYLOAD' && digest.toLowerCase() !== sha256Hex(body)) {
      throw new Refusal(
        400,
        'XAmzContentSHA256Mismatch',
        'The provided x-goog-content-sha256 header does not match what was computed.',
      );
    }
  }
  const range = headers['x-goog-content-length-range'];
  if (range === undefined) return;
  const [, least, most] = /^(\d+),(\d+)$/.exec(range) ?? [];
  if (least === undefined) throw malformed('Invalid x-goog-content-length-range');
  if (body.byteLength < Number(least)) {
    throw new Refusal(
      400,
      'EntityTooSmall',
      'Your proposed upload is smaller than the minimum object size.',
    );
  }
  if (body.byteLength > Number(most)) {
    throw new Refusal(
      400,
      'EntityTooLarge',
      'Your proposed upload exceeds the maximum allowed object size.',
    );
  }
}

function malformed(message: string): Refusal {
  return new Refusal(400, 'AuthenticationRequired', message);
}
