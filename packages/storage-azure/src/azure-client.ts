import {
  BlobServiceClient,
  type BlockBlobClient,
  ContainerClient,
  type Pipeline,
  type StoragePipelineOptions,
} from '@azure/storage-blob';
import { checkEndpoint, StorageError } from '@granary/storage-core/provider';
import { fromFailure } from './azure-errors.ts';

/** A token of an identity, as the classes of `@azure/identity` give it. */
export interface AzureTokenCredential {
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** Where the container is and who asks. */
export interface AzureAccess {
  readonly container?: string | undefined;
  readonly connectionString?: string | undefined;
  readonly accountName?: string | undefined;
  readonly accountKey?: string | undefined;
  readonly sas?: string | undefined;
  readonly credential?: AzureTokenCredential | undefined;
  readonly endpoint?: string | undefined;
  readonly allowInsecure?: boolean | undefined;
  readonly client?: ContainerClient | undefined;
}

/** What the operations work with. */
export interface AzureStore {
  readonly container: ContainerClient;
  /** Who can sign requests for others: the key of the account, a token's holder, or nobody. */
  readonly signer: 'key' | 'token' | undefined;
}

/** One loop of retries, ours, and keys that go to no other host. */
const PIPELINE: StoragePipelineOptions & { readonly redirectOptions: object } = {
  retryOptions: { maxTries: 1 },
  keepAliveOptions: { enable: true },
  redirectOptions: { maxRetries: 0 },
};

/** https://learn.microsoft.com/azure/storage/common/storage-use-azurite (read 2026-11-21) */
const DEVELOPMENT_ENDPOINT = 'http://127.0.0.1:10000/devstoreaccount1';
const CONTAINER = /^(?:\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62})$/;

/**
 * The container's client out of the options. No request is made.
 * Errors: `invalid-config` for missing or several credentials and for an endpoint without encryption.
 */
export function openClient(access: AzureAccess): AzureStore {
  if (access.client !== undefined) return storeOf(access.client);
  const { container, connectionString, accountName, accountKey, sas, credential } = access;
  if (container === undefined) throw refusal('the option "container" is missing.');
  if (!CONTAINER.test(container)) {
    throw refusal(`${JSON.stringify(container)} is no name of a container.`);
  }
  const given = [connectionString, accountKey, sas, credential].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw refusal(
      given.length === 0 ? 'there are no credentials.' : 'there are credentials of several kinds.',
      'Give one of: connectionString, accountName with accountKey, sas, credential, client.',
    );
  }
  if (connectionString !== undefined) return fromConnectionString(access, connectionString);
  const url = accountUrl(access);
  if (accountKey !== undefined) {
    if (!accountName) throw refusal('accountKey goes with accountName.');
    return storeOf(keyClient(accountString(url, accountName, accountKey), container));
  }
  if (sas !== undefined) {
    return storeOf(new ContainerClient(`${url}/${container}?${tokenOf(sas)}`, undefined, PIPELINE));
  }
  const identity = credential as unknown as ConstructorParameters<typeof ContainerClient>[1];
  return storeOf(new ContainerClient(`${url}/${container}`, identity as never, PIPELINE));
}

/** The client of the account that a container is in, over the same pipeline. */
export function serviceOf({ container }: AzureStore): BlobServiceClient {
  const url = new URL(container.url);
  url.pathname = url.pathname.replace(/\/[^/]*\/?$/, '');
  const { pipeline } = container as unknown as { readonly pipeline: Pipeline };
  return new BlobServiceClient(url.href, pipeline);
}

/** The client of a blob, or of an old version of it. */
export function blobOf({ container }: AzureStore, name: string, version?: string): BlockBlobClient {
  const blob = container.getBlockBlobClient(name);
  return version === undefined ? blob : (blob.withVersion(version) as BlockBlobClient);
}

/**
 * Makes one call of the SDK. The SDK keeps listening to its signal for a while, so it gets one of its
 * own. Errors: what `azure-errors.ts` makes of them.
 */
