import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a token says. */
export type Claims = Readonly<Record<string, unknown>>;

/** Signs claims with HS256. */
export function signJwt(claims: Claims, secret: string): string {
  const head = encode({ alg: 'HS256', typ: 'JWT' });
  const body = encode(claims);
  return `${head}.${body}.${signature(`${head}.${body}`, secret)}`;
}

/**
 * The claims of a token that is signed and not expired. What it throws has the messages of the
 * service's library. https://github.com/panva/jose
 */
export function verifyJwt(token: string, secret: string, nowMs: number): Claims {
  const parts = token.split('.');
  const [head = '', body = '', signed = ''] = parts;
  if (parts.length !== 3) throw new Error('Invalid Compact JWS');
  const { alg } = decode(head);
  if (alg !== 'HS256') throw new Error('"alg" (Algorithm) Header Parameter value not allowed');
  const wanted = Buffer.from(signature(`${head}.${body}`, secret));
  const given = Buffer.from(signed);
  if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) {
    throw new Error('signature verification failed');
  }
  const claims = decode(body);
  const { exp } = claims;
  if (typeof exp === 'number' && exp * 1000 <= nowMs) {
    throw new Error('"exp" claim timestamp check failed');
  }
  return claims;
}

function signature(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

function encode(value: Claims): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(part: string): Claims {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    if (typeof value === 'object' && value !== null) return value as Claims;
  } catch {
    // Falls through to the refusal.
  }
  throw new Error('Invalid Compact JWS');
}
