/** Operations that are present exactly when the capability of the same name is declared. */
export const OPTIONAL_OPERATIONS = [
  'putMany',
  'getMany',
  'statMany',
  'deleteMany',
  'copy',
  'move',
  'setMetadata',
  'upload',
  'presign',
  'publicUrl',
  'versions',
  'watch',
  'changes',
  'usage',
  'health',
] as const;

/** One of {@link OPTIONAL_OPERATIONS}. `uploads` comes with `upload`. */
export type OptionalOperation = (typeof OPTIONAL_OPERATIONS)[number];
