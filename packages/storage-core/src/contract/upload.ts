import type { ContentRange } from './body.ts';
import type { ObjectAttributes, ObjectInfo } from './object-info.ts';
import type { OperationOptions, ServiceOptions, WriteConditions } from './operations.ts';

/** The shape that parts of an upload must have. Units: bytes, except `maxParts`. */
export interface PartRules {
  /** Every part but the last has at least this many. */
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Every part but the last is a multiple of this. */
  readonly multipleOf: number;
  readonly maxParts: number;
  readonly order: 'any' | 'sequential';
  /** `upload` must be told `totalBytes`. */
  readonly needsTotal: boolean;
}

/** Options of `upload`. With `token`, what the session was begun with holds. */
export interface UploadOptions extends OperationOptions, ServiceOptions {
  /** Goes on with a session that another process began. */
  readonly token?: string;
  /** Units: bytes. */
  readonly totalBytes?: number;
  /** Fixed at the start of the session. */
  readonly attributes?: ObjectAttributes;
  /** Has the provider keep a SHA-256 of the whole in `info.checksums`. Needs `uploadChecksum`. */
  readonly checksum?: 'sha256';
  /** Random id of this write, kept with the object. Needs `writeIds`. */
  readonly writeId?: string;
  /** Needs the capability of the same name. With `token`, a session that was begun without it is refused. */
  readonly encrypt?: boolean;
  /** Needs the capability of the same name. */
  readonly compress?: boolean;
}

/** What an upload session holds. */
export interface UploadStatus {
  /** What the service holds, in order of offset, joined where they touch. */
  readonly held: readonly ContentRange[];
}

/** Options of an upload session's `complete`. */
export interface CompleteOptions extends OperationOptions, WriteConditions {
  /**
   * SHA-256 of the whole as `sha256-<base64>`. When the parts held make other content, nothing is
   * stored and the session stays; else it is kept in `info.checksums`. Needs `uploadChecksum`.
   */
  readonly checksum?: string;
}

/** An upload in parts that becomes an object, all at once, with `complete`. */
export interface UploadSession {
  readonly key: string;
  /** Opens the session again, also from another process. A secret: it is never logged. */
  readonly token: string;
  readonly part: PartRules;
  readonly expiresAt?: Date;
  status(options?: OperationOptions): Promise<UploadStatus>;
  /** Stores a part; writing the same offset again replaces it. */
  write(offset: number, bytes: Uint8Array, options?: OperationOptions): Promise<void>;
  /**
   * Makes the object. Errors: `conflict` with `restart` when the session is lost; `invalid-argument`
   * when bytes are missing; `corrupted` when they do not have the checksum given.
   */
  complete(options?: CompleteOptions): Promise<ObjectInfo>;
  /** Forgets the parts. Aborting twice is no error. */
  abort(options?: OperationOptions): Promise<void>;
}

/** A session that was begun and neither completed nor aborted. */
export interface PendingUpload {
  readonly key: string;
  readonly token: string;
  readonly startedAt: Date;
  readonly expiresAt?: Date;
}
