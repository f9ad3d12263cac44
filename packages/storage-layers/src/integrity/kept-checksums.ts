import {
  type Capabilities,
  type JsonValue,
  type Metadata,
  type ObjectInfo,
  StorageError,
} from '@granary/storage-core/provider';

/** The name under which a checksum is kept where the store has no place of its own for one. */
const RECORD_NAME = 'granary.integrity';
/** Units: bytes that a record takes in metadata, its name and JSON around it included. */
const RECORD_BYTES = 128;
const VERSION = 1;

/** Where checksums are kept. */
export type KeptIn = 'info' | 'metadata' | 'nowhere';

/** Where a provider can keep checksums. */
export function keptIn({ checksum, attributes = 'none' }: Capabilities): KeptIn {
  if (checksum) return 'info';
  return attributes === 'none' ? 'nowhere' : 'metadata';
}

/** Whether some checksums are kept in metadata: all of them, or those of what went up in parts. */
export function keepsRecords(below: Capabilities): boolean {
  const place = keptIn(below);
  return place === 'metadata' || (place === 'info' && !below.uploadChecksum);
}

/** What a provider can do with checksums over it. */
export function integrityCapabilities(below: Capabilities, allowsUnchecked: boolean): Capabilities {
  const { maxMetadataBytes, maxPutBytes, maxBufferedPutBytes, ...others } = below;
  const { upload, uploads, uploadConditions, uploadChecksum, ...rest } = others;
  const place = keptIn(below);
  const records = keepsRecords(below);
  const sessions: Capabilities = {
    ...(upload !== undefined && { upload }),
    ...(uploads !== undefined && { uploads }),
    ...(uploadConditions !== undefined && { uploadConditions }),
    ...(place === 'info' && uploadChecksum !== undefined && { uploadChecksum }),
  };
  // What went up in parts is read again, and its checksum set then.
  const hasSessions = !records || below.setMetadata === true || allowsUnchecked;
  const recordBytes = records ? RECORD_BYTES : 0;
  return {
    ...rest,
    ...(place !== 'nowhere' && { checksum: true }),
    ...(hasSessions && sessions),
    // Larger content goes up in parts from here, with its checksum.
    ...(!(records && upload) && {
      ...(maxPutBytes !== undefined && { maxPutBytes }),
      ...(maxBufferedPutBytes !== undefined && { maxBufferedPutBytes }),
    }),
    ...(maxMetadataBytes !== undefined && { maxMetadataBytes: maxMetadataBytes - recordBytes }),
  };
}

/** Metadata with the record of a checksum. */
export function withRecord(metadata: Metadata | undefined, sha256: string): Metadata {
  return { ...metadata, [RECORD_NAME]: { v: VERSION, sha256 } };
}

/** The checksum in metadata, if there is one. */
export function recordedSum(metadata: Metadata | undefined): string | undefined {
  const record = recordOf(metadata);
  return record === undefined ? undefined : sumIn(record);
}

function recordOf(metadata: Metadata | undefined): JsonValue | undefined {
  return metadata?.[RECORD_NAME];
}

/** An info as it is above: the record taken out of the metadata and told as a checksum. */
export function upInfo<Info extends Partial<ObjectInfo>>(info: Info): Info {
  const record = recordOf(info.metadata);
  if (record === undefined) return info;
  const { [RECORD_NAME]: _record, ...own } = info.metadata ?? {};
  const sum = sumIn(record);
  const up = {
    ...info,
    metadata: own,
    ...(sum !== undefined && { checksums: { sha256: sum, ...info.checksums } }),
  };
  if (Object.keys(own).length === 0)
    delete (up as Partial<ObjectInfo> as { metadata?: Metadata }).metadata;
  return up;
}

/** Refuses metadata of users under the reserved name. */
export function checkMetadata(metadata: Metadata | null | undefined): void {
  if (metadata == null || recordOf(metadata) === undefined) return;
  throw new StorageError('invalid-argument', `the metadata name "${RECORD_NAME}" is reserved.`, {
    outcome: 'not-applied',
    hint: 'Use another name.',
  });
}

function sumIn(record: JsonValue): string | undefined {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return undefined;
  const { v, sha256 } = record as { readonly v?: JsonValue; readonly sha256?: JsonValue };
  return v === VERSION && typeof sha256 === 'string' ? sha256 : undefined;
}
