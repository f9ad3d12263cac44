import { StorageError } from '../errors/storage-error.ts';

/** Hosts that never leave this machine. */
const LOOPBACK = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

/**
 * The address of a service, when it is one that credentials may be sent to.
 * Errors: `invalid-config` for what is no URL of http or https, for credentials, a query or a
 * fragment in it, and for plain http to another machine unless `allowInsecure` is said.
 */
export function checkEndpoint(
  endpoint: string,
  { allowInsecure = false }: { readonly allowInsecure?: boolean | undefined } = {},
): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw refusal('the endpoint is no URL, such as https://storage.example.');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw refusal('the endpoint has credentials, a query or a fragment in it.', {
      hint: 'Give credentials as options of their own.',
    });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowInsecure) {
    throw refusal(`the endpoint ${url.origin} would be reached without encryption.`, {
      hint: 'Use https, or say { allowInsecure: true } for a network that you trust.',
    });
  }
  return url;
}

/** Whether a host name is this machine's own. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

function refusal(reason: string, fields: { readonly hint?: string } = {}): StorageError {
  return new StorageError('invalid-config', reason, fields);
}
