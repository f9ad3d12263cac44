import {
  type JsonValue,
  type ObjectAttributes,
  pickAttributes,
  StorageError,
  type UploadOptions,
  unsupported,
} from '@granary/storage-core/provider';
import { NATIVE_OPTIONS, serviceFields } from './azure-native.ts';

/** What a session is begun with. It travels in the token and lies in the blob of the session. */
export interface SessionState {
  /** Names the blob of the session, and is the id of its lease. */
  readonly id: string;
  readonly startedAt: string;
  readonly totalBytes?: number;
  readonly attributes: ObjectAttributes;
  readonly checksum?: 'sha256';
  readonly writeId?: string;
  readonly objectTags?: Readonly<Record<string, string>>;
  readonly native: Readonly<Record<string, unknown>>;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Errors: `unsupported` for what a copy inside the account cannot be told. */
export function newState(options: UploadOptions): SessionState {
  const { totalBytes, attributes = {}, checksum, writeId, objectTags, native = {} } = options;
  if (native['encryptionScope'] !== undefined) {
    throw unsupported('azure', 'an encryptionScope for an upload in parts');
  }
  serviceFields(native);
  return {
    id: crypto.randomUUID(),
    startedAt: new Date().toISOString(),
    attributes: pickAttributes(attributes),
    native,
    ...(totalBytes !== undefined && { totalBytes }),
    ...(checksum !== undefined && { checksum }),
    ...(writeId !== undefined && { writeId }),
    ...(objectTags !== undefined && { objectTags }),
  };
}

/** The state as JSON. */
export function toJson(state: SessionState): JsonValue {
  return JSON.parse(JSON.stringify(state)) as JsonValue;
}

/** The id that a token names, with the state where the token holds it. Errors: `invalid-argument`. */
export function fromJson(value: JsonValue): Pick<SessionState, 'id'> & Partial<SessionState> {
  const fields = (typeof value === 'object' && value !== null ? value : {}) as {
    readonly [Name in keyof SessionState]?: JsonValue;
  };
  if (typeof fields.id !== 'string' || !UUID.test(fields.id)) {
    throw new StorageError('invalid-argument', 'the token is not one of an upload here.');
  }
  if (fields.attributes === undefined) return { id: fields.id };
  const { attributes, native = {}, ...rest } = fields as unknown as SessionState;
  const { expiresAt } = attributes as { readonly expiresAt?: unknown };
  return {
    ...rest,
    attributes: {
      ...attributes,
      ...(typeof expiresAt === 'string' && { expiresAt: new Date(expiresAt) }),
    },
    native: revived(native),
  };
}

/** JSON has no dates. */
function revived(native: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const policy = native['immutabilityPolicy'] as { readonly expiriesOn?: unknown } | undefined;
  const known = Object.entries(native).filter(([name]) =>
    (NATIVE_OPTIONS as readonly string[]).includes(name),
  );
  return {
    ...Object.fromEntries(known),
    ...(policy && {
      immutabilityPolicy: { ...policy, expiriesOn: new Date(String(policy.expiriesOn)) },
    }),
  };
}
