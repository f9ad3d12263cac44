import type { Capabilities } from '@granary/storage-core/provider';
import { HEADER_BYTES } from './header.ts';

/** What stays as it is below. A capability that is not named here is not passed on. */
const KEPT = [
  'readConditions',
  'createIfAbsent',
  'replaceIfMatch',
  'deleteIfMatch',
  'copyIfMatch',
  'copyIfAbsent',
  'setMetadataIfMatch',
  'attributes',
  'atomicAttributes',
  'maxMetadataBytes',
  'writeIds',
  'nativeOptions',
  'etagCovers',
  'listAttributes',
  'listOrder',
  'delimiter',
  'putMany',
  'getMany',
  'deleteMany',
  'atomicBatch',
  'copy',
  'move',
  'setMetadata',
  'versions',
  'deleteVersion',
  'objectTags',
  'watch',
  'changes',
  'usage',
  'health',
  'encrypt',
  'fileAndFolder',
  'caseSensitive',
  'durable',
  'maxKeyBytes',
] as const satisfies readonly (keyof Capabilities)[];

/** What goes with upload sessions, whose content is stored as it is. */
const SESSIONS = [
  'upload',
  'uploads',
  'uploadConditions',
  'uploadChecksum',
] as const satisfies readonly (keyof Capabilities)[];

/** What a provider can do with compression over it. */
export function compressCapabilities(below: Capabilities, wrapAll: boolean): Capabilities {
  const names: readonly (keyof Capabilities)[] = wrapAll ? KEPT : [...KEPT, ...SESSIONS];
  const { listFields, maxObjectBytes, maxPutBytes } = below;
  return {
    ...Object.fromEntries(
      names.filter((name) => below[name] !== undefined).map((name) => [name, below[name]]),
    ),
    compress: true,
    // A listing tells what is stored, not how large the content is.
    ...(listFields && {
      listFields: listFields.filter((field) => field !== 'size' && field !== 'checksums'),
    }),
    ...(maxObjectBytes !== undefined && { maxObjectBytes: maxObjectBytes - HEADER_BYTES }),
    // Where there are sessions, larger content goes up in parts from here.
    ...(maxPutBytes !== undefined && !below.upload && { maxPutBytes: maxPutBytes - HEADER_BYTES }),
  };
}
