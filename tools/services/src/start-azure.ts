import { type KeptServer, startKept } from './kept-server.ts';
import { fact } from './servers/server.ts';
import type { ServiceOptions } from './start-s3.ts';

/** An Azure Blob server and the account that owns it. */
export interface AzureService {
  /** With the account's name as its path. */
  readonly endpoint: string;
  readonly accountName: string;
  readonly accountKey: string;
  readonly connectionString: string;
  /** Ends the server and waits until it is gone. Does nothing to a server that was running before. */
  stop(): Promise<void>;
}

/**
 * Starts an Azure Blob server (Azurite) in memory on a free port of 127.0.0.1. It ends with this
 * process, however that ends. Where `GRANARY_AZURE_CONNECTION_STRING` is set, that server is used.
 */
export async function startAzure({
  env = process.env,
}: ServiceOptions = {}): Promise<AzureService> {
  const connectionString = env['GRANARY_AZURE_CONNECTION_STRING'];
  if (connectionString) return runningAzure(connectionString);
  return toAzureService(await startKept('azure', env));
}

/** The service that a started server is. */
export function toAzureService({ facts, stop }: KeptServer): AzureService {
  return {
    endpoint: fact(facts, 'endpoint'),
    accountName: fact(facts, 'accountName'),
    accountKey: fact(facts, 'accountKey'),
    connectionString: fact(facts, 'connectionString'),
    stop,
  };
}

// https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string (2026-11-21)
function runningAzure(connectionString: string): AzureService {
  const parts = new Map(
    connectionString.split(';').map((part): [string, string] => {
      const end = part.indexOf('=');
      return [part.slice(0, end).trim(), part.slice(end + 1).trim()];
    }),
  );
  const accountName = parts.get('AccountName');
  const accountKey = parts.get('AccountKey');
  if (!accountName || !accountKey) {
    throw new Error(
      'GRANARY_AZURE_CONNECTION_STRING needs AccountName and AccountKey. Copy the whole string of ' +
        'the account, or unset the variable to have a server started.',
    );
  }
  const protocol = parts.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = parts.get('EndpointSuffix') ?? 'core.windows.net';
  const endpoint = parts.get('BlobEndpoint') ?? `${protocol}://${accountName}.blob.${suffix}`;
  return { endpoint, accountName, accountKey, connectionString, stop: async () => undefined };
}
