import { type KeptServer, startKept } from './kept-server.ts';
import { makeBucket } from './make-bucket.ts';
import { makeContainer } from './make-container.ts';
import { toAzureService } from './start-azure.ts';
import { toS3Service } from './start-s3.ts';

/** A service that a person has started. */
export interface StartedService {
  readonly endpoint: string;
  /** Variables that make the tests, and Granary, use it. */
  readonly variables: Readonly<Record<string, string>>;
  /** A Granary URL to try. */
  readonly url: string;
  /** What a person has to know besides. */
  readonly note?: string;
  /** Resolves when it has ended, where that can be told. */
  readonly gone?: Promise<void>;
  stop(): Promise<void>;
}

/** A service that `pnpm service up` can start. */
export interface Service {
  readonly title: string;
  start(): Promise<StartedService>;
}

const STORE_NAME = 'test-bucket';

/** What `pnpm service up` can start, by the name it is asked for. */
export const SERVICES: Readonly<Record<string, Service>> = {
  azure: { title: 'Azure Blob Storage (Azurite, from npm)', start: startAzureService },
  gcs: { title: 'Google Cloud Storage (a fake)', start: startGcsService },
  s3: { title: 'S3 (Ceph, from Debian packages)', start: startS3Service },
  supabase: { title: 'Supabase Storage (a fake)', start: startSupabaseService },
};

async function startAzureService(): Promise<StartedService> {
  const server = await startKept('azure');
  const service = toAzureService(server);
  await keepAfter(server, () => makeContainer(service, STORE_NAME));
  const { endpoint, accountName, accountKey, connectionString } = service;
  const access = new URLSearchParams({ account: accountName, key: accountKey, endpoint });
  return {
    ...server,
    endpoint,
    variables: {
      GRANARY_AZURE_CONNECTION_STRING: connectionString,
      AZURE_STORAGE_CONNECTION_STRING: connectionString,
    },
    url: `az://${STORE_NAME}?${access}`,
  };
}

async function startGcsService(): Promise<StartedService> {
  const { startFakeGcs } = await import('@granary-tools/fake-gcs');
  const { url, projectId, stop } = await startFakeGcs({ buckets: [STORE_NAME] });
  return {
    endpoint: url,
    variables: { GOOGLE_CLOUD_PROJECT: projectId },
    url: `gs://${STORE_NAME}?${new URLSearchParams({ endpoint: url, projectId })}`,
    note:
      'Every request needs a token of its /token, and the SDK asks Google for one: sign in with the\n' +
      '`credentials` and the `fetch` of startFakeGcs, as the tests of storage-gcs do.',
    stop,
  };
}

async function startSupabaseService(): Promise<StartedService> {
  const { startFakeSupabase } = await import('@granary-tools/fake-supabase');
  const { url, anonKey, serviceKey, stop } = await startFakeSupabase({ buckets: [STORE_NAME] });
  return {
    endpoint: url,
    variables: {
      SUPABASE_URL: url,
      SUPABASE_ANON_KEY: anonKey,
      SUPABASE_SERVICE_ROLE_KEY: serviceKey,
    },
    url: `supabase://${STORE_NAME}?${new URLSearchParams({ url, key: serviceKey })}`,
    stop,
  };
}

async function startS3Service(): Promise<StartedService> {
  const server = await startKept('s3');
  const service = toS3Service(server);
  await keepAfter(server, () => makeBucket(service, STORE_NAME));
  const { endpoint, region, accessKeyId, secretAccessKey } = service;
  return {
    ...server,
    endpoint,
    variables: {
      GRANARY_S3_ENDPOINT: endpoint,
      GRANARY_S3_ACCESS_KEY_ID: accessKeyId,
      GRANARY_S3_SECRET_ACCESS_KEY: secretAccessKey,
      GRANARY_S3_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    url: `s3://${STORE_NAME}?endpoint=${encodeURIComponent(endpoint)}&region=${region}`,
  };
}

/** Keeps a server for a person once a first action on it has succeeded, else stops it. */
async function keepAfter(server: KeptServer, action: () => Promise<void>): Promise<void> {
  try {
    await action();
    server.hold();
  } catch (error) {
    await server.stop();
    throw error;
  }
}
