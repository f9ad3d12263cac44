export {
  attributeBeyondName,
  checkAttributes,
  patchAttributes,
  pickAttributes,
} from './attributes/check-attributes.ts';
export {
  type CompanionLayout,
  companionName,
  companionPattern,
  DEFAULT_COMPANION_LAYOUT,
  isCompanionName,
  readCompanion,
  type WriteCompanion,
  writeCompanion,
} from './attributes/companion-layout.ts';
export type { CompanionLook, CompanionOptions } from './attributes/companion-options.ts';
export {
  type CompanionRecord,
  type CompanionSide,
  isEmptySide,
  type NextCompanion,
  nextCompanion,
  type SelectedSide,
  selectAttributes,
  settledCompanion,
} from './attributes/companion-record.ts';
export { contentTypeOf } from './attributes/content-type.ts';
export {
  type MetadataLimits,
  PACKED_NAME,
  type PackedAttributes,
  packMetadata,
  unpackMetadata,
} from './attributes/pack-metadata.ts';
export { checkSha256, type Sha256Hasher, sha256, sha256Hasher } from './attributes/sha256.ts';
export { withCompanion } from './attributes/with-companion.ts';
export { checkRange, parseContentRange, rangeHeader, resolveRange } from './bodies/byte-range.ts';
export { type ChunkSource, sourceStream } from './bodies/chunk-source.ts';
export { type BodyMap, mapBody } from './bodies/map-body.ts';
export { mapStreamError } from './bodies/map-stream-error.ts';
export { readBody } from './bodies/read-body.ts';
export { type NodeReadable, readableChunks } from './bodies/readable-chunks.ts';
export { type BodySource, type StoredObjectOptions, storedObject } from './bodies/stored-object.ts';
export { type ToBodyOptions, toBody } from './bodies/to-body.ts';
export { checkEndpoint, isLoopback } from './config/check-endpoint.ts';
export { didYouMean, nearestName } from './config/nearest-name.ts';
export {
  type OptionField,
  type OptionFields,
  type OptionsOf,
  readOptions,
} from './config/read-options.ts';
export { isSecretName, REDACTED, redact } from './config/redact.ts';
export { formatStorageUrl, parseStorageUrl } from './config/storage-url.ts';
export type {
  Body,
  BodyInput,
  ByteRange,
  ContentRange,
  StoredObject,
} from './contract/body.ts';
export type {
  Capabilities,
  ListField,
  PresignOption,
} from './contract/capabilities.ts';
export type {
  AnyEngine,
  ClearOptions,
  ClearResult,
  EngineGetOptions,
  EngineOptions,
  EnginePutOptions,
  FileHandle,
  IStorageEngine,
  ManyOptions,
  ManyProgress,
  SaveEntry,
  StorageCapabilities,
  StorageEngine,
  StorageInfo,
  SweepOptions,
  TagsOfObjects,
  UpdateOptions,
  UsageOptions,
  Versions,
} from './contract/engine.ts';
export type {
  ChangeEvent,
  ChangesOptions,
  ChangesPage,
  WatchEvent,
  Watcher,
  WatchOptions,
} from './contract/events.ts';
export type {
  AccessToken,
  BackendDefinition,
  BackendFactory,
  CommonBackendOptions,
  ConfigSource,
  FactoryArguments,
  LayerDefinition,
  LayerFactory,
  ProviderArguments,
  RetryEvent,
  RetryOptions,
  StorageUrl,
  TokenSource,
} from './contract/factory.ts';
export type { JsonValue } from './contract/json.ts';
export type {
  CandidateQuery,
  Comparison,
  DateRange,
  Listing,
  ListingPage,
  SearchIndex,
  SearchPage,
  SortField,
  StorageItem,
  StorageQuery,
} from './contract/listing.ts';
export type {
  AttributesPatch,
  Checksums,
  Metadata,
  ObjectAttributes,
  ObjectInfo,
} from './contract/object-info.ts';
export type {
  BatchOptions,
  BatchResult,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  Health,
  ListEntry,
  ListItem,
  ListOptions,
  ListPage,
  ListPrefix,
  ObjectTags,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  PutEntry,
  PutOptions,
  ServiceOptions,
  SetMetadataOptions,
  StatOptions,
  Usage,
  WriteConditions,
} from './contract/operations.ts';
export type {
  StorageProvider,
  TagOperations,
  VersionOperations,
} from './contract/provider.ts';
export type {
  StandardIssue,
  StandardResult,
  StandardSchemaV1,
} from './contract/standard-schema.ts';
export type {
  CompleteOptions,
  PartRules,
  PendingUpload,
  UploadOptions,
  UploadSession,
  UploadStatus,
} from './contract/upload.ts';
export type {
  AnyItems,
  Codec,
  Format,
  ItemTypes,
  LoadedItem,
  LoadOptions,
  Progress,
  ProgressOptions,
  SaveOptions,
  StorageOptions,
  ValueOf,
} from './contract/values.ts';
export { ERROR_CODES, type ErrorCategory, type ErrorCode } from './errors/error-codes.ts';
export { isStorageError, StorageError, type StorageErrorFields } from './errors/storage-error.ts';
export {
  abortedError,
  toStorageError,
  unsupported,
} from './errors/to-storage-error.ts';
export {
  type EventChannel,
  type EventChannelOptions,
  eventChannel,
} from './events/event-channel.ts';
export { boundFetch, type FetchBounds } from './http/bound-fetch.ts';
export {
  type HttpService,
  type HttpServiceSettings,
  httpService,
  type RefusedAnswer,
  type ServiceRequest,
} from './http/http-service.ts';
export { isBrowser } from './http/is-browser.ts';
export { retryAfterMs } from './http/retry-after.ts';
export { type TokenInput, toTokenSource } from './http/token-source.ts';
export { checkKey, isKey } from './keys/check-key.ts';
export { compareKeys } from './keys/compare-keys.ts';
export { joinKey } from './keys/join-key.ts';
export { bestPattern, matchesPattern } from './keys/key-pattern.ts';
export { type SegmentCodec, type SegmentRules, segmentCodec } from './keys/segment-codec.ts';
export { sortKeys } from './keys/sort-keys.ts';
export { type CursorQuery, decodeCursor, encodeCursor } from './listing/cursor.ts';
export {
  type FlattenTreeSettings,
  flattenTree,
  type TreeEntry,
  type TreeItem,
} from './listing/flatten-tree.ts';
export {
  afterPrefix,
  isBeforeSeek,
  type ListOrderedSettings,
  listOrdered,
  type OrderedSource,
  type SeekFrom,
} from './listing/list-ordered.ts';
export { asOperation } from './provider/as-operation.ts';
export { defineBackend } from './provider/define-backend.ts';
export { defineLayer } from './provider/define-layer.ts';
export { guardProvider } from './provider/guard-provider.ts';
export { layersOf } from './provider/layers-of.ts';
export { measureHealth } from './provider/measure-health.ts';
export { meetReadConditions, meetWriteConditions } from './provider/meet-conditions.ts';
export { OPTIONAL_OPERATIONS, type OptionalOperation } from './provider/optional-operations.ts';
export { ownOperation } from './provider/own-operation.ts';
export { providerOf } from './provider/provider-of.ts';
export { raceAbort } from './provider/race-abort.ts';
export { signalOf } from './provider/signal-of.ts';
export { withPrefix } from './provider/with-prefix.ts';
export { withReadOnly } from './provider/with-read-only.ts';
export { withRetry } from './provider/with-retry.ts';
export { gridPartNumber, wholeBytes } from './upload/grid-parts.ts';
export { type PartGrid, partGrid } from './upload/part-grid.ts';
export { lostUpload, partSentBefore } from './upload/upload-errors.ts';
export { decodeToken, encodeToken } from './upload/upload-token.ts';
