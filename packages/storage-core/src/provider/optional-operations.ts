/** Operations that are present exactly when the capability of the same name is declared. */
export const OPTIONAL_OPERATIONS = [
  'candidates',
  'putMany',
  'getMany',
  'statMany',
  'deleteMany',
  'copy',
  'move',
  'setMetadata',
  'upload',
  'uploads',
  'presign',
  'publicUrl',
  'versions',
  'objectTags',
  'watch',
  'changes',
  'usage',
  'health',
] as const;

/** One of {@link OPTIONAL_OPERATIONS}. */
export type OptionalOperation = (typeof OPTIONAL_OPERATIONS)[number];
