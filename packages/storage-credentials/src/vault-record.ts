import { StorageError } from '@granary/storage-core';

/** One version of a secret. */
export interface SecretVersion {
  readonly value: string;
  /** Counts from 1. */
  readonly version: number;
  /** When it was stored. Units: ISO 8601. */
  readonly at?: string;
}

/** Everything that is kept of one credential, in one entry. */
export interface VaultRecord {
  readonly current: SecretVersion;
  /** Versions before it that are still wanted, the newest first. */
  readonly old: readonly SecretVersion[];
  /** What a rotation has made and not yet put into use. */
  readonly next?: SecretVersion;
}

const FORMAT = 1;

/** The text of a record: JSON in ASCII without control characters, which every keychain takes. */
export function encodeRecord({ current, old, next }: VaultRecord): string {
  const json = JSON.stringify({
    granary: FORMAT,
    current,
    ...(old.length > 0 && { old }),
    ...(next && { next }),
  });
  return json.replace(/[\u007f-\uffff]/g, escapeUnit);
}

/** Errors: `invalid-data` for what no vault has written, which is never quoted. */
export function decodeRecord(text: string): VaultRecord {
  const fields = parse(text);
  if (fields?.['granary'] !== FORMAT) throw foreign(fields?.['granary'] !== undefined);
  const { current, old = [], next } = fields;
  if (!isVersion(current) || !Array.isArray(old) || !old.every(isVersion)) throw foreign(false);
  if (next !== undefined && !isVersion(next)) throw foreign(false);
  return { current, old, ...(next && { next }) };
}

/** The number after all that are in use. */
export function nextNumber({ current, old, next }: VaultRecord): number {
  return Math.max(...[current, ...old, ...(next ? [next] : [])].map(({ version }) => version)) + 1;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    // The error of the parser quotes the text, which may be a secret.
    return undefined;
  }
}

function isVersion(value: unknown): value is SecretVersion {
  const { value: text, version, at } = (value ?? {}) as Partial<SecretVersion>;
  return (
    typeof text === 'string' &&
    Number.isSafeInteger(version) &&
    (at === undefined || typeof at === 'string')
  );
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function foreign(isNewer: boolean): StorageError {
  return new StorageError('invalid-data', 'what is stored there is not readable.', {
    hint: isNewer
      ? 'A newer version of this package wrote it: update this program.'
      : 'Another program wrote it, or it was damaged. Import it, or delete it and set it again.',
  });
}
