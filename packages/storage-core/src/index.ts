export type { Body, BodyInput, ByteRange, ContentRange, StoredObject } from './contract/body.ts';
export type { Capabilities, ListField, PresignOption } from './contract/capabilities.ts';
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
  BackendFactory,
  CommonBackendOptions,
  ConfigSource,
  LayerFactory,
  RetryEvent,
  RetryOptions,
  StorageUrl,
  TokenSource,
} from './contract/factory.ts';
export type { JsonValue } from './contract/json.ts';
export type {
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
  BatchResult,
  CopyOptions,
  DeleteOptions,
  DeleteResult,
  GetOptions,
  Health,
  ListEntry,
  ListItem,
  ListOptions,
  ListPrefix,
  ObjectTags,
  OperationOptions,
  PresignedRequest,
  PresignOptions,
  ServiceOptions,
  SetMetadataOptions,
  StatOptions,
  Usage,
  WriteConditions,
} from './contract/operations.ts';
export type { StorageProvider } from './contract/provider.ts';
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
export { createId } from './engine/create-id.ts';
export { createStorage } from './engine/create-storage.ts';
export {
  type OpenableBackend,
  type OpenStorageOptions,
  openStorage,
} from './engine/open-storage.ts';
export { richJson } from './engine/values/rich-json.ts';
export { ERROR_CODES, type ErrorCategory, type ErrorCode } from './errors/error-codes.ts';
export { isStorageError, StorageError, type StorageErrorFields } from './errors/storage-error.ts';
export { type ResponseOptions, toResponse } from './http/to-response.ts';