export async function send<Answer>(
  signal: AbortSignal | undefined,
  call: (abortSignal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  signal?.addEventListener('abort', abort);
  try {
    return await call(controller.signal);
  } catch (error) {
    throw fromFailure(error, signal);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

function storeOf(container: ContainerClient): AzureStore {
  const { credential } = container as { readonly credential?: object };
  const signer =
    credential !== undefined && 'computeHMACSHA256' in credential
      ? 'key'
      : credential !== undefined && 'getToken' in credential
        ? 'token'
        : undefined;
  return { container, signer };
}

function accountUrl({ accountName, endpoint, sas, allowInsecure }: AzureAccess): string {
  if (endpoint !== undefined) {
    return checkEndpoint(endpoint, { allowInsecure }).href.replace(/\/$/, '');
  }
  if (accountName === undefined) {
    throw refusal(
      'neither accountName nor endpoint says where the account is.',
      sas === undefined ? undefined : 'The address before the "?" of the signed URL is one.',
    );
  }
  if (!/^[a-z0-9]{3,24}$/.test(accountName)) throw refusal('accountName is no name of an account.');
  return `https://${accountName}.blob.core.windows.net`;
}

/** https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string (read 2026-11-21) */
function fromConnectionString(access: AzureAccess, text: string): AzureStore {
  const { container = '', allowInsecure } = access;
  const fields = new Map(
    text.split(';').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim().toLowerCase(), pair.slice(at + 1).trim()];
    }),
  );
  if (fields.get('usedevelopmentstorage') === 'true') {
    const proxy = fields.get('developmentstorageproxyuri');
    checkEndpoint(proxy || DEVELOPMENT_ENDPOINT, { allowInsecure });
    return storeOf(keyClient(text, container));
  }
  const protocol = fields.get('defaultendpointsprotocol') ?? 'https';
  const suffix = fields.get('endpointsuffix') ?? 'core.windows.net';
  const named = fields.get('accountname');
  const endpoint = fields.get('blobendpoint') ?? (named && `${protocol}://${named}.blob.${suffix}`);
  if (!endpoint) throw refusal('the connection string names neither BlobEndpoint nor AccountName.');
  const url = checkEndpoint(endpoint, { allowInsecure }).href.replace(/\/$/, '');
  const signature = fields.get('sharedaccesssignature');
  if (signature !== undefined) {
    return storeOf(
      new ContainerClient(`${url}/${container}?${tokenOf(signature)}`, undefined, PIPELINE),
    );
  }
  const key = fields.get('accountkey');
  if (!named || !key) {
    throw refusal('the connection string has neither a key nor a shared access signature.');
  }
  return storeOf(keyClient(accountString(url, named, key), container));
}

function accountString(url: string, name: string, key: string): string {
  return `DefaultEndpointsProtocol=https;BlobEndpoint=${url};AccountName=${name};AccountKey=${key}`;
}

/** The SDK signs with account keys in Node alone, and they do not belong into a browser anyway. */
function keyClient(connectionString: string, container: string): ContainerClient {
  try {
    return new ContainerClient(connectionString, container, PIPELINE);
  } catch (error) {
    const isBrowser = /Node\.js|Buffer/.test(String(error));
    throw refusal(
      isBrowser ? 'account keys cannot be used here.' : 'the account and its key are not usable.',
      isBrowser
        ? 'In a browser, use presigned requests of your server, or a shared access signature (sas).'
        : 'Copy both from the access keys of the account.',
    );
  }
}

function tokenOf(sas: string): string {
  const token = sas.replace(/^\?/, '');
  if (/(?:^|&)sig=/.test(token) && !token.includes('://')) return token;
  throw refusal('sas is no shared access signature.', 'It is what follows the "?": sv=…&sig=….');
}

function refusal(reason: string, hint?: string): StorageError {
  return new StorageError('invalid-config', reason, { hint });
}
