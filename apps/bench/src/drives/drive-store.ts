import type { Subject } from '../harness/subject.ts';
import type { DriveSite } from './drive-site.ts';

/** What is known of an object without its content. */
export interface DriveObject {
  readonly size: number;
  /** The attribute that {@link NOTE} is stored under, where the subject keeps attributes. */
  readonly note?: string | undefined;
}

/** The operations whose calls are counted, each in the way that the subject's own manual shows. */
export interface DriveStore {
  /** Asks what the client wants to know before it can do anything. Default: nothing. */
  setUp?(): Promise<unknown>;
  put(key: string, bytes: Uint8Array): Promise<unknown>;
  get(key: string): Promise<{ readonly bytes: Uint8Array; readonly note?: string | undefined }>;
  range(key: string, offset: number, length: number): Promise<Uint8Array>;
  stat(key: string): Promise<DriveObject>;
  /** Returns the names of the objects in a folder, without the folder. */
  list(folder: string): Promise<readonly string[]>;
  /** Deletes objects of one folder, which has others too. */
  deleteMany(keys: readonly string[]): Promise<unknown>;
  close?(): Promise<void>;
}

/** What is counted. */
export type DriveOperation =
  | 'put'
  | 'replace'
  | 'get'
  | 'range'
  | 'stat'
  | 'list'
  | 'remove'
  | 'large';

/** A subject that keeps objects in an account. */
export interface DriveSubject extends Subject {
  /** It stores {@link NOTE} with each object and gives it back. Default: it stores bytes alone. */
  readonly keepsAttributes?: boolean;
  /** It stores none here, and looks for those that an object may have: no peer of its service does. Default: false. */
  readonly looksForAttributes?: boolean;
  /** Its objects are not those that everybody sees, so that it has to make what it lists. Default: false. */
  readonly hasOwnLayout?: boolean;
  /** What it cannot do. */
  readonly cannot?: readonly DriveOperation[];
  open(site: DriveSite): Promise<DriveStore>;
}

/** What subjects that keep attributes store with each object. */
export const NOTE = 'kept beside the bytes';
