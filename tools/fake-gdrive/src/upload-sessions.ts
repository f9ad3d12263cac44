/** A resumable upload that was begun. */
export interface UploadSession {
  readonly id: string;
  /** Absent: it makes a new file. */
  readonly fileId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly contentType: string | undefined;
  readonly query: URLSearchParams;
  readonly expiresAt: number;
  /** What `X-Upload-Content-Length` said. Units: bytes. */
  readonly totalBytes: number | undefined;
  content: Buffer;
  /** What the end answered, which is answered again to who asks. */
  made?: string;
}

/** Uploads by id. */
export type UploadSessions = Map<string, UploadSession>;

/** "A resumable session URI expires after one week". https://developers.google.com/workspace/drive/api/guides/manage-uploads, read 2026-11-21 */
export const SESSION_MS: number = 7 * 24 * 60 * 60 * 1000;
