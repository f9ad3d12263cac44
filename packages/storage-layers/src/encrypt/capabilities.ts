import type { Capabilities, ListField } from '@granary/storage-core/provider';
import { plainLimit } from './layout.ts';
import type { EncryptSettings } from './options.ts';

/** What is below and stays: it is about keys, writes and places, and not about content. */
const KEPT = [
  ...(['rangeReads', 'readConditions', 'createIfAbsent', 'replaceIfMatch'] as const),
  ...(['deleteIfMatch', 'uploadConditions', 'setMetadataIfMatch', 'attributes'] as const),
  ...(['atomicAttributes', 'writeIds', 'nativeOptions', 'listAttributes', 'listOrder'] as const),
  ...(['delimiter', 'putMany', 'getMany', 'statMany', 'deleteMany', 'atomicBatch'] as const),
  ...(['setMetadata', 'upload', 'uploads', 'versions', 'deleteVersion'] as const),
  ...(['objectTags', 'watch'] as const),
  ...(['changes', 'usage', 'health', 'fileAndFolder', 'caseSensitive', 'durable'] as const),
  'maxKeyBytes',
] as const satisfies readonly (keyof Capabilities)[];

/** Fields that the record of attributes holds. */
const RECORDED: readonly ListField[] = ['contentType', 'metadata', 'tags', 'expiresAt'];
/** Of every 4 bytes of a record 3 are its own; a service may need some to hold it. Units: bytes. */
const RECORD_BYTES = 360;

/**
 * What an encrypted store can do. Checksums below are those of encrypted content, an index below knows
 * no attributes, and presigned requests would go past the encryption: none of them is passed on.
 */
export function encryptCapabilities(below: Capabilities, settings: EncryptSettings): Capabilities {
  const { isRequired, binding } = settings;
  const { maxMetadataBytes, maxPutBytes, maxObjectBytes, etagCovers, listFields } = below;
  const copies = isRequired ? binding.to === 'context' && below.copy : true;
  return {
    ...Object.fromEntries(
      KEPT.filter((name) => below[name] !== undefined).map((name) => [name, below[name]]),
    ),
    encrypt: true,
    ...(copies && { copy: true }),
    ...(isRequired && copies && below.move && { move: true }),
    ...(copies && (isRequired ? below.copyIfMatch : below.readConditions) && { copyIfMatch: true }),
    ...(copies &&
      (isRequired ? below.copyIfAbsent : below.createIfAbsent) && { copyIfAbsent: true }),
    // The same content is never encrypted to the same bytes.
    ...(etagCovers && { etagCovers: etagCovers === 'content' ? 'write' : etagCovers }),
    ...(listFields && { listFields: fieldsOver(listFields, isRequired) }),
    ...(maxMetadataBytes !== undefined && {
      maxMetadataBytes: Math.max(0, Math.floor(((maxMetadataBytes - 64) * 3) / 4) - RECORD_BYTES),
    }),
    ...(maxPutBytes !== undefined && { maxPutBytes: plainLimit(maxPutBytes) }),
    ...(maxObjectBytes !== undefined && { maxObjectBytes: plainLimit(maxObjectBytes) }),
  };
}

function fieldsOver(below: readonly ListField[], isRequired: boolean): readonly ListField[] {
  const known = below.includes('metadata') ? RECORDED : [];
  const kept = below.filter(
    (field) =>
      field !== 'checksums' && !RECORDED.includes(field) && (isRequired || field !== 'size'),
  );
  return [...kept, ...known];
}
