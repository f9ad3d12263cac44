import type { FileMetadata } from '@google-cloud/storage';
import { type ServiceOptions, StorageError } from '@granary/storage-core/provider';

/** Fields of the object itself that `native` takes. https://cloud.google.com/storage/docs/json_api/v1/objects#resource, read 2026-11-21 */
const RESOURCE_FIELDS = [
  'contexts',
  'customTime',
  'eventBasedHold',
  'retention',
  'storageClass',
  'temporaryHold',
] as const;

/** Parameters of the request that `native` takes. https://cloud.google.com/storage/docs/json_api/v1/objects/insert, read 2026-11-21 */
const PARAMETERS = ['kmsKeyName', 'predefinedAcl'] as const;

/** Names that `native` of a put or an upload takes. */
export const NATIVE_OPTIONS: readonly string[] = [...RESOURCE_FIELDS, ...PARAMETERS].toSorted();

/** Fields that `native` of a put or an upload takes. */
export type GcsNativeOptions = Pick<FileMetadata, (typeof RESOURCE_FIELDS)[number]> & {
  readonly kmsKeyName?: string;
  readonly predefinedAcl?: string;
};

/** What is said in the service's own words, for a request of the JSON API. */
export interface NativeFields {
  readonly resource: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, string>>;
}

/** The fields of a put. */
export function nativeFields(
  defaults: GcsNativeOptions | undefined,
  { native }: ServiceOptions,
): NativeFields {
  const given = Object.entries({ ...defaults, ...native });
  const isParameter = (name: string) => PARAMETERS.some((parameter) => parameter === name);
  return {
    resource: Object.fromEntries(given.filter(([name]) => !isParameter(name))),
    query: Object.fromEntries(
      given.flatMap(([name, value]) => (isParameter(name) ? [[name, String(value)]] : [])),
    ),
  };
}

/** Headers of an upload in parts, which the XML API begins, by the names of the JSON API. */
const UPLOAD_HEADERS: Readonly<Record<string, string>> = {
  customTime: 'x-goog-custom-time',
  kmsKeyName: 'x-goog-encryption-kms-key-name',
  predefinedAcl: 'x-goog-acl',
  storageClass: 'x-goog-storage-class',
};

/** The headers of an upload. Errors: `unsupported` for what only a put can say. */
export function nativeHeaders(
  defaults: GcsNativeOptions | undefined,
  { native }: ServiceOptions,
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries({ ...defaults, ...native })) {
    const header = UPLOAD_HEADERS[name];
    if (header === undefined) {
      throw new StorageError('unsupported', `an upload in parts cannot say "${name}".`, {
        outcome: 'not-applied',
        hint: 'Put the object in one request, or set it afterwards with the native client.',
      });
    }
    headers[header] = name === 'predefinedAcl' ? kebab(String(value)) : String(value);
  }
  return headers;
}

/** The XML API writes `public-read` where the JSON API has `publicRead`. */
function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
