import type { PresignedRequest, StorageEngine } from '@granary/storage-core';
import { StorageError } from '@granary/storage-core';
import { usageError } from '../exit-codes.ts';
import type { Step } from './step.ts';

/** What a page at an origin is tried for. */
export interface CorsTrial {
  readonly store: Pick<StorageEngine, 'presign' | 'getCapabilities'>;
  /** An object that is there; with `readOnly` it need not be. */
  readonly key: string;
  readonly origin: string;
  readonly readOnly: boolean;
  readonly signal: AbortSignal;
}

/** Headers that a page may send without being allowed to. https://fetch.spec.whatwg.org/#cors-safelisted-request-header */
const SAFE_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-language',
]);
const CONTENT = 'Written by granary doctor; may be deleted.\n';

/** Reads `--origin`. Errors: usage. */
export function parseOrigin(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.origin === text;
  if (isOrigin) return text;
  throw usageError(
    `"${text}" is no origin.`,
    `Write scheme and host alone, such as ${url?.origin.startsWith('http') ? url.origin : 'https://app.example'}.`,
  );
}

/**
 * What a browser does for a page that reads and writes through presigned requests: a plain `GET`, a
 * `PUT` after its preflight, each answered for this origin or not.
 * Source: https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsSteps(trial: CorsTrial): Step[] {
  const { store, key, readOnly, signal } = trial;
  return [
    {
      name: 'cors get',
      async run() {
        const request = await store.presign(key, { signal });
        await sendAs(trial, request);
      },
    },
    {
      name: 'cors put',
      async run() {
        const takesType = store.getCapabilities().presignOptions?.includes('contentType');
        const contentType = takesType ? { contentType: 'text/plain' } : {};
        const request = await store.presign(key, { method: 'PUT', ...contentType, signal });
        await preflight(trial, request);
        if (!readOnly) await sendAs(trial, request, CONTENT);
      },
    },
  ];
}

/** Sends a request as a page does, and looks whether the page would see the answer. */
async function sendAs(
  { origin, signal, readOnly }: CorsTrial,
  { url, method, headers }: PresignedRequest,
  body?: string,
): Promise<void> {
  const response = await fetch(url, {
    method,
    headers: { ...headers, origin },
    signal,
    ...(body !== undefined && { body }),
  });
  await response.body?.cancel();
  checkOrigin(response, origin, method);
  if (response.ok || (readOnly && response.status === 404)) return;
  throw new StorageError(
    'permission-denied',
    `a presigned ${method} was answered ${response.status}.`,
    {
      status: response.status,
      hint: 'Try without --origin first: what signs it must be allowed to do it.',
    },
  );
}

/** Asks as a browser does before a page sends what is no simple request. */
async function preflight(
  { origin, signal }: CorsTrial,
  { url, method, headers }: PresignedRequest,
): Promise<void> {
  const asked = ['content-type', ...Object.keys(headers).map((name) => name.toLowerCase())];
  const names = [...new Set(asked)].filter((name) => !SAFE_HEADERS.has(name)).sort();
  const response = await fetch(url, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': method,
      'access-control-request-headers': names.join(','),
    },
    signal,
  });
  await response.body?.cancel();
  checkOrigin(response, origin, `preflight of ${method}`);
  if (!response.ok)
    throw refused(origin, `the preflight of ${method} was answered ${response.status}`);
  const methods = listOf(response, 'access-control-allow-methods');
  if (!methods.includes(method) && !methods.includes('*')) {
    throw refused(
      origin,
      `${method} is not among the methods allowed (${methods.join(', ') || 'none'})`,
    );
  }
  const allowed = listOf(response, 'access-control-allow-headers').map((name) =>
    name.toLowerCase(),
  );
  const missing = names.filter((name) => !allowed.includes(name) && !allowed.includes('*'));
  if (missing.length > 0)
    throw refused(origin, `these headers are not allowed: ${missing.join(', ')}`);
}

function checkOrigin({ headers }: Response, origin: string, what: string): void {
  const allowed = headers.get('access-control-allow-origin');
  if (allowed === '*' || allowed === origin) return;
  const said = allowed === null ? 'has no Access-Control-Allow-Origin' : `allows only ${allowed}`;
  throw refused(origin, `the answer to a ${what} ${said}`);
}

function listOf({ headers }: Response, name: string): string[] {
  const text = headers.get(name) ?? '';
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function refused(origin: string, reason: string): StorageError {
  return new StorageError('permission-denied', `a page of ${origin} cannot use it: ${reason}.`, {
    hint: "Add a CORS rule for GET and PUT from this origin; the README of the backend's package has one.",
  });
}
