import { BlobSASPermissions, type UserDelegationKey } from '@azure/storage-blob';
import {
  type PresignedRequest,
  type PresignOption,
  type PresignOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { type AzureStore, blobOf, send, serviceOf } from './azure-client.ts';
import { toName } from './azure-keys.ts';

const HOUR_MS = 3_600_000;
/** The longest that a key for signatures is good. https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key (read 2026-11-21) */
const KEY_LIFETIME_MS = 7 * 24 * HOUR_MS;
/** A key is good from a little before now, because the clocks of both sides differ. */
const SKEW_MS = 15 * 60_000;

/**
 * What a shared access signature binds. It says nothing of headers and content; that nothing is
 * overwritten it says by the permission to create.
 * https://learn.microsoft.com/rest/api/storageservices/create-service-sas (read 2026-11-21)
 */
export const PRESIGN_OPTIONS: readonly PresignOption[] = [
  'ifNoneMatch',
  'responseDisposition',
  'responseContentType',
];

/** A key for signatures that is good until then. */
export type DelegationKeys = (
  untilMs: number,
  signal: AbortSignal | undefined,
) => Promise<UserDelegationKey>;

/** Asks for keys for signatures in the name of a token's holder, and keeps one as long as it is good. */
export function delegationKeys(store: AzureStore): DelegationKeys {
  let delegation: { readonly key: UserDelegationKey; readonly goodUntilMs: number } | undefined;

  return async (untilMs, signal) => {
    if (delegation !== undefined && delegation.goodUntilMs >= untilMs) return delegation.key;
    const startMs = Math.floor((Date.now() - SKEW_MS) / 1000) * 1000;
    const goodUntilMs = startMs + KEY_LIFETIME_MS;
    if (goodUntilMs < untilMs) {
      throw new StorageError('invalid-argument', 'a token signs for seven days at most.', {
        hint: 'Ask for less, or sign with the key of the account.',
      });
    }
    const key = await send(signal, (abortSignal) =>
      serviceOf(store).getUserDelegationKey(new Date(startMs), new Date(goodUntilMs), {
        abortSignal,
      }),
    );
    delegation = { key, goodUntilMs };
    return key;
  };
}

/** Signs a request for one blob, with the key of the account or in the name of a token's holder. */
export async function presignRequest(
  store: AzureStore,
  delegated: DelegationKeys,
  key: string,
  options: PresignOptions,
): Promise<PresignedRequest> {
  const { method = 'GET', expiresInMs = HOUR_MS, ifNoneMatch, signal } = options;
  const { responseDisposition, responseContentType } = options;
  const blob = blobOf(store, toName(key));
  const rights = method === 'GET' ? 'r' : ifNoneMatch === undefined ? 'cw' : 'c';
  const expiresAt = new Date(Math.ceil((Date.now() + expiresInMs) / 1000) * 1000);
  const values = {
    permissions: BlobSASPermissions.parse(rights),
    expiresOn: expiresAt,
    ...(responseDisposition !== undefined && { contentDisposition: responseDisposition }),
    ...(responseContentType !== undefined && { contentType: responseContentType }),
  };
  const url =
    store.signer === 'key'
      ? await blob.generateSasUrl(values)
      : await blob.generateUserDelegationSasUrl(
          values,
          await delegated(expiresAt.getTime(), signal),
        );
  const headers: Record<string, string> =
    method === 'GET'
      ? {}
      : {
          'x-ms-blob-type': 'BlockBlob',
          ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
        };
  return { url, method, headers, expiresAt };
}

/** The lasting URL of an object: below the base that was given, or the blob's own. */
export function publicUrlOf(store: AzureStore, base: string | undefined, key: string): string {
  const path = toName(key).split('/').map(encodeURIComponent).join('/');
  if (base !== undefined) return `${base.replace(/\/$/, '')}/${path}`;
  const url = new URL(store.container.url);
  url.search = '';
  return `${url.href.replace(/\/$/, '')}/${path}`;
}
