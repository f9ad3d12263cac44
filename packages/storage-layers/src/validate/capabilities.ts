import type { Capabilities } from '@granary/storage-core/provider';

export interface ValidateScope {
  /** Whether there is any rule. */
  readonly hasRules: boolean;
  /** Whether a rule of any key looks into content. */
  readonly looksInside: boolean;
  readonly onRead: boolean;
}

/** What stays as it is below. A capability that is not named here, or below, is not passed on. */
const KEPT = [
  ...([
    'rangeReads',
    'readConditions',
    'createIfAbsent',
    'replaceIfMatch',
    'deleteIfMatch',
  ] as const),
  ...(['copyIfMatch', 'copyIfAbsent', 'uploadConditions', 'setMetadataIfMatch'] as const),
  ...([
    'attributes',
    'atomicAttributes',
    'maxMetadataBytes',
    'checksum',
    'uploadChecksum',
  ] as const),
  ...(['writeIds', 'nativeOptions', 'etagCovers', 'listFields', 'listAttributes'] as const),
  ...(['listOrder', 'delimiter', 'candidates', 'putMany', 'getMany', 'statMany'] as const),
  ...(['deleteMany', 'atomicBatch', 'copy', 'move', 'setMetadata', 'upload', 'uploads'] as const),
  ...(['presign', 'presignOptions', 'publicUrl', 'versions', 'deleteVersion'] as const),
  ...(['objectTags', 'watch'] as const),
  ...(['changes', 'usage', 'health', 'encrypt', 'compress', 'fileAndFolder'] as const),
  ...(['caseSensitive', 'durable', 'maxPutBytes', 'maxBufferedPutBytes'] as const),
  ...(['maxObjectBytes', 'maxKeyBytes'] as const),
] satisfies readonly (keyof Capabilities)[];

/** What a storage with rules can do, after what it can do without. */
export function validateCapabilities(
  below: Capabilities,
  { hasRules, looksInside, onRead }: ValidateScope,
): Capabilities {
  const kept = Object.fromEntries(
    KEPT.filter((name) => below[name] !== undefined).map((name) => [name, below[name]]),
  ) as Capabilities;
  const { copy, move, copyIfMatch, copyIfAbsent, rangeReads, ...rest } = kept;
  // A part of the content does not show whether all of it holds.
  const ranges = !(onRead && looksInside);
  // Only the very write that was checked may be copied; else the engine copies through here.
  const copies = !hasRules || copyIfMatch === true;
  return {
    ...rest,
    ...(ranges && rangeReads !== undefined && { rangeReads }),
    ...(copies && copy !== undefined && { copy }),
    ...(copies && move !== undefined && { move }),
    ...(copyIfMatch !== undefined && { copyIfMatch }),
    ...(copies && copyIfAbsent !== undefined && { copyIfAbsent }),
  };
}
