import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient } from '@azure/storage-blob';
import { type FakeGcs, startFakeGcs } from '@granary-tools/fake-gcs';
import { type FakeSupabase, startFakeSupabase } from '@granary-tools/fake-supabase';
import { type AzureService, type S3Service, startAzure, startS3 } from '@granary-tools/services';

/** Four services with empty buckets, and the environment that says how to reach them. */
export interface ObjectStores extends AsyncDisposable {
  /** What the program needs to know of them; addresses and secrets are nowhere else. */
  readonly env: Readonly<Record<string, string>>;
  readonly s3: { readonly service: S3Service; readonly client: S3Client };
  readonly azure: { readonly service: AzureService; readonly client: BlobServiceClient };
  readonly gcs: FakeGcs;
  readonly supabase: FakeSupabase;
  /** Whatever must not be shown. */
  readonly secrets: readonly string[];
  /** Makes an empty bucket of one name in each. */
  addBucket(name: string): Promise<void>;
}

/** How URLs name the services. */
export const SCHEMES: readonly ['s3', 'az', 'gs', 'supabase'] = ['s3', 'az', 'gs', 'supabase'];
export type Scheme = (typeof SCHEMES)[number];

/** Where a service is, without a path. */
export function addressOf({ s3, azure, gcs, supabase }: ObjectStores, scheme: Scheme): string {
  const addresses = {
    s3: s3.service.endpoint,
    az: new URL(azure.service.endpoint).origin,
    gs: gcs.url,
    supabase: supabase.url,
  };
  return addresses[scheme];
}

/** The URL of a place, reached at another address than that of the environment. */
export function urlVia(
  stores: ObjectStores,
  scheme: Scheme,
  address: string,
  path: string,
): string {
  const { azure, supabase } = stores;
  const options = {
    s3: `endpoint=${address}`,
    az: `endpoint=${address}/${azure.service.accountName}`,
    gs: `endpoint=${address}`,
    supabase: `url=${address}&key=${supabase.serviceKey}`,
  };
  return `${scheme}://${path}?${options[scheme]}`;
}

/** Options of Node that send Google's sign-in to the fake. */
export const GOOGLE_TOKENS: readonly string[] = [
  '--import',
  join(import.meta.dirname, 'fixtures/google-tokens.ts'),
];

/** Starts all four. */
export async function startObjectStores(): Promise<ObjectStores> {
  const folder = mkdtempSync(join(tmpdir(), 'granary-cli-stores-'));
  const [s3, azure, gcs, supabase] = await Promise.all([
    startS3(),
    startAzure(),
    startFakeGcs(),
    startFakeSupabase({ buckets: [] }),
  ]);
  const keyFile = join(folder, 'service-account.json');
  const account = { type: 'service_account', project_id: gcs.projectId, ...gcs.credentials };
  writeFileSync(keyFile, JSON.stringify(account));
  const { endpoint, region, accessKeyId, secretAccessKey } = s3;
  const credentials = { accessKeyId, secretAccessKey };
  const client = new S3Client({ endpoint, region, forcePathStyle: true, credentials });
  const blobs = BlobServiceClient.fromConnectionString(azure.connectionString);

  return {
    env: {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AZURE_STORAGE_CONNECTION_STRING: azure.connectionString,
      AZURE_STORAGE_ACCOUNT: azure.accountName,
      AZURE_STORAGE_KEY: azure.accountKey,
      GOOGLE_APPLICATION_CREDENTIALS: keyFile,
      TEST_GOOGLE_TOKENS: gcs.url,
      SUPABASE_URL: supabase.url,
      SUPABASE_KEY: supabase.serviceKey,
    },
    s3: { service: s3, client },
    azure: { service: azure, client: blobs },
    gcs,
    supabase,
    secrets: [
      secretAccessKey,
      azure.accountKey,
      supabase.serviceKey,
      gcs.credentials.private_key.split('\n')[1] ?? '',
    ],
    async addBucket(name) {
      gcs.createBucket(name);
      supabase.addBucket(name);
      await client.send(new CreateBucketCommand({ Bucket: name }));
      await blobs.createContainer(name);
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await Promise.all([s3.stop(), azure.stop(), gcs.stop(), supabase.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
