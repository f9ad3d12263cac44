import { abortScenarios } from './areas/abort.ts';
import { batchScenarios } from './areas/batch.ts';
import { bodyScenarios } from './areas/bodies.ts';
import { candidateScenarios } from './areas/candidates.ts';
import { concurrencyScenarios } from './areas/concurrency.ts';
import { conditionScenarios } from './areas/conditions.ts';
import { copyScenarios } from './areas/copy.ts';
import { deleteScenarios } from './areas/delete.ts';
import { errorScenarios } from './areas/errors.ts';
import { etagScenarios } from './areas/etags.ts';
import { getScenarios } from './areas/get.ts';
import { keyScenarios } from './areas/keys.ts';
import { layerScenarios } from './areas/layer.ts';
import { listScenarios } from './areas/list.ts';
import { listEntryScenarios } from './areas/list-entries.ts';
import { listGroupScenarios } from './areas/list-groups.ts';
import { listPageScenarios } from './areas/list-pages.ts';
import { metadataScenarios } from './areas/metadata.ts';
import { objectTagScenarios } from './areas/object-tags.ts';
import { openScenarios } from './areas/open.ts';
import { presignScenarios } from './areas/presign.ts';
import { putScenarios } from './areas/put.ts';
import { putChecksumScenarios } from './areas/put-checksum.ts';
import { rangeScenarios } from './areas/range.ts';
import { readConditionScenarios } from './areas/read-conditions.ts';
import { setMetadataScenarios } from './areas/set-metadata.ts';
import { unsupportedScenarios } from './areas/unsupported.ts';
import { uploadScenarios } from './areas/upload.ts';
import { uploadChecksumScenarios } from './areas/upload-checksum.ts';
import { uploadTokenScenarios } from './areas/upload-tokens.ts';
import { versionScenarios } from './areas/versions.ts';
import { changeScenarios, watchScenarios } from './areas/watch.ts';
import { expiryScenarios } from './engine/expiry.ts';
import { itemScenarios } from './engine/items.ts';
import { largeScenarios } from './engine/large.ts';
import { largeTroubleScenarios } from './engine/large-troubles.ts';
import { manyScenarios } from './engine/many.ts';
import { partReadScenarios } from './engine/part-reads.ts';
import { searchScenarios } from './engine/search.ts';
import { updateScenarios } from './engine/update.ts';
import { valueScenarios } from './engine/values.ts';
import { viewScenarios } from './engine/views.ts';
import type { Scenario } from './scenario.ts';

/** What every provider and layer keeps. */
export const providerScenarios: readonly Scenario[] = [
  ...openScenarios,
  ...unsupportedScenarios,
  ...keyScenarios,
  ...getScenarios,
  ...rangeScenarios,
  ...putScenarios,
  ...putChecksumScenarios,
  ...bodyScenarios,
  ...conditionScenarios,
  ...readConditionScenarios,
  ...etagScenarios,
  ...deleteScenarios,
  ...listScenarios,
  ...listEntryScenarios,
  ...listPageScenarios,
  ...listGroupScenarios,
  ...candidateScenarios,
  ...metadataScenarios,
  ...setMetadataScenarios,
  ...copyScenarios,
  ...batchScenarios,
  ...uploadScenarios,
  ...uploadTokenScenarios,
  ...uploadChecksumScenarios,
  ...presignScenarios,
  ...versionScenarios,
  ...objectTagScenarios,
  ...watchScenarios,
  ...changeScenarios,
  ...errorScenarios,
  ...abortScenarios,
  ...concurrencyScenarios,
  ...layerScenarios,
];

/** What `createStorage` adds, tried over the provider. */
export const engineScenarios: readonly Scenario[] = [
  ...itemScenarios,
  ...partReadScenarios,
  ...valueScenarios,
  ...manyScenarios,
  ...largeScenarios,
  ...largeTroubleScenarios,
  ...updateScenarios,
  ...searchScenarios,
  ...expiryScenarios,
  ...viewScenarios,
];

/** The whole kit. */
export const allScenarios: readonly Scenario[] = [...providerScenarios, ...engineScenarios];
