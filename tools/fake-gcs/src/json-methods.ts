/** One method of the JSON API. */
export interface JsonMethod {
  readonly id: string;
  readonly http: string;
  /** Matches the path below `/storage/v1/`. */
  readonly path: RegExp;
  readonly parameters: ReadonlySet<string>;
}

const STANDARD = [
  ...['alt', 'fields', 'key', 'oauth_token', 'prettyPrint', 'quotaUser', 'uploadType', 'userIp'],
  'userProject',
];
const CONDITIONS = [
  ...['ifGenerationMatch', 'ifGenerationNotMatch'],
  ...['ifMetagenerationMatch', 'ifMetagenerationNotMatch'],
];
const SOURCE_CONDITIONS = CONDITIONS.map((name) => name.replace(/^if/, 'ifSource'));
const BUCKET_CONDITIONS = ['ifMetagenerationMatch', 'ifMetagenerationNotMatch'];

/**
 * What the fake answers, with every parameter that the description names for it.
 * https://storage.googleapis.com/$discovery/rest?version=v1, read 2026-11-21
 */
export const JSON_METHODS: readonly JsonMethod[] = [
  method('buckets.list', 'GET', /^b$/, [
    ...['project', 'maxResults', 'pageToken', 'prefix', 'projection', 'softDeleted'],
    'returnPartialSuccess',
  ]),
  method('buckets.insert', 'POST', /^b$/, [
    ...['project', 'predefinedAcl', 'predefinedDefaultObjectAcl', 'projection'],
    'enableObjectRetention',
  ]),
  method('buckets.get', 'GET', /^b\/([^/]+)$/, [
    ...BUCKET_CONDITIONS,
    ...['generation', 'projection', 'softDeleted'],
  ]),
  method('buckets.patch', 'PATCH', /^b\/([^/]+)$/, [
    ...BUCKET_CONDITIONS,
    ...['predefinedAcl', 'predefinedDefaultObjectAcl', 'projection'],
  ]),
  method('buckets.delete', 'DELETE', /^b\/([^/]+)$/, BUCKET_CONDITIONS),
  method('buckets.testIamPermissions', 'GET', /^b\/([^/]+)\/iam\/testPermissions$/, [
    'permissions',
  ]),
  method('objects.list', 'GET', /^b\/([^/]+)\/o$/, [
    ...['delimiter', 'endOffset', 'filter', 'includeFoldersAsPrefixes', 'includeTrailingDelimiter'],
    ...['matchGlob', 'maxResults', 'pageToken', 'prefix', 'projection', 'softDeleted'],
    ...['startOffset', 'versions'],
  ]),
  method('objects.insert', 'POST', /^b\/([^/]+)\/o$/, [
    ...CONDITIONS,
    ...['contentEncoding', 'kmsKeyName', 'name', 'predefinedAcl', 'projection', 'upload_id'],
  ]),
  method('objects.get', 'GET', /^b\/([^/]+)\/o\/([^/]+)$/, [
    ...CONDITIONS,
    ...['generation', 'projection', 'restoreToken', 'softDeleted'],
  ]),
  method('objects.delete', 'DELETE', /^b\/([^/]+)\/o\/([^/]+)$/, [...CONDITIONS, 'generation']),
  method('objects.patch', 'PATCH', /^b\/([^/]+)\/o\/([^/]+)$/, [
    ...CONDITIONS,
    ...['generation', 'overrideUnlockedRetention', 'predefinedAcl', 'projection'],
  ]),
  method('objects.update', 'PUT', /^b\/([^/]+)\/o\/([^/]+)$/, [
    ...CONDITIONS,
    ...['generation', 'overrideUnlockedRetention', 'predefinedAcl', 'projection'],
  ]),
  method('objects.compose', 'POST', /^b\/([^/]+)\/o\/([^/]+)\/compose$/, [
    ...['destinationPredefinedAcl', 'ifGenerationMatch', 'ifMetagenerationMatch', 'kmsKeyName'],
  ]),
  method('objects.copy', 'POST', /^b\/([^/]+)\/o\/([^/]+)\/copyTo\/b\/([^/]+)\/o\/([^/]+)$/, [
    ...CONDITIONS,
    ...SOURCE_CONDITIONS,
    ...['destinationKmsKeyName', 'destinationPredefinedAcl', 'projection', 'sourceGeneration'],
  ]),
  method('objects.rewrite', 'POST', /^b\/([^/]+)\/o\/([^/]+)\/rewriteTo\/b\/([^/]+)\/o\/([^/]+)$/, [
    ...CONDITIONS,
    ...SOURCE_CONDITIONS,
    ...['destinationKmsKeyName', 'destinationPredefinedAcl', 'maxBytesRewrittenPerCall'],
    ...['projection', 'rewriteToken', 'sourceGeneration'],
  ]),
];

function method(id: string, http: string, path: RegExp, own: readonly string[]): JsonMethod {
  return { id, http, path, parameters: new Set([...STANDARD, ...own]) };
}
