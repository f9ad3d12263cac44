import { createVerify, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { GcsState } from './gcs-state.ts';
import { invalid, Refusal } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, json } from './request.ts';

/** A service account. */
export interface FakeCredentials {
  readonly client_email: string;
  /** PEM. */
  readonly private_key: string;
}

/** Who may use the service. */
export interface FakeAccounts {
  readonly credentials: FakeCredentials;
  /** The same account with a key that the service does not know. */
  readonly wrongCredentials: FakeCredentials;
  readonly publicKey: string;
  /** Exchanges a signed JWT for an access token. */
  token(request: FakeRequest): FakeAnswer;
  /** A token that is good for an hour. */
  issue(): string;
  /** Refuses a request without a token that is good. */
  authorize(headers: Readonly<Record<string, string>>): void;
  /** Makes every token bad that was issued so far. */
  revoke(): void;
}

const HOUR_MS = 3_600_000;
const SCOPES = /\/auth\/(?:cloud-platform|devstorage\.(?:full_control|read_write|read_only|iam))$/;

/** Makes a service account with a key of its own. */
export function fakeAccounts(state: GcsState, projectId: string): FakeAccounts {
  const client_email = `granary@${projectId}.iam.gserviceaccount.com`;
  const { privateKey, publicKey } = keyPair();
  const tokens = new Map<string, number>();

  function issue(): string {
    const token = `ya29.${randomBytes(24).toString('base64url')}`;
    tokens.set(token, Date.now() + HOUR_MS);
    return token;
  }

  return {
    credentials: { client_email, private_key: privateKey },
    wrongCredentials: { client_email, private_key: keyPair().privateKey },
    publicKey,
    issue,
    revoke: () => tokens.clear(),

    // https://developers.google.com/identity/protocols/oauth2/service-account#httprest
    token({ method, headers, body }) {
      if (method !== 'POST') throw new Refusal(405, 'methodNotAllowed', 'Method Not Allowed');
      const sent = (headers['content-type'] ?? '').startsWith('application/json')
        ? (JSON.parse(body.toString()) as Record<string, string>)
        : Object.fromEntries(new URLSearchParams(body.toString()));
      if (sent['grant_type'] !== 'urn:ietf:params:oauth:grant-type:jwt-bearer') {
        return json(
          { error: 'unsupported_grant_type', error_description: 'Invalid grant_type' },
          400,
        );
      }
      const problem = jwtProblem(sent['assertion'] ?? '', publicKey, client_email, state.now());
      if (problem !== undefined) {
        return json({ error: 'invalid_grant', error_description: problem }, 400);
      }
      return json({ access_token: issue(), expires_in: 3599, token_type: 'Bearer' });
    },

    authorize(headers) {
      const [, token] = /^Bearer (.+)$/.exec(headers['authorization'] ?? '') ?? [];
      if (token === undefined) {
        throw new Refusal(
          401,
          'required',
          'Anonymous caller does not have storage access to the Google Cloud Storage resource.',
        );
      }
      if ((tokens.get(token) ?? 0) < Date.now()) {
        throw new Refusal(401, 'authError', 'Invalid Credentials');
      }
    },
  };
}

function keyPair(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
}

function jwtProblem(
  assertion: string,
  publicKey: string,
  email: string,
  nowMs: number,
): string | undefined {
  const [head = '', claims = '', signature = ''] = assertion.split('.');
  const decode = (part: string) => {
    try {
      return JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
    } catch {
      throw invalid('Bad JWT');
    }
  };
  if (decode(head)['alg'] !== 'RS256') return 'Invalid JWT algorithm.';
  const { iss, aud, iat, exp, scope } = decode(claims);
  if (iss !== email) return 'Invalid grant: account not found';
  const isSigned = createVerify('RSA-SHA256')
    .update(`${head}.${claims}`)
    .verify(publicKey, signature, 'base64url');
  if (!isSigned) return 'Invalid JWT Signature.';
  if (aud !== 'https://oauth2.googleapis.com/token') return 'Invalid JWT audience.';
  const now = nowMs / 1000;
  const isTimely =
    Number(iat) < now + 300 && Number(exp) > now && Number(exp) - Number(iat) <= 3600 + 1;
  if (!isTimely) {
    return 'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim.';
  }
  const scopes = String(scope ?? '').split(' ');
  if (!scopes.some((name) => SCOPES.test(name)))
    return 'Invalid OAuth scope or ID token audience provided.';
  return undefined;
}
