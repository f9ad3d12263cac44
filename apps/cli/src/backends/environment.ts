import type { StorageUrl } from '@granary/storage-core/provider';

/** Variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** An option of a URL and its other names. */
type OptionNames = readonly [name: string, ...others: string[]];

const S3_ENDPOINT: OptionNames = ['endpoint', 'url', 'endpoint_url'];
const AZURE_ACCOUNT: OptionNames = ['accountName', 'account', 'account_name'];
const AZURE_CREDENTIALS: readonly string[] = [
  ...['connectionString', 'connection_string', 'accountKey', 'key', 'account_key'],
  ...['sas', 'sas_token', 'sasToken'],
];
const SUPABASE_URL: OptionNames = ['url', 'supabase_url', 'supabaseUrl', 'endpoint'];
const SUPABASE_KEY: OptionNames = ['key', 'supabase_key', 'supabaseKey', 'api_key'];
const SUPABASE_KEY_VARIABLES: readonly string[] = [
  'SUPABASE_KEY',
  'SUPABASE_SERVICE_ROLE_KEY',
  'SUPABASE_ANON_KEY',
];

const READERS: Readonly<Record<string, (url: StorageUrl, env: Environment) => Environment>> = {
  s3: s3Options,
  azure: azureOptions,
  supabase: supabaseOptions,
};

/**
 * Adds to a URL what the environment says and the URL does not, for services whose SDK does not read
 * the environment itself. A secret is left out where the URL names another account than its own.
 */
export function withEnvironment(backend: string, url: StorageUrl, env: Environment): StorageUrl {
  const options = READERS[backend]?.(url, env) ?? {};
  const found = Object.entries(options).filter(
    (option): option is [string, string] => option[1] !== undefined,
  );
  return found.length === 0
    ? url
    : { ...url, query: { ...url.query, ...Object.fromEntries(found) } };
}

/** The SDK reads the rest. An address that only it knew would be taken for Amazon's. */
function s3Options({ query }: StorageUrl, env: Environment): Environment {
  if (given(query, S3_ENDPOINT) !== undefined) return {};
  if (env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true') return {};
  return { endpoint: variable(env, ['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL']) };
}

/** https://learn.microsoft.com/azure/storage/blobs/authorize-data-operations-cli, read 2026-11-21 */
function azureOptions({ query }: StorageUrl, env: Environment): Environment {
  if (given(query, AZURE_CREDENTIALS) !== undefined) return {};
  const account = given(query, AZURE_ACCOUNT);
  const owner = variable(env, ['AZURE_STORAGE_ACCOUNT']);
  if (account !== undefined && owner !== undefined && account !== owner) return {};
  const connectionString = variable(env, ['AZURE_STORAGE_CONNECTION_STRING']);
  const isElsewhere = account !== undefined || query['endpoint'] !== undefined;
  if (connectionString !== undefined && !isElsewhere) return { connectionString };
  const accountKey = variable(env, ['AZURE_STORAGE_KEY']);
  const sas = accountKey ?? variable(env, ['AZURE_STORAGE_SAS_TOKEN']);
  return {
    ...(account === undefined && { accountName: owner }),
    ...(accountKey === undefined ? { sas } : { accountKey }),
  };
}

function supabaseOptions({ query }: StorageUrl, env: Environment): Environment {
  const address = given(query, SUPABASE_URL);
  const project = variable(env, ['SUPABASE_URL']);
  const isOther = address !== undefined && project !== undefined && !isSame(address, project);
  return {
    ...(address === undefined && { url: project }),
    ...(given(query, SUPABASE_KEY) === undefined &&
      !isOther && { key: variable(env, SUPABASE_KEY_VARIABLES) }),
  };
}

function given(query: StorageUrl['query'], names: readonly string[]): string | undefined {
  const name = names.find((candidate) => query[candidate] !== undefined);
  return name === undefined ? undefined : query[name];
}

/** The first variable that is set; an empty one is not. */
function variable(env: Environment, names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}

function isSame(one: string, other: string): boolean {
  return one.replace(/\/+$/, '') === other.replace(/\/+$/, '');
}
