import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import {
  type ContentRange,
  type ObjectAttributes,
  pickAttributes,
  StorageError,
} from '@granary/storage-core/provider';
import { type FsCalls, isMissing } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import { readAll } from './fs-transfer.ts';

export const SESSION_FILE = 'session.json';
export const CONTENT_FILE = 'content';
/** One line for each part that came: its offset and its length; no length for one that is coming again. */
export const PARTS_FILE = 'parts';
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

/** Bound to the key, so that a token of another key, or a changed one, is told apart from an ended one. */
export function tokenOf(id: string, key: string): string {
  const check = createHash('sha256').update(`${id}\n${key}`).digest('base64url');
  return `${id}.${check.slice(0, 22)}`;
}

/** The id in a token. Errors: `invalid-argument` when it is none of this key. */
export function uploadIdOf(token: string, key: string): string {
  const [id = ''] = token.split('.');
  if (/^[0-9a-f]{32}$/.test(id) && tokenOf(id, key) === token) return id;
  throw new StorageError('invalid-argument', 'the token is not one of an upload to this key.', {
    hint: 'Begin a new upload.',
  });
}

export async function writeSession(
  calls: FsCalls,
  folder: Folder,
  session: Session,
): Promise<void> {
  const { id, key, totalBytes, attributes, keepsChecksum, startedAt } = session;
  const checksum = keepsChecksum ? 'sha256' : undefined;
  const json = { granary: VERSION, id, key, totalBytes, attributes, checksum, startedAt };
  await append(calls, folder.at(SESSION_FILE), `${JSON.stringify(json, undefined, 2)}\n`, true);
}

/** The session of a folder; `undefined` when it has ended or was not begun to its end. */
export async function readSession(calls: FsCalls, folder: Folder): Promise<Session | undefined> {
  const text = await readText(calls, folder.at(SESSION_FILE));
  const [content] = await calls.lstatAll([folder.at(CONTENT_FILE)]);
  if (text === undefined || content === undefined) return undefined;
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const { granary, id, key, totalBytes, attributes, checksum, startedAt } = json;
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
    keepsChecksum: checksum === 'sha256',
    startedAt: new Date(String(startedAt)),
  };
}

/** Lengths of the parts that are held, by offset. A line that a crash cut off counts for nothing. */
export async function partsOf(calls: FsCalls, folder: Folder): Promise<Map<number, number>> {
  const parts = new Map<number, number>();
  const text = (await readText(calls, folder.at(PARTS_FILE))) ?? '';
  for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
    const [offset, length] = line.split(' ').map(Number);
    if (offset === undefined || !Number.isSafeInteger(offset) || line === '') continue;
    if (length === undefined || !Number.isSafeInteger(length)) parts.delete(offset);
    else parts.set(offset, length);
  }
  return parts;
}

/** What parts hold together, in order, joined where they touch. */
export function heldRanges(parts: ReadonlyMap<number, number>): ContentRange[] {
  const held: { offset: number; length: number }[] = [];
  for (const [offset, length] of [...parts].sort(([a], [b]) => a - b)) {
    const last = held.at(-1);
    if (last !== undefined && offset <= last.offset + last.length) {
      last.length = Math.max(last.length, offset + length - last.offset);
    } else {
      held.push({ offset, length });
    }
  }
  return held;
}

/** Adds a line; written at once, so that lines of several processes do not mix. */
export async function append(
  calls: FsCalls,
  path: string,
  line: string,
  isSynced: boolean,
): Promise<void> {
  const { O_WRONLY, O_CREAT, O_APPEND } = constants;
  const fd = await calls.open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600);
  try {
    const bytes = new TextEncoder().encode(line);
    await calls.write(fd, bytes, 0, bytes.byteLength, null);
    if (isSynced) await calls.fsync(fd);
  } finally {
    calls.closeSync(fd);
  }
}

async function readText(calls: FsCalls, path: string): Promise<string | undefined> {
  let fd: number;
  try {
    fd = await calls.open(path, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return new TextDecoder().decode(await readAll(calls, fd, 0, calls.fstatSync(fd).size));
  } finally {
    calls.closeSync(fd);
  }
}
