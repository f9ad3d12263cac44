export type { Companionship } from './fs-companion.ts';
export type { RecoveryEvent } from './fs-heal.ts';
export { type LocationOptions, type Locations, locations } from './fs-locations.ts';
export type { FileSystemOptions } from './fs-options.ts';
export type { SweepResult } from './fs-parts.ts';
export { createFileSystem, type FileSystemNative } from './fs-provider.ts';
export type { Durability } from './fs-store.ts';
export type { Stray } from './fs-strays.ts';
export type { FolderListener, FolderWatcher } from './fs-watch-folders.ts';
