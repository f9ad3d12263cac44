import { StorageError } from '@granary/storage-core/provider';

/**
 * What `native` of a put or an upload takes: fields of the service's own commit. Where a file goes and
 * over what is not among them, since conditions depend on it.
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `CommitInfo`
 */
export interface DropboxNativeOptions {
  /** When the content was changed on the user's side, to the second. Default: when Dropbox got it. */
  readonly client_modified?: Date | string;
  /** Whether this write notifies nobody. Default: the option `mute` of the storage. */
  readonly mute?: boolean;
}

/** Fields of a commit as they are sent. */
export interface NativeFields {
  readonly client_modified?: string;
  readonly mute?: boolean;
}

/** Names that `native` of a put or an upload takes. */
export const NATIVE_OPTIONS: readonly string[] = /* @__PURE__ */ Object.freeze([
  'client_modified',
  'mute',
]);

/** Checks what was given, and writes it as the service wants it. Errors: `invalid-argument`. */
export function nativeFields(
  native: Readonly<Record<string, unknown>> | undefined,
): NativeFields | undefined {
  if (native === undefined) return undefined;
  const { client_modified: modified, mute } = native;
  if (mute !== undefined && typeof mute !== 'boolean') throw refused('mute', 'true or false');
  if (modified === undefined) return mute === undefined ? {} : { mute };
  const date = modified instanceof Date ? modified : new Date(String(modified));
  if (Number.isNaN(date.getTime())) throw refused('client_modified', 'a date');
  const seconds = `${date.toISOString().slice(0, 19)}Z`;
  return { client_modified: seconds, ...(mute !== undefined && { mute }) };
}

function refused(name: string, wanted: string): StorageError {
  return new StorageError('invalid-argument', `"${name}" of the option "native" is ${wanted}.`, {
    outcome: 'not-applied',
  });
}
