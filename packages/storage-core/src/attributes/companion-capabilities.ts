import type { Capabilities } from '../contract/capabilities.ts';
import { DEFAULT_MAX_KEY_BYTES } from '../keys/check-key.ts';
import { ATTRIBUTE_NAMES } from './check-attributes.ts';
import { type CompanionLayout, companionBytes } from './companion-layout.ts';

const ATTRIBUTES: readonly string[] = ATTRIBUTE_NAMES;

/** What a provider can do with companions, after what it can do without. */
export function companionCapabilities(
  below: Capabilities,
  layout: CompanionLayout,
  keepsVersions = false,
): Capabilities {
  const { listFields, delimiter, maxKeyBytes = DEFAULT_MAX_KEY_BYTES, ...rest } = below;
  const { putMany: _1, getMany: _2, statMany: _3, atomicBatch: _4, ...single } = rest;
  const { listAttributes: _5, maxMetadataBytes: _6, setMetadataIfMatch: _7, ...current } = single;
  const { versions, deleteVersion, objectTags: _8, candidates: _9, ...kept } = current;
  return {
    ...kept,
    ...(keepsVersions && versions && { versions, ...(deleteVersion && { deleteVersion }) }),
    attributes: 'companion',
    atomicAttributes: false,
    setMetadata: true,
    ...(below.etagCovers === 'attributes' && { etagCovers: 'write' }),
    ...(delimiter !== undefined && { delimiter: 'slash' }),
    ...(listFields && { listFields: listFields.filter((field) => !ATTRIBUTES.includes(field)) }),
    maxKeyBytes: maxKeyBytes - companionBytes(layout),
  };
}
