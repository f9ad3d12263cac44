import { type ObjectAttributes, pickAttributes } from '@granary/storage-core/provider';
import { isMissing } from './opfs-errors.ts';

export const SESSION_FILE = 'session.json';
const VERSION = 1;

/** What an upload is about, as it was begun. */
export interface Session {
  readonly id: string;
  readonly key: string;
  readonly totalBytes: number | undefined;
  readonly attributes: ObjectAttributes;
  /** Keeps a hash of the content. */
  readonly keepsChecksum: boolean;
  readonly startedAt: Date;
}

export function newSessionId(): string {
  return crypto.randomUUID();
}

export function sessionText(session: Session): string {
  return JSON.stringify({ granary: VERSION, ...session }, undefined, 2);
}

/** The session of a folder; `undefined` when it has ended or was not begun to its end. */
export async function readSession(folder: FileSystemDirectoryHandle): Promise<Session | undefined> {
  let text: string;
  try {
    text = await (await (await folder.getFileHandle(SESSION_FILE)).getFile()).text();
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { granary, id, key, totalBytes, attributes, keepsChecksum, startedAt } = json;
  if (granary !== VERSION || typeof id !== 'string' || typeof key !== 'string') return undefined;
  const { expiresAt, ...others } = (attributes ?? {}) as Record<string, unknown>;
  return {
    id,
    key,
    totalBytes: typeof totalBytes === 'number' ? totalBytes : undefined,
    attributes: pickAttributes({
      ...others,
      ...(expiresAt !== undefined && { expiresAt: new Date(String(expiresAt)) }),
    }),
    keepsChecksum: keepsChecksum === true,
    startedAt: new Date(String(startedAt)),
  };
}
